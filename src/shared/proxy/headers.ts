import type { IncomingHttpHeaders } from 'node:http';
import { BffError } from '../errors.ts';
import { clientRequestId, isRequestId } from './correlation.ts';
import { toAttachment } from './file-name.ts';

/** Request headers that are forwarded to the API if the caller sends them. All others are dropped. */
const forwarded = [
  'accept',
  'accept-language',
  'client-request-id',
  'consistencylevel',
  'content-type',
  'if-match',
  'if-none-match',
  // Without it, a resumed download could mix two versions of a file.
  'if-range',
  'prefer',
  'range',
  'sdkversion',
] as const;

/** Response headers that the browser gets: no cookies, redirects, `WWW-Authenticate`, security policies or framing. */
const returned = [
  'accept-ranges',
  'client-request-id',
  'content-language',
  'content-range',
  'content-type',
  'deprecation',
  'etag',
  'last-modified',
  'odata-version',
  'preference-applied',
  'request-id',
  'retry-after',
  'sunset',
] as const;

const MAX_HEADER_BYTES = 2048;

const isPlain = (value: string) => value.length <= MAX_HEADER_BYTES && /^[\t\x20-\x7e]*$/.test(value);

/**
 * The headers of a call that may be forwarded, by lower-case name.
 * @param header returns a header of the caller by its lower-case name
 * @param listed further headers that the call's rule lists
 * @returns undefined if a value is too long or has a character other than printable ASCII and tab
 */
export function toForwardedHeaders(
  header: (name: string) => string | undefined,
  listed: readonly string[] = [],
): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  const names = listed.length === 0 ? forwarded : [...forwarded, ...listed];
  for (const name of names) {
    const value = header(name);
    if (value === undefined || value === '') continue;
    if (!isPlain(value)) return undefined;
    // The id must identify the response. Two callers could choose the same short id, and Graph would change it.
    if (name === clientRequestId && !isRequestId(value)) continue;
    headers[name] = value;
  }
  return headers;
}

/**
 * The headers of the request to the API, except for the access token. The allow-list drops the caller's `Connection` header,
 * which could otherwise make a server on the way remove one of this service's own headers (RFC 9110, 7.6.1).
 * @param callId the request id to send if the caller sent none, or one that is not a GUID
 * @param listed further headers that the call's rule lists
 * @throws {BffError} request_invalid for a value that is too long or has a character other than printable ASCII and tab
 */
export function toRequestHeaders(
  header: (name: string) => string | undefined,
  callId: string,
  listed: readonly string[] = [],
): Record<string, string> {
  const headers = toForwardedHeaders(header, listed);
  if (headers === undefined)
    throw new BffError('request_invalid', {
      detail: 'A header is too long or has a character that is not allowed.',
    });
  return {
    [clientRequestId]: callId,
    ...headers,
    // Without compression, nothing has to be unpacked here, and the received length is the real one.
    'accept-encoding': 'identity',
  };
}

/** The response headers that the browser gets. Of `Content-Disposition`, only the file name is the API's. */
export function toBrowserHeaders(upstream: IncomingHttpHeaders): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of returned) {
    const value = upstream[name];
    // The host may not be able to send a value with other characters.
    if (typeof value === 'string' && isPlain(value)) headers[name] = value;
  }
  const attachment = toAttachment(upstream['content-disposition']);
  if (attachment !== undefined) headers['content-disposition'] = attachment;
  return headers;
}
