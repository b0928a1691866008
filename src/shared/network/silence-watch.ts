import type { Connection } from './connection.ts';

/**
 * A connection may serve another borrower only after this long without a byte. With Nagle's algorithm, a server's further
 * bytes are not sent until the previous response is acknowledged. Linux delays the acknowledgment by 40 to 200 ms
 * (TCP_DELACK_MAX).
 */
const SILENCE_MS = 250;

/**
 * Marks idle connections as silent after {@link SILENCE_MS} without a byte. A timer alone does not prove silence, because
 * Node runs due timers before it reads sockets: after a busy time, bytes may be waiting. Between a timer and the
 * `setImmediate` callback that it schedules, Node reads every socket. Timers may fire early, because the event loop caches
 * the time at which they start, so `performance.now()` decides.
 * @param idle the connection that has been idle longest comes first
 * @returns a function to call whenever a connection becomes idle
 */
export function createSilenceWatch(idle: ReadonlySet<Connection>, onSilent: () => void): () => void {
  let isWatching = false;

  function watchNext() {
    for (const { state, idleSinceMs } of idle) {
      if (state !== 'resting') continue;
      isWatching = true;
      setTimeout(check, Math.max(Math.ceil(idleSinceMs + SILENCE_MS - performance.now()), 1)).unref();
      return;
    }
    isWatching = false;
  }
  function check() {
    const idleBeforeMs = performance.now() - SILENCE_MS;
    setImmediate(() => {
      for (const connection of idle) {
        if (connection.idleSinceMs > idleBeforeMs) break;
        connection.state = 'silent';
      }
      watchNext();
      onSilent();
    }).unref();
  }
  return () => {
    if (!isWatching) watchNext();
  };
}
