import { untilAborted } from './abort.ts';
import type { Page } from './page.ts';
import { BffProblem, readRetryAfter } from './problem.ts';

/** A longer pause is for the page to decide about, because its user waits. */
const longestSeconds = 5;

/**
 * Sends a call, and sends it again after the pause that its response asks for. It keeps its place in the queue meanwhile, so a
 * page that is throttled sends less.
 */
export async function sendWithPauses(
  page: Page,
  send: () => Promise<Response | BffProblem>,
  maxPauses: number,
  signal: AbortSignal,
): Promise<Response | BffProblem> {
  for (let pauses = 0; ; pauses++) {
    const outcome = await send();
    const pauseMs = toPauseMs(outcome);
    if (pauseMs === undefined || pauses >= maxPauses) return outcome;
    await untilAborted(new Promise<void>((resolve) => page.setTimeout(resolve, pauseMs)), signal);
  }
}

/** Undefined if the response asks for no pause or for a long one. A random part keeps the calls of many pages apart. */
function toPauseMs(outcome: Response | BffProblem): number | undefined {
  const isProblem = outcome instanceof BffProblem;
  const isUnavailable = !isProblem || outcome.code === 'upstream_unavailable';
  if (outcome.status !== 429 && !(outcome.status === 503 && isUnavailable)) return undefined;
  const seconds = isProblem ? outcome.retryAfterSeconds : readRetryAfter(outcome);
  if (seconds === undefined || seconds > longestSeconds) return undefined;
  return (seconds + Math.random()) * 1000;
}
