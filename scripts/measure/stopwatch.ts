/** Something to time, by name. What it returns is dropped. */
export type Runs<Name extends string> = Readonly<Record<Name, () => unknown>>;

const WARM_UP_RUNS = 300;
const RUNS_A_TURN = 10;

/**
 * The median microseconds of one run of each. They take turns, ten runs at a time, so that a busy spell of the machine
 * meets all of them: their ratios hold where the figures themselves do not.
 */
export async function medianMicroseconds<Name extends string>(
  runs: Runs<Name>,
  turns: number,
): Promise<Record<Name, number>> {
  const names = Object.keys(runs) as Name[];
  const samples = new Map(names.map((name) => [name, [] as number[]]));
  for (const name of names) await repeat(runs[name], WARM_UP_RUNS);
  for (let turn = 0; turn < turns; turn++) {
    for (const name of names) samples.get(name)?.push(...(await repeat(runs[name], RUNS_A_TURN)));
  }
  return Object.fromEntries(names.map((name) => [name, median(samples.get(name) ?? [])])) as Record<
    Name,
    number
  >;
}

async function repeat(run: () => unknown, times: number): Promise<number[]> {
  const microseconds: number[] = [];
  for (let time = 0; time < times; time++) {
    const startedAtMs = performance.now();
    const result = run();
    // A promise is awaited within its time; what is synchronous must not pay for an await.
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
