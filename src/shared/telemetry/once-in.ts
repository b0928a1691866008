/**
 * Returns a function that returns true at its first call, and then false until this duration has passed since it last
 * returned true. Limits records that would fill the log.
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
