import { guidPatternAnyCase } from '../guid.ts';
import type { Correlation, HttpAnswer } from '../network/http-request.ts';
import type { Log } from '../telemetry/log.ts';

/** The header by which a call is known in the API's log, in this service's log, and to the caller. */
export const clientRequestId = 'client-request-id';

/** Only a unique id identifies the answer, and Graph returns only an id of this form unchanged. */
export const isRequestId = (value: string | undefined) =>
  value !== undefined && guidPatternAnyCase.test(value);

/**
 * What happens to an answer that does not repeat the call's `client-request-id`. The id reveals the answer to another
 * call. `require`: the answer is refused. `warn`: it passes, and the log states that it could not be checked.
 * `ignore`: it passes. An answer with a different id is refused in every mode.
 */
export type RequestIdCheck = 'require' | 'warn' | 'ignore';

const whenMissing = {
  require: 'mismatched',
  warn: 'unsure',
  ignore: 'matched',
} as const satisfies Record<RequestIdCheck, Correlation['whenMissing']>;

/** The header that the answer to a request with these headers must repeat. */
export function correlationOf(
  headers: Readonly<Record<string, string>>,
  check: RequestIdCheck,
): Correlation | undefined {
  const value = headers[clientRequestId];
  return value === undefined ? undefined : { name: clientRequestId, value, whenMissing: whenMissing[check] };
}

/** Warns about an answer that passed without the id of its call. */
export type WarnIfUncorrelated = (answer: HttpAnswer, correlation: Correlation | undefined, log: Log) => void;

const WARN_EVERY_MS = 60_000;

/** Logs at most one line a minute for each API, with the number of answers without an id since the previous line. */
export function createWarnIfUncorrelated(monotonicMs: () => number): WarnIfUncorrelated {
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
