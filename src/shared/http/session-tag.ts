import { BffError } from '../errors.ts';
import type { Session } from '../session/session.ts';
import { parseQuery } from './query.ts';
import type { BffRequest } from './request.ts';

const HEADER = 'x-session-tag';
/** The tag's query parameter, for links, images and downloads: a page cannot add a header to them. */
const PARAMETER = 'session_tag';

/**
 * Returns the session tags of a request, and the request without the tag in its query, so that handlers, policies and
 * APIs do not treat the tag as one of their parameters. The rest of the query is unchanged, byte by byte.
 */
export function extractSessionTags(request: BffRequest): {
  readonly request: BffRequest;
  readonly sessionTags: readonly string[];
} {
  const header = request.header(HEADER);
  const tags = header === undefined ? [] : [header];
  if (request.rawQuery === '') return { request, sessionTags: tags };
  const rest: string[] = [];
  for (const pair of request.rawQuery.split('&')) {
    // Decoded, because a name can be encoded in many ways. A pair that cannot be decoded stays, and `requireQuery` refuses
    // the query later.
    const parsed = parseQuery(pair);
    const [parameter] = parsed.kind === 'query' ? parsed.query : [];
    if (parameter?.[0].toLowerCase() === PARAMETER) tags.push(parameter[1]);
    else rest.push(pair);
  }
  const rawQuery = rest.join('&');
  if (rawQuery === request.rawQuery) return { request, sessionTags: tags };
  return { request: { ...request, rawQuery, query: parseQuery(rawQuery) }, sessionTags: tags };
}

/**
 * Refuses a call from a page whose session is no longer the browser's session, for example because another user has signed
 * in in another tab. A call without a tag passes.
 * @throws {BffError} session_changed
 */
export function requireTaggedSession(tags: readonly string[], session: Session): void {
  if (tags.every((tag) => tag === session.facts.sessionChainId)) return;
  throw new BffError('session_changed', {
    detail: "This page belongs to another session than the browser's current one. Nothing was done.",
  });
}
