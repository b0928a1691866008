/**
 * Keeps one worker from asking a token endpoint that wants to be left alone (429 or 503 with Retry-After) or that fails
 * every time. Then one request goes out as a probe, and what comes of it decides for the rest.
 */
export interface TokenBreaker {
  /** Seconds after which to ask again; undefined: ask now, and tell how it went. */
  refuses(): number | undefined;
  /** The same, for who does not ask yet. */
  pausedSeconds(): number | undefined;
  /** No usable answer for a reason that is nobody's request: 429, 5xx, the network. */
  failed(retryAfterSeconds?: number): void;
  /** An answer, refusals included: the endpoint works. */
  answered(): void;
}

const FAILURES_IN_A_ROW = 5;
const PAUSE_SECONDS = 5;
/**
 * Entra does not say whom a 429 is about: one person's loop or the whole app. On the word of one answer nobody is kept
 * waiting longer than this; one probe a minute is no burden to a service that asked for more.
 */
const MAX_PAUSE_SECONDS = 60;
const PROBE_SECONDS = 10; // the deadline of a token request, and a little

export type TokenBreakers = Readonly<Record<'code' | 'refresh', TokenBreaker>>;

/**
 * One for each kind of request. A pause that a renewal was given counts for sign-ins too; the other way it does not:
 * codes come from anybody, who must not keep those who are signed in from renewing.
 */
export function createTokenBreakers(monotonicMs: () => number): TokenBreakers {
  const code = createTokenBreaker(monotonicMs);
  const refresh = createTokenBreaker(monotonicMs);
  return {
    code,
    refresh: {
      ...refresh,
      failed(retryAfterSeconds) {
        refresh.failed(retryAfterSeconds);
        code.failed(retryAfterSeconds);
      },
    },
  };
}

/** @param monotonicMs elapsed time on this worker */
export function createTokenBreaker(monotonicMs: () => number): TokenBreaker {
  let failures = 0;
  let openUntilMs: number | undefined;
  let probing = false;
  const after = (seconds: number) => monotonicMs() + seconds * 1000;

  return {
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
    failed(retryAfterSeconds) {
      failures++;
      if (retryAfterSeconds === undefined && !probing && failures < FAILURES_IN_A_ROW) return;
      const untilMs = after(Math.min(Math.max(retryAfterSeconds ?? PAUSE_SECONDS, 1), MAX_PAUSE_SECONDS));
      // Of several failures at once the longest pause counts.
      openUntilMs = probing ? untilMs : Math.max(openUntilMs ?? 0, untilMs);
      probing = false;
    },
    answered() {
      failures = 0;
      // An answer to what was asked before the pause does not end it.
      if (!probing) return;
      probing = false;
      openUntilMs = undefined;
    },
  };
}
