import type { Connection } from './connection.ts';

/**
 * A connection goes to another borrower only after this long without a byte. With Nagle's algorithm a server holds back
 * what it has written until the previous response is acknowledged. Linux delays that acknowledgment by 40 to 200 ms
 * (TCP_DELACK_MAX).
 */
const SILENCE_MS = 250;

/**
 * Marks idle connections as silent once they have had enough time to bring bytes. A timer alone proves nothing, because
 * Node runs due timers before it reads sockets. A busy event loop would take waiting bytes for silence. Node reads
 * every socket between a timer and the `setImmediate` that it calls. Timers count from the loop's cached, older time,
 * so the clock decides.
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
