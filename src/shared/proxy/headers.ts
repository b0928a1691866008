import type { IncomingHttpHeaders } from 'node:http';

/** Request headers that reach the upstream, when the caller sends them. Everything else stays here. */
const forwarded = [
  'accept',
  'accept-language',
  'client-request-id',
  'consistencylevel',
  'content-type',
  'if-match',
  'if-none-match',
  'prefer',
  'range',
  'sdkversion',
  'x-peoplequery-querysources',
] as const;

/** Response headers that reach the browser. Never cookies, redirects, challenges, policies or framing of the upstream. */
const returned = [
  'accept-ranges',
  'client-request-id',
  'content-language',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'odata-version',
  'preference-applied',
  'request-id',
  'retry-after',
] as const;

const MAX_HEADER_BYTES = 2048;

/**
 * The headers of the upstream request. The allow-list comes first and our own are added after it, so that no
 * `Connection` list of the caller can remove one (RFC 9110 7.6.1).
 * @returns undefined when a value has a character that could end the header (CR, LF, NUL) or is too long
 */
export function toUpstreamHeaders(
  header: (name: string) => string | undefined,
  accessToken: string,
): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (const name of forwarded) {
    const value = header(name);
    if (value === undefined) continue;
    if (value.length > MAX_HEADER_BYTES || !/^[\t\x20-\x7e]*$/.test(value)) return undefined;
    headers[name] = value;
  }
  // No compression: nothing to unpack here, and no length that could lie (DO-4).
  headers['accept-encoding'] = 'identity';
  headers['authorization'] = `Bearer ${accessToken}`;
  return headers;
}

/** What the browser gets of the upstream's headers. */
export function toBrowserHeaders(upstream: IncomingHttpHeaders): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of returned) {
    const value = upstream[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return headers;
}
