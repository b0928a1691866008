import { createPausingBreaker, toPauseSeconds } from './pausing-breaker.ts';

/**
 * Holds requests back while a server works for no user. It opens after failures of several users without a success in
 * between, so that the failures of one user hold back no other. After a pause, one request at a time is sent as a probe.
 * Any success closes it. If a probe fails, a probe of another user may follow, and the same user waits. Failed probes of
 * several users begin a new pause.
 */
export interface OutageBreaker {
  /**
   * Must be called before each request.
   * @param user the same value for all requests of a user
   */
  start(user: string): Attempt | Paused;
  /** A request has succeeded that was sent although {@link start} returned a pause. */
  recordSuccess(): void;
}

export interface Paused {
  readonly kind: 'paused';
  /** Whole seconds until the next request may be sent, at least 1. */
  readonly seconds: number;
}

/** A request that may be sent. If it is disposed of without an outcome, nothing is learned about the server. */
export interface Attempt extends Disposable {
  readonly kind: 'attempt';
  /** Send it only once: all other requests are held back for it. */
  readonly isProbe: boolean;
  succeed(): void;
  fail(retryAfterSeconds?: number): void;
}

export interface OutageBreakerOptions {
  readonly monotonicMs: () => number;
  /** It also opens after this many failures without a success in between, even of one user. Default: unlimited */
  readonly maxFailures?: number;
  /** A number from 0 to 1. Workers whose breakers open at the same moment then probe at different moments. Default: random */
  readonly jitter?: () => number;
}

/** Two users may have a large mailbox or a slow network at the same time. */
const FAILING_USERS = 3;
/** How long a failure counts. In a feature that is rarely used, failures of different hours have different causes. */
const FAILURE_MS = 60_000;
/** With the jitter at most five seconds. The browser client waits that long and then repeats a read. */
const PAUSE_SECONDS = 4;
const JITTER_SECONDS = 1;
/** A probe of a user whose requests are slow must not hold back the others for longer than a pause. */
const PROBE_SECONDS = 5;
/** For so long after that, only other users send a probe. Otherwise one user's slow requests could follow each other. */
const OTHERS_FIRST_SECONDS = 2;

interface Failure {
  readonly atMs: number;
  /** 0 without a `Retry-After`. */
  readonly retryAfterSeconds: number;
}

/** The failures since the last success or pause. */
function createFailures(monotonicMs: () => number, maxFailures: number) {
  /** By user: the latest failure. */
  const failing = new Map<string, Failure>();
  let count = 0;
  return {
    isEmpty: () => count === 0,
    forget() {
      failing.clear();
      count = 0;
    },
    /** Returns whether these are enough to pause. */
    add(user: string, retryAfterSeconds: number): boolean {
      const nowMs = monotonicMs();
      for (const [other, { atMs }] of failing) if (nowMs - atMs >= FAILURE_MS) failing.delete(other);
      if (failing.size === 0) count = 0;
      failing.set(user, { atMs: nowMs, retryAfterSeconds });
      count++;
      return failing.size >= FAILING_USERS || count >= maxFailures;
    },
    /** The server asked each of the failing users to wait for at least this long. */
    shortestRetryAfterSeconds: () =>
      Math.min(...[...failing.values()].map(({ retryAfterSeconds }) => retryAfterSeconds)),
  };
}

export function createOutageBreaker({
  monotonicMs,
  maxFailures = Number.POSITIVE_INFINITY,
  jitter = Math.random,
}: OutageBreakerOptions): OutageBreaker {
  const breaker = createPausingBreaker(monotonicMs, { probeSeconds: PROBE_SECONDS });
  const failures = createFailures(monotonicMs, maxFailures);
  let succeededAtMs = Number.NEGATIVE_INFINITY;
  /** By user whose probe has failed or has no outcome yet: until when the user sends no other probe. */
  const probedUntilMs = new Map<string, number>();
  let currentProbe: Attempt | undefined;

  const forget = () => {
    failures.forget();
    probedUntilMs.clear();
  };
  const pause = () => {
    const requested = failures.shortestRetryAfterSeconds();
    forget();
    breaker.pause(Math.max(toPauseSeconds(requested), PAUSE_SECONDS + jitter() * JITTER_SECONDS));
  };
  const probedSeconds = (user: string) => {
    const leftMs = (probedUntilMs.get(user) ?? 0) - monotonicMs();
    return leftMs > 0 ? Math.ceil(leftMs / 1000) : undefined;
  };
  const holdProbes = (user: string, untilMs: number) => void probedUntilMs.set(user, untilMs);

  const recordSuccess = () => {
    succeededAtMs = monotonicMs();
    if (failures.isEmpty() && !breaker.isOpen()) return;
    forget();
    breaker.close();
  };
  const createAttempt = (user: string, isProbe: boolean): Attempt => {
    const startedMs = monotonicMs();
    let hasOutcome = false;
    /** If a later probe has been sent since, its outcome decides. */
    const allowNextProbe = () => {
      if (currentProbe !== attempt) return;
      holdProbes(user, startedMs + PAUSE_SECONDS * 1000);
      breaker.probeAgain();
    };
    const attempt: Attempt = {
      kind: 'attempt',
      isProbe,
      succeed() {
        hasOutcome = true;
        recordSuccess();
      },
      fail(retryAfterSeconds = 0) {
        hasOutcome = true;
        // The request was sent before the pause, or before a request that has succeeded since. After an outage, requests
        // that hung may all fail at the same moment.
        if ((breaker.isOpen() && !isProbe) || startedMs < succeededAtMs) return;
        if (failures.add(user, retryAfterSeconds)) return pause();
        if (isProbe) allowNextProbe();
      },
      [Symbol.dispose]() {
        if (isProbe && !hasOutcome) allowNextProbe();
      },
    };
    return attempt;
  };

  return {
    recordSuccess,
    start(user) {
      if (!breaker.isOpen()) return createAttempt(user, false);
      const ownSeconds = probedSeconds(user);
      const seconds = ownSeconds ?? breaker.startRequest();
      if (seconds !== undefined)
        return { kind: 'paused', seconds: Math.max(seconds, breaker.pausedSeconds() ?? 0) };
      holdProbes(user, monotonicMs() + (PROBE_SECONDS + OTHERS_FIRST_SECONDS) * 1000);
      currentProbe = createAttempt(user, true);
      return currentProbe;
    },
  };
}
