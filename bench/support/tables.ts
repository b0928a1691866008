import { markdownTable } from './markdown-table.ts';
import type { BenchResult } from './report.ts';
import { titleOf } from './systems.ts';

const percent = (share: number) => `${(share * 100).toFixed(0)} %`;

export function systemsTable({ systems, spreads, latencies }: BenchResult): string {
  return markdownTable(
    ['system', 'requests/s', '/ B', 'spread', 'CPU, µs', 'p50, ms', 'p99, ms'],
    systems.map(({ name, rps, ratioToB, cpuMicros }) => [
      titleOf(name),
      rps,
      ratioToB.toFixed(2),
      percent(spreads[name] ?? 0),
      cpuMicros.toFixed(0),
      latencies[name]?.p50Ms.toFixed(1) ?? '',
      latencies[name]?.p99Ms.toFixed(1) ?? '',
    ]),
  );
}

export function startsTable({ starts }: BenchResult): string {
  return markdownTable(
    ['system', 'process start, ms', 'specialization, ms', 'resident memory, MiB'],
    starts.map(({ name, processStartMs, specializationMs, rssMiB }) => [
      titleOf(name),
      processStartMs,
      specializationMs,
      rssMiB.toFixed(0),
    ]),
  );
}

export function goalsTable({ goals }: BenchResult): string {
  const hasBefore = goals.some(({ before }) => before !== undefined);
  return markdownTable(
    ['what', 'goal', ...(hasBefore ? ['before'] : []), 'this run', 'spread', 'met'],
    goals.map(({ what, goal, before, value, spread, isMet }) => [
      what,
      goal,
      ...(hasBefore ? [before ?? ''] : []),
      value,
      spread === undefined ? '' : percent(spread),
      isMet ? 'yes' : '**no**',
    ]),
  );
}

export function noiseText({ noise }: BenchResult): string {
  const { fixedLoop, stolen, reasons } = noise;
  const facts = `a fixed loop varied by ${percent(fixedLoop)} and waited ${percent(stolen)} of its time`;
  if (reasons.length === 0) return `The machine was quiet: ${facts}.`;
  const list = reasons.map((reason) => `- ${reason}`).join('\n');
  return `\n**The machine was too noisy to trust this run**: ${facts}.\n\n${list}`;
}
