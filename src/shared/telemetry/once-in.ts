/**
 * Returns true the first time, and then at most once in this time on one worker. Limits entries that would fill
 * the log.
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
