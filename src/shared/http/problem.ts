import { type BffError, toGraphError, toProblemDocument } from '../errors.ts';
import type { BffResponse } from './response.ts';

/** @param likeGraph also in the shape that Graph's clients read: `error.code`, `error.message`, the request id. */
export function problemResponse(error: BffError, invocationId: string, likeGraph: boolean): BffResponse {
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
    body: JSON.stringify(likeGraph ? { ...document, error: graphError } : document),
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
