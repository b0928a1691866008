import { type BffError, toGraphError, toProblemDocument } from '../errors.ts';
import type { BffResponse } from './response.ts';

/**
 * How an endpoint reports errors.
 * - `problem`: a problem document (RFC 9457).
 * - `graph`: a problem document that Microsoft Graph's clients can read too.
 * - `html`: a page if the request's `Accept` prefers HTML, else a problem document. A navigation that needs a session
 *   and has none is redirected to the login route.
 */
export type ErrorFormat = 'problem' | 'graph' | 'html';

/** @param format `graph` adds the member `error`, which Microsoft Graph's clients read. `html` is the same as `problem` */
export function problemResponse(
  error: BffError,
  invocationId: string,
  format: ErrorFormat = 'problem',
): BffResponse {
  const document = { ...toProblemDocument(error), instance: `urn:uuid:${invocationId}` };
  const graphError = {
    ...toGraphError(error),
    innerError: {
      'request-id': invocationId,
      ...(error.clientRequestId === undefined ? {} : { 'client-request-id': error.clientRequestId }),
    },
  };
  return {
    status: error.status,
    headers: { 'content-type': 'application/problem+json; charset=utf-8', ...problemHeaders(error) },
    body: JSON.stringify(format === 'graph' ? { ...document, error: graphError } : document),
  };
}

export function problemHeaders({
  retryAfterSeconds,
  clientRequestId,
  allow,
  clearsCookies,
}: BffError): Record<string, string> {
  return {
    ...(clientRequestId === undefined ? {} : { 'client-request-id': clientRequestId }),
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    ...(allow === undefined ? {} : { allow: allow.join(', ') }),
    ...(clearsCookies ? { 'clear-site-data': '"cookies"' } : {}),
  };
}
