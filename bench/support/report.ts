import type { Sample } from './compare.ts';
import { markdownTable } from './markdown-table.ts';
import { median, spread } from './statistics.ts';

export interface BenchResult {
  readonly systems: readonly {
    readonly name: string;
    readonly rps: number;
    readonly ratioToB: number;
    readonly cpuMicros: number;
  }[];
  /** Of requests per second, inside a round; `product/control` is the product divided by the control. */
  readonly ratios: Readonly<Record<string, number>>;
  /** CPU time of a warm call in microseconds: what is the product's own, and what the upstream call costs. */
  readonly costs: Readonly<Record<string, number>>;
  /** The middle half of B's rounds, as a share of their median. */
  readonly noise: number;
}

const ratioNames = ['product/control', 'product/sample', 'product/B', 'control/hello'] as const;

export function toReport(samples: readonly Sample[]): { readonly table: string; readonly json: BenchResult } {
  const names = [...new Set(samples.map(({ system }) => system.name))];
  const of = (name: string) => samples.filter(({ system }) => system.name === name);
  const ratioOf = (name: string, unit: string) =>
    median(
      of(name).flatMap((sample) => {
        const other = of(unit).find(({ round }) => round === sample.round);
        return other === undefined ? [] : [sample.requestsPerSecond / other.requestsPerSecond];
      }),
    );
  const cpuOf = (name: string) => median(of(name).map(({ cpuMicros }) => cpuMicros));
  const systems = names
    .map((name) => ({
      name,
      rps: median(of(name).map(({ requestsPerSecond }) => requestsPerSecond)),
      ratioToB: ratioOf(name, 'B'),
      cpuMicros: cpuOf(name),
    }))
    .toSorted((left, right) => right.rps - left.rps);
  const table = markdownTable(
    ['system', 'requests/s', '/ B', 'CPU, µs', 'p50, ms', 'p99, ms', 'RSS, MiB'],
    systems.map(({ name, rps, ratioToB, cpuMicros }) => [
      of(name)[0]?.system.title ?? name,
      rps.toFixed(0),
      ratioToB.toFixed(2),
      cpuMicros.toFixed(0),
      median(of(name).map(({ p50Ms }) => p50Ms)).toFixed(1),
      median(of(name).map(({ p99Ms }) => p99Ms)).toFixed(1),
      median(of(name).map(({ rssBytes }) => rssBytes / 2 ** 20)).toFixed(0),
    ]),
  );
  const ratios = Object.fromEntries(
    ratioNames.map((text) => {
      const [name = '', unit = ''] = text.split('/');
      return [text, ratioOf(name, unit)];
    }),
  );
  const costs = {
    'product - control': cpuOf('product') - cpuOf('control'),
    'control - hello': cpuOf('control') - cpuOf('hello'),
  };
  const noise = spread(of('B').map(({ requestsPerSecond }) => requestsPerSecond));
  return { table, json: { systems, ratios, costs, noise } };
}
