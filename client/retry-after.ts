import { BffProblem, readRetryAfter } from './problem.ts';

/** A longer pause is for the page to decide about, because its user waits. */
const longestSeconds = 5;

/**
 * How long to wait before a read is sent again, in ms. A random part keeps the calls of many pages apart.
 * @returns undefined if the response asks for no pause or for a long one
 */
export function toPauseMs(outcome: Response | BffProblem): number | undefined {
  const isProblem = outcome instanceof BffProblem;
  if (outcome.status !== 429 && (outcome.status !== 503 || isProblem)) return undefined;
  const seconds = isProblem ? outcome.retryAfterSeconds : readRetryAfter(outcome);
  if (seconds === undefined || seconds > longestSeconds) return undefined;
  return (seconds + Math.random()) * 1000;
}
