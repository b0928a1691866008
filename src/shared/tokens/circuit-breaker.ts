import { createPerUser } from './per-user.ts';

/**
 * Keeps one worker from asking a token endpoint that wants to be left alone (429 or 503 with Retry-After) or that fails
 * every time. Then one request goes out as a probe, and what comes of it decides for the rest.
 */
export interface TokenBreaker {
  /** Seconds after which to ask again; undefined: ask now, and tell how it went. */
  refuses(): number | undefined;
  /** The same, for who does not ask yet. */
  pausedSeconds(): number | undefined;
  /** No usable answer, for a reason that no request caused: 5xx or the network. */
  failed(retryAfterSeconds?: number): void;
  /** 429: the endpoint works, but throttles this user or this app. */
  throttled(retryAfterSeconds?: number): void;
  /** An answer, refusals included: the endpoint works. */
  answered(): void;
}

const FAILURES_IN_A_ROW = 5;
const PAUSE_SECONDS = 5;
/** The longest pause, whatever Entra ID asks for. One probe a minute is no burden to the service. */
const MAX_PAUSE_SECONDS = 60;
const PROBE_SECONDS = 10; // the deadline of a token request, and a little

export interface TokenBreakers {
  /** The breaker for renewals of this user. */
  ofUser(user: string): TokenBreaker;
  /** The breaker for sign-ins. */
  readonly code: TokenBreaker;
}

/**
 * Entra ID does not say which user a `Retry-After` is for. It therefore applies to the user who received it,
 * and the other users continue. The whole worker, sign-ins included, leaves the endpoint alone in two cases.
 * Either a second user has received one too, or two or more users got no usable answer and no user got one in
 * between.
 *
 * Anyone can send a code. Codes must neither keep signed-in users from renewing nor keep other users from
 * signing in. A 429 for a code therefore causes no pause. While no code gets an answer, one request at a time
 * goes out.
 */
export function createTokenBreakers(monotonicMs: () => number): TokenBreakers {
  const code = createTokenBreaker(monotonicMs, 0);
  const worker = createWorkerBreaker(monotonicMs, code.pause);
  const users = createPerUser(monotonicMs, () => createTokenBreaker(monotonicMs));
  return {
    // A code does not tell which user a 429 is for.
    code: { ...code, failed: () => code.failed(), throttled: code.answered },
    ofUser: (user) => {
      const failed = (retryAfterSeconds?: number) => {
        users.touch(user).failed(retryAfterSeconds);
        worker.failed(user, retryAfterSeconds);
      };
      return {
        refuses() {
          // Checked first. If the worker withheld the user's own probe afterwards, that probe would count as
          // lost.
          if (worker.pausedSeconds() !== undefined) return worker.refuses();
          return users.find(user)?.refuses() ?? worker.refuses();
        },
        pausedSeconds: () => worker.pausedSeconds() ?? users.find(user)?.pausedSeconds(),
        failed,
        throttled: failed,
        answered() {
          users.find(user)?.answered();
          worker.answered();
        },
      };
    },
  };
}

interface WorkerBreaker extends Pick<TokenBreaker, 'refuses' | 'pausedSeconds' | 'answered'> {
  failed(user: string, retryAfterSeconds: number | undefined): void;
}

/** Pauses when two users agree. If a probe fails for only one user, another probe follows at once. */
function createWorkerBreaker(monotonicMs: () => number, onPause: (seconds: number) => void): WorkerBreaker {
  const gate = createTokenBreaker(monotonicMs);
  const toldUntilMs = new Map<string, number>();
  /** The users who failed since the last answer or pause. */
  const failing = new Set<string>();
  let failures = 0;
  const pause = (seconds: number) => {
    failing.clear();
    gate.pause(seconds);
    onPause(seconds);
  };
  /** How long at least two users have been told to wait. */
  const agreedSeconds = (): number | undefined => {
    const nowMs = monotonicMs();
    for (const [user, untilMs] of toldUntilMs) if (untilMs <= nowMs) toldUntilMs.delete(user);
    const secondLongest = [...toldUntilMs.values()].toSorted((left, right) => right - left)[1];
    return secondLongest === undefined ? undefined : (secondLongest - nowMs) / 1000;
  };
  return {
    refuses: gate.refuses,
    pausedSeconds: gate.pausedSeconds,
    failed(user, retryAfterSeconds) {
      failures++;
      failing.add(user);
      if (retryAfterSeconds !== undefined)
        toldUntilMs.set(user, monotonicMs() + pauseSeconds(retryAfterSeconds) * 1000);
      const agreed = agreedSeconds();
      if (agreed !== undefined) return pause(agreed);
      if (failing.size > 1 && failures >= FAILURES_IN_A_ROW) return pause(PAUSE_SECONDS);
      gate.probeAgain();
    },
    answered() {
      failures = 0;
      failing.clear();
      gate.answered();
    },
  };
}

interface PausingBreaker extends TokenBreaker {
  pause(seconds: number): void;
  /** The probe had no result, so another may go out. */
  probeAgain(): void;
}

const pauseSeconds = (wanted: number) => Math.min(Math.max(wanted, 1), MAX_PAUSE_SECONDS);

/**
 * @param monotonicMs elapsed time on this worker
 * @param restSeconds the pause if the endpoint asked for none
 */
export function createTokenBreaker(monotonicMs: () => number, restSeconds = PAUSE_SECONDS): PausingBreaker {
  let failures = 0;
  let openUntilMs: number | undefined;
  let probing = false;
  const after = (seconds: number) => monotonicMs() + seconds * 1000;
  const pause = (seconds: number) => {
    const untilMs = after(seconds);
    // Of several failures at once the longest pause counts.
    openUntilMs = probing ? untilMs : Math.max(openUntilMs ?? 0, untilMs);
    probing = false;
  };

  const failed = (retryAfterSeconds?: number) => {
    failures++;
    if (retryAfterSeconds !== undefined) pause(pauseSeconds(retryAfterSeconds));
    else if (probing || failures >= FAILURES_IN_A_ROW) pause(restSeconds);
  };

  return {
    pause,
    probeAgain() {
      if (probing) pause(0);
    },
    refuses() {
      if (openUntilMs === undefined) return undefined;
      const leftMs = openUntilMs - monotonicMs();
      if (leftMs > 0) return probing ? 1 : Math.ceil(leftMs / 1000);
      probing = true;
      openUntilMs = after(PROBE_SECONDS); // for the others, until the probe has told
      return undefined;
    },
    pausedSeconds() {
      const leftMs = openUntilMs === undefined ? 0 : openUntilMs - monotonicMs();
      return leftMs > 0 ? Math.ceil(leftMs / 1000) : undefined;
    },
    failed,
    throttled: failed,
    answered() {
      failures = 0;
      // An answer to what was asked before the pause does not end it.
      if (!probing) return;
      probing = false;
      openUntilMs = undefined;
    },
  };
}
