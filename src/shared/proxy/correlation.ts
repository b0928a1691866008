import { guidPatternAnyCase } from '../guid.ts';
import type { Correlation, HttpResponse } from '../network/http-request.ts';
import { createCountedLines } from '../telemetry/counted.ts';
import type { Log } from '../telemetry/log.ts';

/** Name of the header with a call's request id. Graph logs the id and returns it with the response; few other APIs do. */
export const clientRequestId = 'client-request-id';

/** Whether the value is a GUID. Only a unique id identifies the response, and Graph changes an id that is not a GUID. */
export const isRequestId = (value: string | undefined) =>
  value !== undefined && guidPatternAnyCase.test(value);

/**
 * What happens to a response without the `client-request-id` of its call. A response with another id belongs to another
 * call and is always refused.
 * - `require`: the response is refused, unless it is an error that a server in between may have sent.
 * - `warn`: the response passes and is counted in the log.
 * - `ignore`: the response passes.
 */
export type RequestIdCheck = 'require' | 'warn' | 'ignore';

const whenMissing = {
  require: 'mismatched',
  warn: 'unsure',
  ignore: 'matched',
} as const satisfies Record<RequestIdCheck, Correlation['whenMissing']>;

/** The header to compare in the response to a request with these headers. Undefined if the request has none. */
export function correlationOf(
  headers: Readonly<Record<string, string>>,
  check: RequestIdCheck,
): Correlation | undefined {
  const value = headers[clientRequestId];
  return value === undefined ? undefined : { name: clientRequestId, value, whenMissing: whenMissing[check] };
}

/** If the check is `warn`, logs that a response passed without the id of its call. */
export type WarnIfUncorrelated = (
  response: HttpResponse,
  correlation: Correlation | undefined,
  log: Log,
) => void;

/** Create one for each API. It logs at most one line a minute, with the number of such responses since the previous line. */
export function createWarnIfUncorrelated(monotonicMs: () => number): WarnIfUncorrelated {
  const lines = createCountedLines(monotonicMs);
  return ({ headers }, correlation, log) => {
    if (correlation?.whenMissing !== 'unsure' || headers[correlation.name] !== undefined) return;
    lines.count(log, 'warn', { event: 'upstream-responses-without-request-id' });
  };
}
