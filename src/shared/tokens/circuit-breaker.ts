import {
  createPausingBreaker,
  FAILURES_IN_A_ROW,
  PAUSE_SECONDS,
  type PausingBreaker,
  type PausingBreakerOptions,
  toPauseSeconds,
} from '../network/pausing-breaker.ts';
import { createPerUser } from '../network/per-user.ts';

/**
 * Pauses requests to the token endpoint after a 429 or 5xx with `Retry-After`, after an OAuth error that means
 * throttling, or after repeated failures. When the pause is over, one request is sent as a probe. Its outcome decides
 * whether the others may follow.
 */
export interface CircuitBreaker {
  /**
   * Must be called before each request.
   * @returns the seconds to wait, or undefined if the request may be sent now. If it is sent, its outcome must be recorded
   * with one of the methods below, because the request may be the probe.
   */
  startRequest(): number | undefined;
  /** The remaining pause in seconds. Unlike {@link startRequest}, it starts no probe. */
  pausedSeconds(): number | undefined;
  /** There was no usable response, and the request is not the cause: a 5xx response or a network error. */
  recordFailure(retryAfterSeconds?: number): void;
  /** 429, or an OAuth error that means throttling of this app (AADSTS90055): the endpoint works, but throttles. */
  recordThrottling(retryAfterSeconds?: number): void;
  /** An OAuth error that means throttling of this user alone (AADSTS50196). */
  recordUserThrottling(retryAfterSeconds: number): void;
  /** A response, even an OAuth error: the endpoint works. */
  recordSuccess(): void;
}

type TokenBreaker = CircuitBreaker & PausingBreaker;

export interface CircuitBreakers {
  /** For this user's renewals. */
  forUser(user: string): CircuitBreaker;
  /** For the redemption of authorization codes, by all users. */
  readonly forSignIns: CircuitBreaker;
}

/**
 * After this time without a response to a probe, another one may be sent. When Entra ID responds again after a silence, users
 * must not wait until the deadline of a request that it has not answered.
 */
const PROBE_SECONDS = 2;

/**
 * Entra ID does not indicate which user caused a `Retry-After`. The header therefore pauses only the renewals of the user
 * who received it. The whole worker, including sign-ins, pauses in two cases:
 * - A second user receives a `Retry-After` during the first one's pause.
 * - At least two users have five failures in total, and no user succeeds in between.
 *
 * Anyone can send invalid authorization codes. These must stop neither the renewals of signed-in users nor other sign-ins,
 * so a response to a code causes no pause. After five failures in a row, one code at a time is redeemed, and another one
 * after {@link PROBE_SECONDS} without a response.
 */
export function createCircuitBreakers(monotonicMs: () => number): CircuitBreakers {
  const signIns = createCircuitBreaker(monotonicMs, { pauseSeconds: 0 });
  const worker = createWorkerBreaker(monotonicMs, signIns.pause);
  const users = createPerUser(monotonicMs, () => createCircuitBreaker(monotonicMs));
  return {
    forSignIns: {
      ...signIns,
      recordFailure: () => signIns.recordFailure(),
      recordThrottling: signIns.recordSuccess,
      recordUserThrottling: signIns.recordSuccess,
    },
    forUser: (user) => {
      const recordFailure = (retryAfterSeconds?: number) => {
        users.findOrCreate(user).recordFailure(retryAfterSeconds);
        worker.recordFailure(user, retryAfterSeconds);
      };
      return {
        startRequest() {
          // The worker's breaker first. Otherwise it could refuse a request that the user's breaker has chosen as its
          // probe, and the probe would have no outcome.
          if (worker.pausedSeconds() !== undefined) return worker.startRequest(user);
          return users.find(user)?.startRequest() ?? worker.startRequest(user);
        },
        pausedSeconds: () => worker.pausedSeconds() ?? users.find(user)?.pausedSeconds(),
        recordFailure,
        recordThrottling: recordFailure,
        recordUserThrottling(retryAfterSeconds) {
          users.findOrCreate(user).recordFailure(retryAfterSeconds);
          worker.recordSuccess();
        },
        recordSuccess() {
          users.find(user)?.recordSuccess();
          worker.recordSuccess();
        },
      };
    },
  };
}

interface WorkerBreaker extends Pick<CircuitBreaker, 'pausedSeconds' | 'recordSuccess'> {
  startRequest(user: string): number | undefined;
  recordFailure(user: string, retryAfterSeconds: number | undefined): void;
}

/** Pauses if two users are affected. If a probe fails for only one user, another probe may follow immediately. */
function createWorkerBreaker(monotonicMs: () => number, onPause: (seconds: number) => void): WorkerBreaker {
  const breaker = createCircuitBreaker(monotonicMs);
  /** By user: when the `Retry-After` that the user received is over. */
  const retryAtMs = new Map<string, number>();
  /** The users who failed since the last success or pause. */
  const failingUsers = new Set<string>();
  let failures = 0;
  /** The user of the latest probe. Undefined before the first one of a pause. */
  let probingUser: string | undefined;
  const pause = (seconds: number) => {
    failingUsers.clear();
    probingUser = undefined;
    breaker.pause(seconds);
    onPause(seconds);
  };
  /** For how many seconds at least two users must still wait. */
  const sharedSeconds = (): number | undefined => {
    const nowMs = monotonicMs();
    for (const [user, untilMs] of retryAtMs) if (untilMs <= nowMs) retryAtMs.delete(user);
    const secondLongest = [...retryAtMs.values()].toSorted((left, right) => right - left)[1];
    return secondLongest === undefined ? undefined : (secondLongest - nowMs) / 1000;
  };
  return {
    startRequest(user) {
      const seconds = breaker.startRequest();
      if (seconds === undefined && breaker.isOpen()) probingUser = user;
      return seconds;
    },
    pausedSeconds: breaker.pausedSeconds,
    recordFailure(user, retryAfterSeconds) {
      // The request was sent before the pause, or before the latest probe, whose outcome decides. Requests that hung fail at
      // their deadline, which may be long after Entra ID responds again.
      if (retryAfterSeconds === undefined && breaker.isOpen() && user !== probingUser) return;
      failures++;
      failingUsers.add(user);
      if (retryAfterSeconds !== undefined)
        retryAtMs.set(user, monotonicMs() + toPauseSeconds(retryAfterSeconds) * 1000);
      const shared = sharedSeconds();
      if (shared !== undefined) return pause(shared);
      if (failingUsers.size > 1 && failures >= FAILURES_IN_A_ROW) return pause(PAUSE_SECONDS);
      breaker.probeAgain();
    },
    recordSuccess() {
      failures = 0;
      failingUsers.clear();
      breaker.recordSuccess();
    },
  };
}

/** @param monotonicMs elapsed time on this worker */
export function createCircuitBreaker(
  monotonicMs: () => number,
  options: Pick<PausingBreakerOptions, 'pauseSeconds'> = {},
): TokenBreaker {
  const breaker = createPausingBreaker(monotonicMs, { ...options, probeSeconds: PROBE_SECONDS });
  const { recordFailure } = breaker;
  return { ...breaker, recordThrottling: recordFailure, recordUserThrottling: recordFailure };
}
