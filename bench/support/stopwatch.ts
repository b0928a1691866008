/** The functions to time, by name. Results are dropped. A returned promise is awaited and counts. */
export type Runs<Name extends string> = Readonly<Record<Name, () => unknown>>;

export interface Timing {
  readonly wallUs: number;
  /** Processor time of all threads of this process. Other processes on the machine do not count. */
  readonly processorUs: number;
}

const WARM_UP_RUNS = 300;
const RUNS_A_TURN = 10;

/**
 * The median time of one run of each function, in microseconds. The functions take turns, ten runs at a time. A busy
 * period of the machine therefore affects all of them, and their ratios stay comparable when the times do not.
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
    // A synchronous function must not pay for an await.
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
  if (upper === undefined || lower === undefined) throw new RangeError('no samples');
  return (lower + upper) / 2;
}
