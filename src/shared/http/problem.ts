import { type BffError, problemHeader, toGraphError, toProblemDocument } from '../errors.ts';
import type { BffResponse } from './response.ts';

/**
 * How an endpoint reports errors.
 * - `problem`: a problem document (RFC 9457).
 * - `graph`: JSON that Microsoft Graph's clients can read, with the members of the problem document.
 * - `html`: a page if the request's `Accept` prefers HTML, else a problem document. A navigation that needs a session
 *   and has none is redirected to the login route.
 */
export type ErrorFormat = 'problem' | 'graph' | 'html';

const problemType = 'application/problem+json';

export interface ProblemOptions {
  /**
   * `graph` adds the member `error`, and sends plain JSON, because Microsoft's Graph client reads no problem document
   * (measured). `html` is the same as `problem`. Default: `problem`.
   */
  readonly format?: ErrorFormat | undefined;
  /** The request's `Accept`. If it names problem documents, the type is theirs in every format. */
  readonly accept?: string | undefined;
}

export function problemResponse(
  error: BffError,
  invocationId: string,
  { format = 'problem', accept = '' }: ProblemOptions = {},
): BffResponse {
  const document = { ...toProblemDocument(error), instance: `urn:uuid:${invocationId}` };
  const isGraph = format === 'graph';
  const type = isGraph && !namesProblems(accept) ? 'application/json' : problemType;
  return {
    status: error.status,
    headers: {
      'content-type': `${type}; charset=utf-8`,
      [problemHeader]: error.code,
      ...problemHeaders(error),
    },
    body: JSON.stringify(isGraph ? { ...document, error: toGraphError(error, invocationId) } : document),
  };
}

function namesProblems(accept: string): boolean {
  return accept.split(',').some((range) => range.split(';')[0]?.trim().toLowerCase() === problemType);
}

export function problemHeaders({
  code,
  retryAfterSeconds,
  clientRequestId,
  allow,
  clearsCookies,
}: BffError): Record<string, string> {
  return {
    ...(clientRequestId === undefined ? {} : { 'client-request-id': clientRequestId }),
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    ...(allow === undefined ? {} : { allow: allow.join(', ') }),
    // With this header, libraries send the body again without compression (RFC 9110, 15.5.16).
    ...(code === 'content_encoding_not_allowed' ? { 'accept-encoding': 'identity' } : {}),
    ...(clearsCookies ? { 'clear-site-data': '"cookies"' } : {}),
  };
}
