import { BffError } from '../errors.ts';
import type { Session } from '../session/session.ts';
import { parseQuery } from './query.ts';
import type { BffRequest } from './request.ts';

const HEADER = 'x-session-tag';
/** The tag in a URL, for links, images and downloads, to which a page cannot add a header. */
const OPTION = 'session_tag';

/**
 * Returns the tags of a request, and the request without the tag in its query. An API, a policy or a handler must not
 * see the tag. All other bytes of the query are unchanged.
 */
export function extractSessionTags(request: BffRequest): {
  readonly request: BffRequest;
  readonly tags: readonly string[];
} {
  const header = request.header(HEADER);
  const tags = header === undefined ? [] : [header];
  const rest: string[] = [];
  for (const pair of request.rawQuery.split('&')) {
    // A name can be encoded in many ways. A name that cannot be decoded is not a tag. The whole query is refused later.
    const reading = parseQuery(pair);
    const [option] = reading.kind === 'query' ? reading.query : [];
    if (option?.[0].toLowerCase() === OPTION) tags.push(option[1]);
    else rest.push(pair);
  }
  const rawQuery = rest.join('&');
  if (rawQuery === request.rawQuery) return { request, tags };
  return { request: { ...request, rawQuery, query: parseQuery(rawQuery) }, tags };
}

/**
 * Refuses a call that a page made for another session than the browser has now, because another tab has signed in
 * since. A call without a tag passes.
 * @throws {BffError} session_changed
 */
export function requireTaggedSession(tags: readonly string[], session: Session): void {
  if (tags.every((tag) => tag === session.facts.sessionChainId)) return;
  throw new BffError('session_changed', {
    detail: 'This page was made for another session than the one in this browser now. Nothing was done.',
  });
}
