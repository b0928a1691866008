import { BffError } from '../shared/errors.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { jsonResponse } from '../shared/http/response.ts';
import { describeError } from '../shared/telemetry/describe-error.ts';
import type { Log } from '../shared/telemetry/log.ts';

/** Something that must work so that this worker can serve requests. */
export interface ReadinessCheck {
  readonly name: string;
  run(): Promise<void>;
}

/** The process responds. */
export const live = (): Handler<undefined> => () => jsonResponse({ status: 'live' });

/**
 * Runs the checks: storage, client credential, and Entra ID's signing keys with the clock. The response names the checks
 * that fail. Only the log says why.
 */
export const ready = (checks: readonly ReadinessCheck[], now: () => Date): Handler<undefined> => {
  let last: { readonly untilMs: number; readonly failing: Promise<readonly string[]> } | undefined;
  return async (_request, { log }) => {
    const nowMs = now().getTime();
    // The endpoint is public. Even if it is called often, storage and Entra ID are checked only once per `CACHE_MS`.
    // Without the last comparison, a result would stay for hours if the clock is set back by hours.
    if (last === undefined || last.untilMs <= nowMs || last.untilMs > nowMs + CACHE_MS) {
      last = { untilMs: nowMs + CACHE_MS, failing: findFailing(checks, log) };
    }
    const failing = await last.failing;
    const body = { status: failing.length === 0 ? 'ready' : 'not_ready', failing };
    return jsonResponse(body, failing.length === 0 ? 200 : 503);
  };
};

const CACHE_MS = 5_000;

async function findFailing(checks: readonly ReadinessCheck[], log: Log): Promise<readonly string[]> {
  const results = await Promise.all(checks.map((check) => runCheck(check, log)));
  return results.filter(({ usable }) => !usable).map(({ name }) => name);
}

async function runCheck({ name, run }: ReadinessCheck, log: Log): Promise<{ name: string; usable: boolean }> {
  try {
    await run();
    return { name, usable: true };
  } catch (error) {
    const cause = error instanceof BffError ? (error.cause ?? error) : error;
    log('error', { event: 'not-ready', check: name, cause: describeError(cause) });
    return { name, usable: false };
  }
}
