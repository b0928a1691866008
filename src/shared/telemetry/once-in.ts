/**
 * Returns a function that returns true the first time, and then at most once in this duration. It limits records that would
 * fill the log.
 */
export function onceIn(durationMs: number, monotonicMs: () => number): () => boolean {
  let nextMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = monotonicMs();
    if (nowMs < nextMs) return false;
    nextMs = nowMs + durationMs;
    return true;
  };
}
