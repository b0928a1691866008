/** Something to time, by name. What it gives is dropped; a promise is awaited within its time. */
export type Runs<Name extends string> = Readonly<Record<Name, () => unknown>>;

export interface Timing {
  readonly wallUs: number;
  /** Of all threads of this process: what others do on the machine at the time is not in it. */
  readonly processorUs: number;
}

const WARM_UP_RUNS = 300;
const RUNS_A_TURN = 10;

/**
 * The median time of one run of each, in microseconds. They take turns, ten runs at a time, so that a busy spell of the
 * machine meets all of them: their ratios hold where the figures themselves do not.
 */
export async function medianMicroseconds<Name extends string>(
  runs: Runs<Name>,
  turns: number,
): Promise<Record<Name, Timing>> {
  const names = Object.keys(runs) as Name[];
  const samples = names.map((name) => ({
    name,
    run: runs[name],
    wallUs: [] as number[],
    processorUs: [] as number[],
  }));
  for (const { run } of samples) await repeat(run, WARM_UP_RUNS);
  for (let turn = 0; turn < turns; turn++) {
    for (const { run, wallUs, processorUs } of samples) {
      const usedBefore = process.cpuUsage();
      wallUs.push(...(await repeat(run, RUNS_A_TURN)));
      const { user, system } = process.cpuUsage(usedBefore);
      processorUs.push((user + system) / RUNS_A_TURN);
    }
  }
  return Object.fromEntries(
    samples.map(({ name, wallUs, processorUs }) => [
      name,
      { wallUs: median(wallUs), processorUs: median(processorUs) },
    ]),
  ) as Record<Name, Timing>;
}

async function repeat(run: () => unknown, times: number): Promise<number[]> {
  const microseconds: number[] = [];
  for (let time = 0; time < times; time++) {
    const startedAtMs = performance.now();
    const result = run();
    // What is synchronous must not pay for an await.
    if (result instanceof Promise) await result;
    microseconds.push((performance.now() - startedAtMs) * 1000);
  }
  return microseconds;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  const lower = sorted[sorted.length % 2 === 0 ? middle - 1 : middle];
  if (upper === undefined || lower === undefined) throw new RangeError('nothing was measured');
  return (lower + upper) / 2;
}
