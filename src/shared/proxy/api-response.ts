import { parseRetryAfterSeconds } from '../network/retry-after.ts';
import { mayBeJson, readMediaType } from '../policy/media-type.ts';
import { clientRequestId } from './correlation.ts';
import { toBrowserHeaders } from './headers.ts';
import { upstreamProblem } from './send.ts';
import type { Exchange } from './send-with-token.ts';

/** The response for the browser: status, headers of the allow-list, and body. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Sent to the browser if a response with status 429 or 503 has no usable `Retry-After`. */
const DEFAULT_RETRY_AFTER_SECONDS = 5;

/**
 * Filters a response of an API for the browser.
 * @throws {BffError} upstream_answer_refused
 */
export function toApiResponse(
  { request, response }: Pick<Exchange, 'request' | 'response'>,
  now: Date,
): ApiResponse {
  const { status, headers, body } = response;
  const refuse = (detail: string) => upstreamProblem(request, 'upstream_answer_refused', detail);
  if (status < 200 || status > 599) throw refuse('The response has a status that cannot be passed on.');
  // The redirect is not followed with the token, and the browser must not see its target.
  if (status >= 300 && status < 400 && status !== 304) throw refuse('The response is a redirect.');
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw refuse('The response is compressed although the request did not allow it.');
  const browserHeaders = toBrowserHeaders(headers);
  // This type is reserved for this service's problems, so that the browser can tell them from the API's.
  if (readMediaType(browserHeaders['content-type'] ?? '') === 'application/problem+json') {
    browserHeaders['content-type'] = 'application/json';
  }
  // Links in Graph's JSON are found by property name (`graph/links.ts`). In a part of a document, the name or the link may
  // be cut off. The same rule applies to every API.
  if (status === 206 && mayBeJson(browserHeaders['content-type']))
    throw refuse('The response is a part of a JSON document, which cannot be checked.');
  const sentId = request.headers[clientRequestId];
  if (sentId !== undefined) browserHeaders[clientRequestId] = sentId;
  const retryAfterSeconds = toRetryAfterSeconds(status, browserHeaders['retry-after'], now);
  if (retryAfterSeconds === undefined) delete browserHeaders['retry-after'];
  else browserHeaders['retry-after'] = String(retryAfterSeconds);
  const isEmpty = status === 204 || status === 205 || status === 304 || body.byteLength === 0;
  // Graph's own JavaScript client fails on an empty response with a JSON type (measured with sendMail).
  if (isEmpty && request.method !== 'HEAD') delete browserHeaders['content-type'];
  return { status, headers: browserHeaders, body: isEmpty ? new Uint8Array() : body };
}

/**
 * The `Retry-After` for the browser, always in whole seconds, so that a script needs to parse only a number. Graph may write
 * decimals or a date, or omit the header.
 */
export function toRetryAfterSeconds(
  status: number,
  header: string | undefined,
  now: Date,
): number | undefined {
  const seconds = parseRetryAfterSeconds(header, now);
  return status === 429 || status === 503 ? Math.max(seconds ?? DEFAULT_RETRY_AFTER_SECONDS, 1) : seconds;
}
