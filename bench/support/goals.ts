import type { Measurements } from './measurements.ts';
import { median, perRound, type Summary, summarize } from './statistics.ts';

/** A goal of the product and the result of a run. The figures depend as little on the machine as possible. */
export interface GoalResult {
  readonly what: string;
  readonly goal: string;
  readonly value: number;
  /** The middle half of the rounds, as a share of their median. Absent for a figure that was measured once. */
  readonly spread?: number;
  /** Of the product of another checkout, in the same run. */
  readonly before?: number;
  readonly isMet: boolean;
}

interface Goal {
  readonly what: string;
  readonly bound: 'at least' | 'at most';
  readonly limit: number;
  readonly unit?: string;
  readonly digits: number;
  /** @param product the system that is judged. Undefined: it was not measured. */
  readonly measure: (measured: Measurements, product: Product) => Summary | number | undefined;
}

type Product = 'product' | 'before';

/** CPU times are converted to a machine on which a call through B, the bare proxy, takes this time. */
const B_MICROS = 46;

const rpsRatio =
  (unit: 'control' | 'sample', part: 'short' | 'long') => (measured: Measurements, product: Product) =>
    summarize(
      perRound(
        measured[part],
        [product, unit],
        (of) => of[product].requestsPerSecond / of[unit].requestsPerSecond,
      ),
    );

const operationsOf = (title: string) => (measured: Measurements, product: Product) =>
  product === 'product' ? measured.actions.find((action) => action.title === title)?.operations : undefined;

const storageGoals = [
  ['sign-in', 'sign-in', 5],
  ['warm call', 'call, the cached session is fresh', 0],
  ['cold call', 'call, a worker without the session in memory', 1],
  ['renewal of the tokens', 'call that renews the tokens, the cached session is fresh', 2],
  ['sign-out', 'sign-out, the cached session is fresh', 2],
] as const;

const goals: readonly Goal[] = [
  {
    what: 'product / control, requests per second, response of 1.5 KB',
    bound: 'at least',
    limit: 0.9,
    digits: 2,
    measure: rpsRatio('control', 'short'),
  },
  {
    what: 'own cost of a warm call: CPU time, product − control',
    bound: 'at most',
    limit: 40,
    unit: 'µs',
    digits: 0,
    measure: ({ short }, product) =>
      summarize(
        perRound(
          short,
          [product, 'control', 'B'],
          (of) => ((of[product].cpuMicros - of.control.cpuMicros) * B_MICROS) / of.B.cpuMicros,
        ),
      ),
  },
  {
    what: 'upstream call: CPU time, control − hello',
    bound: 'at most',
    limit: 80,
    unit: 'µs',
    digits: 0,
    // The control has the HTTP client of this checkout.
    measure: ({ short }, product) =>
      product === 'before'
        ? undefined
        : summarize(
            perRound(
              short,
              ['control', 'hello', 'B'],
              (of) => ((of.control.cpuMicros - of.hello.cpuMicros) * B_MICROS) / of.B.cpuMicros,
            ),
          ),
  },
  {
    what: "product / Microsoft's sample in the same host, requests per second",
    bound: 'at least',
    limit: 2.5,
    digits: 2,
    measure: rpsRatio('sample', 'short'),
  },
  {
    what: 'product / control, requests per second, JSON response of 100 KB',
    bound: 'at least',
    limit: 0.85,
    digits: 2,
    measure: rpsRatio('control', 'long'),
  },
  {
    what: 'cold call − warm call: CPU time',
    bound: 'at most',
    limit: 250,
    unit: 'µs',
    digits: 0,
    measure({ calls, short }, product) {
      if (product === 'before') return undefined;
      const cold = calls['the row, without storage latency'].processorUs;
      const micros = cold - calls["the worker's cache"].processorUs;
      return (micros * B_MICROS) / median(perRound(short, ['B'], (of) => of.B.cpuMicros));
    },
  },
  {
    what: 'process start to first response, product / hello',
    bound: 'at most',
    limit: 1.35,
    digits: 2,
    measure: ({ starts }, product) =>
      summarize(
        perRound(starts, [product, 'hello'], (of) => of[product].processStartMs / of.hello.processStartMs),
      ),
  },
  {
    what: 'specialization to first response, product − hello',
    bound: 'at most',
    limit: 60,
    unit: 'ms',
    digits: 0,
    measure: ({ starts }, product) =>
      summarize(
        perRound(
          starts,
          [product, 'hello'],
          (of) => of[product].specializationMs - of.hello.specializationMs,
        ),
      ),
  },
  {
    what: 'resident memory after 1,000 calls, product / hello',
    bound: 'at most',
    limit: 1.15,
    digits: 2,
    measure: ({ starts }, product) =>
      summarize(perRound(starts, [product, 'hello'], (of) => of[product].rssBytes / of.hello.rssBytes)),
  },
  {
    what: 'size of `dist/main.cjs`',
    bound: 'at most',
    limit: 1.2,
    unit: 'MB',
    digits: 2,
    measure({ bundles }, product) {
      const bytes = bundles[product]?.mainBytes;
      return bytes === undefined ? undefined : bytes / 1e6;
    },
  },
  {
    what: 'CPU time of a call, 10,000 signed-in users / one',
    bound: 'at most',
    limit: 1.1,
    digits: 2,
    measure: ({ growth }, product) =>
      product === 'product' ? growth.activeUsersMicros / growth.oneUserMicros : undefined,
  },
  {
    what: 'resident memory of a further session in memory',
    bound: 'at most',
    limit: 24,
    unit: 'KiB',
    digits: 1,
    measure: ({ growth }, product) => (product === 'product' ? growth.bytesPerSession / 1024 : undefined),
  },
  ...storageGoals.map(
    ([what, title, limit]): Goal => ({
      what: `storage operations, ${what}`,
      bound: 'at most',
      limit,
      digits: 0,
      measure: operationsOf(title),
    }),
  ),
];

export function judge(measured: Measurements): readonly GoalResult[] {
  return goals.map(({ what, bound, limit, unit, digits, measure }) => {
    const round = (value: number) => Number(value.toFixed(digits));
    const medianOf = (product: Product) => {
      const result = measure(measured, product);
      const value = typeof result === 'object' ? result.median : result;
      return value === undefined || Number.isNaN(value) ? undefined : round(value);
    };
    const value = medianOf('product');
    if (value === undefined) throw new Error(`Not measured: ${what}.`);
    const result = measure(measured, 'product');
    const before = medianOf('before');
    return {
      what,
      goal: `${bound === 'at least' ? '≥' : '≤'} ${limit.toFixed(bound === 'at least' ? 2 : digits)}${unit === undefined ? '' : ` ${unit}`}`,
      value,
      ...(typeof result === 'object' && { spread: Number(result.spread.toFixed(3)) }),
      ...(before !== undefined && { before }),
      isMet: bound === 'at least' ? value >= limit : value <= limit,
    };
  });
}
