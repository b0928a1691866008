/** Removes entries soon after they expire, even if no code looks them up again. */
export interface ExpiryTimer {
  /** An entry expires at this monotonic time, in ms. */
  expectAt(atMs: number): void;
}

/** The removal runs at most once in this time, so that it costs little while entries expire all the time. */
const MIN_PAUSE_MS = 1_000;

/**
 * @param removeExpired removes everything that has expired by now. It returns when the next entry expires, or undefined if
 * no entry is left.
 */
export function createExpiryTimer(
  monotonicMs: () => number,
  removeExpired: () => number | undefined,
): ExpiryTimer {
  let dueMs = Number.POSITIVE_INFINITY;
  let timeout: NodeJS.Timeout | undefined;
  const timer = {
    expectAt(atMs: number) {
      if (atMs >= dueMs) return;
      dueMs = atMs;
      // Otherwise each timeout would start another one for as long as there are entries.
      clearTimeout(timeout);
      timeout = start(timer, Math.max(MIN_PAUSE_MS, Math.ceil(atMs - monotonicMs())));
    },
    run() {
      dueMs = Number.POSITIVE_INFINITY;
      const nextMs = removeExpired();
      if (nextMs !== undefined) timer.expectAt(nextMs);
    },
  };
  return timer;
}

/** The timeout keeps neither the process running nor the timer's entries in memory. */
function start(timer: { run(): void }, delayMs: number): NodeJS.Timeout {
  const reference = new WeakRef(timer);
  return setTimeout(() => reference.deref()?.run(), delayMs).unref();
}
