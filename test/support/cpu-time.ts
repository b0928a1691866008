/** The CPU time in milliseconds that the function uses. A busy machine lengthens the time of day, but hardly this. */
export function cpuMs(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
