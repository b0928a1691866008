import type { IncomingHttpHeaders } from 'node:http';
import { BffError } from '../errors.ts';
import type { Correlation } from '../network/http-request.ts';
import { type EchoesRequestId, whenMissing } from './request-id-echo.ts';

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

/** What a call is known by on both sides of the upstream: in its log, in ours, and to who made the call. */
export const clientRequestId = 'client-request-id';

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Only a unique id tells answers apart, and Graph returns only an id in this form as it was sent. */
export const isRequestId = (value: string | undefined) => value !== undefined && uuid.test(value);

/** The header that the answer to these headers must repeat. */
export function correlationOf(
  headers: Readonly<Record<string, string>>,
  echoesRequestId: EchoesRequestId,
): Correlation | undefined {
  const value = headers[clientRequestId];
  return value === undefined
    ? undefined
    : { name: clientRequestId, value, whenMissing: whenMissing[echoesRequestId] };
}

const MAX_HEADER_BYTES = 2048;

const isPlain = (value: string) => value.length <= MAX_HEADER_BYTES && /^[\t\x20-\x7e]*$/.test(value);

/**
 * Of a call's headers those that may reach the upstream, by their lower-case names.
 * @param named further headers that the call's rule names
 * @returns undefined when a value has a character that could end the header (CR, LF, NUL) or is too long
 */
export function toForwardedHeaders(
  header: (name: string) => string | undefined,
  named: readonly string[] = [],
): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (const name of [...forwarded, ...named]) {
    const value = header(name);
    if (value === undefined || value === '') continue;
    if (!isPlain(value)) return undefined;
    // The id identifies the answer. It could not if two callers chose the same id, or if an upstream changed it.
    if (name === clientRequestId && !isRequestId(value)) continue;
    headers[name] = value;
  }
  return headers;
}

/**
 * Checks the headers for a caller that must know the result before the call is made.
 * @throws {BffError} request_invalid
 */
export function requirePlainHeaders(
  header: (name: string) => string | undefined,
  named?: readonly string[],
): void {
  if (toForwardedHeaders(header, named) === undefined)
    throw new BffError('request_invalid', { detail: 'A header has a value it must not.' });
}

/**
 * The headers of the upstream request, but for the access token. The allow-list comes first and our own are added after
 * it, so that no `Connection` list of the caller can remove one (RFC 9110 7.6.1).
 * @param callId the client request id of a caller that sent none, or one that is no UUID
 * @param named further headers that the call's rule names
 * @returns undefined when a value has a character that could end the header (CR, LF, NUL) or is too long
 */
export function toUpstreamHeaders(
  header: (name: string) => string | undefined,
  callId: string,
  named: readonly string[] = [],
): Record<string, string> | undefined {
  const forwardedHeaders = toForwardedHeaders(header, named);
  if (forwardedHeaders === undefined) return undefined;
  const headers: Record<string, string> = { [clientRequestId]: callId, ...forwardedHeaders };
  // No compression: nothing to unpack here, and no length that could lie.
  headers['accept-encoding'] = 'identity';
  return headers;
}

/** What the browser gets of the upstream's headers. */
export function toBrowserHeaders(upstream: IncomingHttpHeaders): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of returned) {
    const value = upstream[name];
    // Other characters would reach the host, which need not be able to send them.
    if (typeof value === 'string' && isPlain(value)) headers[name] = value;
  }
  return headers;
}
