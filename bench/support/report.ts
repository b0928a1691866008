import { availableParallelism } from 'node:os';
import process from 'node:process';
import { type GoalResult, judge } from './goals.ts';
import type { Measurements } from './measurements.ts';
import { type Noise, toNoise } from './noise.ts';
import { median, perRound, spread } from './statistics.ts';

/** The content of `.artefacts/bench.json`. Every published number is from it. */
export interface BenchResult {
  readonly run: {
    readonly command: string;
    /** ISO date. */
    readonly date: string;
    readonly node: string;
    readonly cores: number;
    readonly rounds: number;
    readonly minutes: number;
  };
  readonly systems: readonly {
    readonly name: string;
    readonly rps: number;
    readonly ratioToB: number;
    readonly cpuMicros: number;
  }[];
  /** Of requests per second, inside a round: `product/control` is the product divided by the control. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly noise: Noise;
  /** The middle half of the rounds, as a share of their median: of each system's `ratioToB`, and of each of `ratios`. */
  readonly spreads: Readonly<Record<string, number>>;
  readonly latencies: Readonly<Record<string, { readonly p50Ms: number; readonly p99Ms: number }>>;
  /** Medians of the starts. */
  readonly starts: readonly {
    readonly name: string;
    readonly processStartMs: number;
    readonly specializationMs: number;
    readonly rssMiB: number;
  }[];
  /** Sizes in MB of the file that is loaded at start, and of all files. */
  readonly bundles: Readonly<Record<string, { readonly main: number; readonly all: number }>>;
  /** CPU time of a call, in microseconds, by who calls. */
  readonly growth: { readonly oneUser: number; readonly activeUsers: number; readonly allUsers: number };
  readonly goals: readonly GoalResult[];
}

const ratioNames = [
  'product/control',
  'product/sample',
  'product/B',
  'control/hello',
  'before/control',
  'product/before',
] as const;

export function toResult(
  measured: Measurements,
  { command, minutes }: Pick<BenchResult['run'], 'command' | 'minutes'>,
): BenchResult {
  const { short, long, starts, growth, bundles } = measured;
  const ratiosOf = (samples: Measurements['short'], name: string, unit: string) =>
    perRound(samples, [name, unit], (of) => ratio(of[name]?.requestsPerSecond, of[unit]?.requestsPerSecond));
  const allRatios = [
    ...ratioNames.map((text) => {
      const [name = '', unit = ''] = text.split('/');
      return [text, ratiosOf(short, name, unit)] as const;
    }),
    ['product/control, 100 KB', ratiosOf(long, 'product', 'control')] as const,
  ].filter(([, values]) => values.length > 0);
  const systems = [...Map.groupBy(short, ({ name }) => name)]
    .map(([name, of]) => ({
      name,
      rps: Math.round(median(of.map(({ requestsPerSecond }) => requestsPerSecond))),
      ratioToB: rounded(median(ratiosOf(short, name, 'B'))),
      cpuMicros: rounded(median(of.map(({ cpuMicros }) => cpuMicros))),
    }))
    .toSorted((left, right) => right.ratioToB - left.ratioToB);
  return {
    run: {
      command,
      date: new Date().toISOString().slice(0, 10),
      node: process.version,
      cores: availableParallelism(),
      rounds: new Set(short.map(({ round }) => round)).size,
      minutes: rounded(minutes),
    },
    systems,
    ratios: Object.fromEntries(allRatios.map(([name, values]) => [name, rounded(median(values))])),
    noise: toNoise(short),
    spreads: Object.fromEntries([
      ...systems.map(({ name }) => [name, rounded(spread(ratiosOf(short, name, 'B')))] as const),
      ...allRatios.map(([name, values]) => [name, rounded(spread(values))] as const),
    ]),
    latencies: Object.fromEntries(
      [...Map.groupBy(short, ({ name }) => name)].map(([name, of]) => [
        name,
        {
          p50Ms: rounded(median(of.map(({ p50Ms }) => p50Ms))),
          p99Ms: rounded(median(of.map(({ p99Ms }) => p99Ms))),
        },
      ]),
    ),
    starts: [...Map.groupBy(starts, ({ name }) => name)].map(([name, of]) => ({
      name,
      processStartMs: Math.round(median(of.map(({ processStartMs }) => processStartMs))),
      specializationMs: Math.round(median(of.map(({ specializationMs }) => specializationMs))),
      rssMiB: rounded(median(of.map(({ rssBytes }) => rssBytes)) / 2 ** 20),
    })),
    bundles: Object.fromEntries(
      Object.entries(bundles).map(([name, { mainBytes, allBytes }]) => [
        name,
        { main: rounded(mainBytes / 1e6), all: rounded(allBytes / 1e6) },
      ]),
    ),
    growth: {
      oneUser: rounded(growth.oneUserMicros),
      activeUsers: rounded(growth.activeUsersMicros),
      allUsers: rounded(growth.allUsersMicros),
    },
    goals: judge(measured),
  };
}

function ratio(value = Number.NaN, unit = Number.NaN): number {
  return value / unit;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
