import { readFileSync, writeFileSync } from 'node:fs';
import { toChart } from './chart.ts';
import type { BenchResult } from './report.ts';
import { goalsTable, noiseText, startsTable, systemsTable } from './tables.ts';

const resultFile = new URL('../../docs/measurements/bench.json', import.meta.url);
const block = /^<!-- bench: (?<name>(?!end )\w+) -->\n.*?^<!-- bench: end -->$/gms;

/** Publishes a result: `npm run docs` writes the pages and the chart from it. */
export function publish(result: BenchResult): void {
  writeFileSync(resultFile, `${JSON.stringify(result, null, 2)}\n`);
}

export function publishedChart(): string {
  return toChart(readPublished());
}

/** The page with its blocks written from the published result. A block begins with `<!-- bench: name -->`. */
export function withBench(page: string): string {
  const blocks = toBlocks(readPublished());
  return page.replace(block, (...match) => {
    const { name } = match.at(-1) as { readonly name: string };
    const text = blocks[name];
    if (text === undefined) throw new Error(`The bench has no block "${name}".`);
    return `<!-- bench: ${name} -->\n\n${text}\n\n<!-- bench: end -->`;
  });
}

function readPublished(): BenchResult {
  return JSON.parse(readFileSync(resultFile, 'utf8')) as BenchResult;
}

function toBlocks(result: BenchResult): Readonly<Record<string, string>> {
  const { run, growth, noise, bundles } = result;
  const minutes = run.minutes.toFixed(0);
  return {
    readme: noise.reasons.length > 0 ? 'The last run was too noisy to quote.' : toReadme(result),
    systems: [
      `\`${run.command}\` on ${run.date}, Node ${run.node}, ${run.cores} cores, ${run.rounds} rounds, ${minutes} minutes.`,
      noiseText(result),
      `\n${systemsTable(result)}`,
    ].join('\n'),
    starts: [
      startsTable(result),
      `\nThe product loads ${bundles['product']?.main.toFixed(2)} MB at start, of ${bundles['product']?.all.toFixed(2)} MB that are deployed.`,
    ].join('\n'),
    growth: [
      `A call took ${growth.oneUser.toFixed(0)} µs of CPU time with one signed-in user, ${growth.activeUsers.toFixed(0)} µs with 10,000 of whom 1,000 took turns, and`,
      `${growth.allUsers.toFixed(0)} µs when all 10,000 took turns.`,
    ].join('\n'),
    goals: goalsTable(result),
  };
}

function toReadme({ run, ratios, systems }: BenchResult): string {
  const callsPerSecond = systems.find(({ name }) => name === 'product')?.rps ?? Number.NaN;
  const ofSample = ratios['product/sample'] ?? Number.NaN;
  const ofControl = (ratios['product/control'] ?? Number.NaN) * 100;
  return [
    `On one core, the service makes ${callsPerSecond.toLocaleString('en')} calls to Graph per second. In the same host, this is`,
    `${ofSample.toFixed(1)} times as many as Microsoft's sample makes, and ${ofControl.toFixed(0)} % of what a function without sessions`,
    `and checks makes (\`${run.command}\`, Node ${run.node}).`,
    '',
    '![Requests per second of this service and of other ways to proxy](docs/images/bench.svg)',
  ].join('\n');
}
