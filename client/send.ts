import type { Page } from './page.ts';
import { BffProblem, readProblem } from './problem.ts';

/**
 * Sends a request with the header that proves that it comes from this origin.
 * @param link path and query of a link that is too long for the URL
 */
export async function send(
  page: Page,
  target: URL | Request,
  init: RequestInit,
  tag?: string,
  link?: string,
): Promise<Response | BffProblem> {
  const headers = new Headers(init.headers);
  headers.set('X-CSRF', '1');
  if (tag) headers.set('X-Session-Tag', tag);
  if (link) headers.set('X-Graph-Link', link);
  const response = await page.fetch(target, { ...init, headers });
  return (await readProblem(response)) ?? response;
}

export function throwProblem(outcome: Response | BffProblem): Response {
  if (outcome instanceof BffProblem) throw outcome;
  return outcome;
}
