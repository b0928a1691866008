/** So short a time is not repeated. */
const SHORT_MS = 10;

/**
 * The CPU time in milliseconds that the function uses: the shortest of three runs, because the garbage collector may run during
 * one of them. A busy machine lengthens the time of day, but hardly this.
 * @param run has the same effect each time
 */
export function cpuMs(run: () => unknown): number {
  let shortestMs = Number.POSITIVE_INFINITY;
  for (let at = 0; at < 3 && shortestMs > SHORT_MS; at++) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    shortestMs = Math.min(shortestMs, (user + system) / 1000);
  }
  return shortestMs;
}
