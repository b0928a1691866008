import type { Echo, HttpAnswer } from '../network/http-request.ts';
import type { Log } from '../telemetry/log.ts';

/**
 * Whether an upstream returns a call's `client-request-id`, by which the answer to another call is known (PX-17).
 * `require`: an answer without it is refused. `warn`: it passes, and the log says that the check was not made.
 * `ignore`: it passes. A wrong one is refused whatever is set.
 */
export type EchoesRequestId = 'require' | 'warn' | 'ignore';

export const whenMissing = {
  require: 'foreign',
  warn: 'unsure',
  ignore: 'own',
} as const satisfies Record<EchoesRequestId, Echo['whenMissing']>;

/** Looks at an answer that passes. */
export type WatchEcho = (answer: HttpAnswer, echo: Echo | undefined, log: Log) => void;

const WARN_EVERY_MS = 60_000;

/** One line a minute and upstream, with how many answers had no id since the line before. */
export function createWatchEcho(monotonicMs: () => number): WatchEcho {
  let nextWarningMs = Number.NEGATIVE_INFINITY;
  let count = 0;
  return ({ headers }, echo, log) => {
    if (echo?.whenMissing !== 'unsure' || headers[echo.name] !== undefined) return;
    count++;
    if (monotonicMs() < nextWarningMs) return;
    nextWarningMs = monotonicMs() + WARN_EVERY_MS;
    log('warn', { event: 'upstream-answers-without-request-id', count });
    count = 0;
  };
}
