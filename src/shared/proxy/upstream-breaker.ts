import { HeldBackError } from '../errors.ts';
import { createOutageBreaker, type OutageBreaker } from '../network/outage-breaker.ts';
import { toPauseSeconds } from '../network/pausing-breaker.ts';
import { createPerUser } from '../network/per-user.ts';
import { parseRetryAfterSeconds } from '../network/retry-after.ts';
import type { Caller } from '../session/caller.ts';
import { createCountedLines } from '../telemetry/counted.ts';
import type { LogRecord } from '../telemetry/log.ts';
import { workerLog } from '../telemetry/worker-log.ts';
import { userKeyOf } from './call-limits.ts';

/**
 * Holds back calls to one API that would fail: all calls of a feature that works for no user, and the calls of a user whom
 * the API has asked to wait in that feature.
 */
export interface UpstreamBreaker {
  /**
   * Must be the last step before the call is sent.
   * @throws {BffError} upstream_unavailable, rate_limited
   */
  start(caller: Caller, feature: string): UpstreamAttempt;
}

/** A call that may be sent. Dispose of it when the call is over. */
export interface UpstreamAttempt extends Disposable {
  /** True if the call is sent to find out whether the API works again. It is sent only once. */
  readonly isProbe: boolean;
  recordResponse(response: UpstreamResponse): void;
  recordNoResponse(failure: NoResponse): void;
}

/** The API could not be reached, or did not respond in time. */
export type NoResponse = 'unreachable' | 'timeout';

interface UpstreamResponse {
  readonly status: number;
  readonly headers: { readonly 'retry-after'?: string | undefined };
}

export interface UpstreamBreakerOptions {
  /** For the log: `graph`, or the name of the custom API. */
  readonly upstream: string;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
  readonly jitter?: () => number;
}

/** The pause of a user after a 429 without a usable `Retry-After`. */
const DEFAULT_THROTTLED_SECONDS = 5;

/** A pause of one user in one feature. */
interface ThrottledUser {
  untilMs: number;
  /** Whether a call was held back in this pause. */
  hasRefused: boolean;
}

export function createUpstreamBreaker(options: UpstreamBreakerOptions): UpstreamBreaker {
  const { upstream, now, monotonicMs } = options;
  // Features come from policies and from code, so there are only a few.
  const outages = new Map<string, OutageBreaker>();
  const throttled = createPerUser(monotonicMs, (): ThrottledUser => ({ untilMs: 0, hasRefused: false }));
  // One line counts the calls of all users, so it goes to the worker's log.
  const lines = createCountedLines(monotonicMs);
  const count = (record: LogRecord) => lines.count(workerLog, 'warn', record);
  const outageOf = (feature: string) => {
    const outage = outages.get(feature) ?? createOutageBreaker(options);
    outages.set(feature, outage);
    return outage;
  };

  return {
    start(caller, feature) {
      const user = userKeyOf(caller);
      const key = `${user} ${feature}`;
      lines.flush(workerLog);
      requireNoPause(throttled.find(key), monotonicMs());
      const outage = outageOf(feature).start(user);
      if (outage.kind === 'paused') {
        count({ event: 'upstream-calls-held-back', upstream, feature });
        throw unavailableProblem(outage.seconds);
      }
      return {
        isProbe: outage.isProbe,
        recordResponse({ status, headers }) {
          if (status === 429 || status >= 500) count({ event: 'upstream-errors', upstream, status });
          if (status < 500 && status !== 429) return outage.succeed();
          const retryAfterSeconds = parseRetryAfterSeconds(headers['retry-after'], now());
          // A throttled call shows neither that the feature works nor that it does not. Nor does another 5xx status, which is
          // the error of one call.
          if (status === 503 || status === 504) outage.fail(retryAfterSeconds);
          if (status !== 429) return;
          const seconds = toPauseSeconds(retryAfterSeconds ?? DEFAULT_THROTTLED_SECONDS);
          const pause = throttled.findOrCreate(key);
          pause.untilMs = Math.max(pause.untilMs, monotonicMs() + seconds * 1000);
          pause.hasRefused = false;
        },
        recordNoResponse(failure) {
          count({ event: 'upstream-errors', upstream, failure });
          outage.fail();
        },
        [Symbol.dispose]: outage[Symbol.dispose],
      };
    },
  };
}

/** @throws {HeldBackError} rate_limited */
function requireNoPause(pause: ThrottledUser | undefined, nowMs: number): void {
  if (pause === undefined || pause.untilMs <= nowMs) return;
  const isFirst = !pause.hasRefused;
  pause.hasRefused = true;
  // A page that does not wait must not fill the log.
  throw new HeldBackError(isFirst, 'rate_limited', {
    rules: ['throttled-by-api'],
    detail: 'The API has asked this user to wait before further calls of this kind. Nothing was sent.',
    retryAfterSeconds: Math.ceil((pause.untilMs - nowMs) / 1000),
  });
}

/** Nothing was sent, so the caller may repeat a write too. The worker's log has the number of these calls. */
function unavailableProblem(retryAfterSeconds: number): HeldBackError {
  return new HeldBackError(false, 'upstream_unavailable', {
    detail: 'This part of the API does not work at the moment. Nothing was sent.',
    retryAfterSeconds,
  });
}
