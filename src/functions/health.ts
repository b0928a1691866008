import type { Finding, HealthCheck } from '../shared/health/finding.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { jsonResponse } from '../shared/http/response.ts';

/** The process responds. */
export const live = (): Handler<undefined> => () => jsonResponse({ status: 'live' });

interface Readiness {
  readonly status: 'ready' | 'degraded' | 'not_ready';
  /** The names of the checks that found that this worker can serve no user. */
  readonly failing: readonly string[];
  /** The names of the checks that found that a part of the service fails, or will fail soon. */
  readonly degraded: readonly string[];
  /** The names of the checks without a result. */
  readonly unknown: readonly string[];
}

/**
 * Runs the checks and returns the names of those whose finding is not `works`. Only the log has the reasons, and only
 * the health monitor logs them, so that requests cannot fill the log. The status is 503 only if this worker can serve
 * no user, because a platform stops sending requests to a worker that returns 503.
 */
export const ready = (checks: readonly HealthCheck[], now: () => Date): Handler<undefined> => {
  let last: { readonly untilMs: number; readonly readiness: Promise<Readiness> } | undefined;
  return async () => {
    const nowMs = now().getTime();
    // The endpoint is public. Even if it is called often, storage and Entra ID are checked only once per `CACHE_MS`.
    // Without the last comparison, a result would stay for hours if the clock is set back by hours.
    if (last === undefined || last.untilMs <= nowMs || last.untilMs > nowMs + CACHE_MS) {
      last = { untilMs: nowMs + CACHE_MS, readiness: findReadiness(checks) };
    }
    const readiness = await last.readiness;
    return jsonResponse(readiness, readiness.status === 'not_ready' ? 503 : 200);
  };
};

const CACHE_MS = 5_000;

async function findReadiness(checks: readonly HealthCheck[]): Promise<Readiness> {
  const found = await Promise.all(checks.map(async (check) => [check.name, await check.find()] as const));
  const named = (kind: Finding['kind']) =>
    found.filter(([, finding]) => finding.kind === kind).map(([name]) => name);
  const [failing, degraded, unknown] = [named('failing'), named('degraded'), named('unknown')];
  const unlessFailing = degraded.length > 0 ? 'degraded' : 'ready';
  return { status: failing.length > 0 ? 'not_ready' : unlessFailing, failing, degraded, unknown };
}
