/**
 * Returns a function that returns true at the first call, and later at most once in each period of this duration. Limits
 * records that would fill the log.
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
