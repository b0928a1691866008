import type { Correlation, HttpAnswer } from '../network/http-request.ts';
import type { Log } from '../telemetry/log.ts';

/**
 * Whether an upstream returns a call's `client-request-id`, which reveals the answer to another call.
 * `require`: an answer without the id is refused. `warn`: it passes, and the log says that the check was not made.
 * `ignore`: it passes. An answer with a wrong id is refused in every mode.
 */
export type EchoesRequestId = 'require' | 'warn' | 'ignore';

export const whenMissing = {
  require: 'mismatched',
  warn: 'unsure',
  ignore: 'matched',
} as const satisfies Record<EchoesRequestId, Correlation['whenMissing']>;

/** Checks an answer that passes for its id. */
export type WatchEcho = (answer: HttpAnswer, correlation: Correlation | undefined, log: Log) => void;

const WARN_EVERY_MS = 60_000;

/**
 * Logs at most one line a minute for each upstream, with the number of answers without an id since the previous line.
 */
export function createWatchEcho(monotonicMs: () => number): WatchEcho {
  let nextWarningMs = Number.NEGATIVE_INFINITY;
  let count = 0;
  return ({ headers }, correlation, log) => {
    if (correlation?.whenMissing !== 'unsure' || headers[correlation.name] !== undefined) return;
    count++;
    if (monotonicMs() < nextWarningMs) return;
    nextWarningMs = monotonicMs() + WARN_EVERY_MS;
    log('warn', { event: 'upstream-answers-without-request-id', count });
    count = 0;
  };
}
