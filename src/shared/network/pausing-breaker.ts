/**
 * Pauses requests to a server. When the pause is over, one request is sent as a probe. Its outcome decides whether the
 * others may follow.
 */
export interface PausingBreaker {
  /**
   * Must be called before each request.
   * @returns the seconds to wait, or undefined if the request may be sent now. If it is sent, its outcome must be recorded
   * with one of the methods below, because the request may be the probe.
   */
  startRequest(): number | undefined;
  /** The remaining pause in seconds. Unlike {@link startRequest}, it starts no probe. */
  pausedSeconds(): number | undefined;
  /** True from the beginning of a pause until a probe has succeeded. */
  isOpen(): boolean;
  /** Pauses if there was a `Retry-After`, if the request was the probe, or after repeated failures. */
  recordFailure(retryAfterSeconds?: number): void;
  /** The server works. Ends the pause if the request was the probe. */
  recordSuccess(): void;
  pause(seconds: number): void;
  /** The probe was inconclusive, so another one may be sent. */
  probeAgain(): void;
  /** Lets all requests through. */
  close(): void;
}

export interface PausingBreakerOptions {
  /** The pause in seconds if the server did not send a `Retry-After`. Default: 5 */
  readonly pauseSeconds?: number;
  /** For how long a probe without an outcome holds back the other requests. */
  readonly probeSeconds: number;
}

export const FAILURES_IN_A_ROW = 5;
export const PAUSE_SECONDS = 5;
/** The longest pause, even if the server asks for more. One probe a minute does not burden it. */
const MAX_PAUSE_SECONDS = 60;

/** The pause that follows from a `Retry-After`, in seconds. */
export const toPauseSeconds = (requested: number) => Math.min(Math.max(requested, 1), MAX_PAUSE_SECONDS);

/** @param monotonicMs elapsed time on this worker */
export function createPausingBreaker(
  monotonicMs: () => number,
  { pauseSeconds = PAUSE_SECONDS, probeSeconds }: PausingBreakerOptions,
): PausingBreaker {
  let failures = 0;
  let openUntilMs: number | undefined;
  let probing = false;
  const inSeconds = (seconds: number) => monotonicMs() + seconds * 1000;
  const pause = (seconds: number) => {
    const untilMs = inSeconds(seconds);
    // Several requests from before the pause may fail. The longest of their pauses applies.
    openUntilMs = probing ? untilMs : Math.max(openUntilMs ?? 0, untilMs);
    probing = false;
  };
  const close = () => {
    failures = 0;
    probing = false;
    openUntilMs = undefined;
  };

  return {
    pause,
    close,
    probeAgain() {
      if (probing) pause(0);
    },
    isOpen: () => openUntilMs !== undefined,
    startRequest() {
      if (openUntilMs === undefined) return undefined;
      const leftMs = openUntilMs - monotonicMs();
      if (leftMs > 0) return Math.ceil(leftMs / 1000);
      probing = true;
      openUntilMs = inSeconds(probeSeconds); // holds back the other requests until the probe has an outcome
      return undefined;
    },
    pausedSeconds() {
      const leftMs = openUntilMs === undefined ? 0 : openUntilMs - monotonicMs();
      return leftMs > 0 ? Math.ceil(leftMs / 1000) : undefined;
    },
    recordFailure(retryAfterSeconds) {
      failures++;
      if (retryAfterSeconds !== undefined) pause(toPauseSeconds(retryAfterSeconds));
      else if (probing || failures >= FAILURES_IN_A_ROW) pause(pauseSeconds);
    },
    recordSuccess() {
      failures = 0;
      // A response to a request that was sent before the pause does not end the pause.
      if (probing) close();
    },
  };
}
