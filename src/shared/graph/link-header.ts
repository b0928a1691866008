import { BffError } from '../errors.ts';
import type { RequestedCall } from '../policy/match.ts';
import { linkHeader } from '../policy/request-headers.ts';
import type { ApiRequest } from '../proxy/forward.ts';
import { MAX_PAGE_LINK_LENGTH } from './page-links.ts';

/**
 * The call that a link in the header {@link linkHeader} asks for. The link replaces the query of the request, and its path
 * must be the request's. Undefined without this header.
 * @throws {BffError} request_invalid
 */
export function readLinkHeader(request: ApiRequest): RequestedCall | undefined {
  const { method, routeParameter, header } = request;
  const link = header(linkHeader);
  if (link === undefined) return undefined;
  if (method !== 'GET') throw refused(`the header ${linkHeader} is only for GET`);
  if (request.query !== '') throw refused(`a request with ${linkHeader} has no query of its own`);
  if (link.length > MAX_PAGE_LINK_LENGTH) throw refused(`the header ${linkHeader} is too long`);
  const questionMark = link.indexOf('?');
  const [path, query] =
    questionMark === -1 ? [link, ''] : [link.slice(0, questionMark), link.slice(questionMark + 1)];
  // The policy compares the path with `routeParameter`, decoded, because the host may encode a path anew.
  return { method, path, routeParameter, query };
}

/** The request without the header, which has been read. */
export function withoutLinkHeader(request: ApiRequest): ApiRequest {
  return { ...request, header: (name) => (name === linkHeader ? undefined : request.header(name)) };
}

function refused(reason: string): BffError {
  return new BffError('request_invalid', { detail: `Refused: ${reason}.`, rules: ['header'] });
}
