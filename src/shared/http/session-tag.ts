import { BffError } from '../errors.ts';
import type { Session } from '../session/session-store.ts';
import { parseQuery } from './query.ts';
import type { BffRequest } from './request.ts';

const HEADER = 'x-session-tag';
/** The same in an address, where a page can add no header: a link, an image, a download. */
const OPTION = 'session_tag';

/**
 * The tags that a request came with, and the request without the one in its address: an upstream, a policy or a function
 * must not see it. All other bytes of the query stay.
 */
export function takeSessionTags(request: BffRequest): {
  readonly request: BffRequest;
  readonly tags: readonly string[];
} {
  const header = request.header(HEADER);
  const tags = header === undefined ? [] : [header];
  const rest: string[] = [];
  for (const pair of request.rawQuery.split('&')) {
    // A name can be spelled in many ways. What cannot be read is no tag, and is refused by its reader.
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
 * Refuses a call of a page that was made for another session than the browser has now: another tab has signed in since.
 * A call without a tag passes.
 * @throws {BffError} session_changed
 */
export function requireTaggedSession(tags: readonly string[], session: Session): void {
  if (tags.every((tag) => tag === session.facts.lineageId)) return;
  throw new BffError('session_changed', {
    detail: 'This page was made for another session than the one in this browser now. Nothing was done.',
  });
}
