import { type BffError, problems } from '../errors.ts';
import type { BffResponse } from './response.ts';

/** The problem document of an error (RFC 9457). `type` names the page in docs/problems/. */
function problemDocument(error: BffError, invocationId: string): Record<string, unknown> {
  return {
    type: `urn:entra-bff:problem:${error.code}`,
    title: problems[error.code].title,
    status: error.status,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    code: error.code,
    instance: `urn:uuid:${invocationId}`,
    ...(error.clientRequestId === undefined ? {} : { client_request_id: error.clientRequestId }),
    ...error.extensions,
  };
}

/** @param likeGraph also in the shape that Graph's clients read: `error.code`, `error.message`, the request id. */
export function problemResponse(error: BffError, invocationId: string, likeGraph: boolean): BffResponse {
  const document = problemDocument(error, invocationId);
  const graphError = {
    code: error.code,
    message: error.detail ?? problems[error.code].title,
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
}: BffError): Record<string, string> {
  return {
    ...(clientRequestId === undefined ? {} : { 'client-request-id': clientRequestId }),
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    ...(allow === undefined ? {} : { allow: allow.join(', ') }),
  };
}
