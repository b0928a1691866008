import { markdownTable } from '../support/markdown-table.ts';
import { type FaultRecord, kindsThatNeed, lastHalf, nameOf, type Rule, rules, seconds } from './rules.ts';
import type { SoakRun } from './run-soak.ts';

/** The content of `.artefacts/soak.json`, and the tables that the command prints. */
export function toReport(run: SoakRun) {
  const json = toJson(run);
  return { json, text: toText(run, json) };
}

export type SoakResult = ReturnType<typeof toJson>;

function toJson({ options, seen, violations, ...run }: SoakRun) {
  const { served, refusals, faults, writes, rssBytes, arrivals } = seen;
  const states = [...writes.values()];
  const count = (state: string) => states.filter((one) => one === state).length;
  return {
    passed: violations.length === 0,
    seconds: options.seconds,
    users: options.users,
    workers: options.workers,
    seed: options.seed,
    limitPerSecond: Math.round(run.limitPerSecond),
    callsPerSecond: Math.round(run.callsPerSecond),
    arrivals,
    served: Object.fromEntries(served),
    refused: countBy(refusals.map(({ code }) => code)),
    renewals: seen.redeemedRefreshTokens,
    signIns: run.redeemedCodes,
    writes: { confirmed: count('confirmed'), notSent: count('not-sent'), unknown: count('unknown') },
    quietReadMs: percentiles(run.latenciesMs.get('quiet') ?? []),
    faults: faults.map((record, at) =>
      toFaultResult(record, faults[at + 1]?.startedMs, seen.refusals, run.latenciesMs),
    ),
    memory: [...rssBytes].map(([worker, samples]) => ({
      worker,
      thirdQuarterMiB: toMebibytes(lastHalf(samples).third),
      lastQuarterMiB: toMebibytes(lastHalf(samples).last),
      samplesMiB: samples.filter((_sample, at) => at % 5 === 0).map(toMebibytes),
    })),
    processorTime: run.processorTime,
    loggedErrors: run.loggedErrors,
    violations,
  };
}

const toMebibytes = (bytes: number) => Math.round(bytes / 2 ** 20);

function toFaultResult(
  record: FaultRecord,
  nextStartedMs: number | undefined,
  refusals: SoakRun['seen']['refusals'],
  latenciesMs: SoakRun['latenciesMs'],
) {
  const { fault, startedMs, endedMs, met, announcedUntilMs, firstServedMs } = record;
  const during = refusals.filter((refusal) => startedMs <= refusal.endedMs && refusal.startedMs <= endedMs);
  const after = refusals.filter(
    (refusal) => refusal.startedMs > endedMs && refusal.endedMs < (nextStartedMs ?? Number.POSITIVE_INFINITY),
  );
  const sinceEnd = (atMs: number | undefined) =>
    atMs === undefined ? undefined : Math.round(atMs - endedMs);
  return {
    name: nameOf(fault),
    seconds: Math.round((endedMs - startedMs) / 100) / 10,
    met,
    refused: countBy(during.map(({ kind, code }) => `${kind}: ${code}`)),
    firstSuccessMs: Object.fromEntries(
      kindsThatNeed[fault.system].map((kind) => [kind, sinceEnd(firstServedMs.get(kind))]),
    ),
    announcedMs: Math.max(0, sinceEnd(Math.max(0, ...announcedUntilMs.values())) ?? 0),
    refusedAfter: countBy(after.map(({ kind, code }) => `${kind}: ${code}`)),
    lastRefusedMs: after.length === 0 ? undefined : sinceEnd(Math.max(...after.map(({ endedMs: at }) => at))),
    readMs: percentiles(latenciesMs.get(nameOf(fault)) ?? []),
  };
}

function countBy(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function percentiles(values: readonly number[]) {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN);
  return values.length === 0 ? undefined : { p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** What the run does not count is the table, and what else runs on this machine. */
function toCores({ machine, cores, shares }: SoakRun['processorTime']): string {
  const own = Object.entries(shares).map(([name, share]) => `${name} ${share.toFixed(2)}`);
  return `${own.join(', ')}; the whole machine ${machine.toFixed(2)} of ${cores}`;
}

function toText({ violations, seen }: SoakRun, json: SoakResult): string {
  const faultTable = markdownTable(
    [
      'fault',
      'met',
      'refused',
      'pause announced',
      'first success after',
      'last refusal after',
      'reads, p50/p99 ms',
    ],
    json.faults.map(({ name, met, refused, announcedMs, firstSuccessMs, lastRefusedMs, readMs }) => [
      name,
      String(met),
      String(Object.values(refused).reduce((sum, count) => sum + count, 0)),
      seconds(announcedMs),
      Object.entries(firstSuccessMs)
        .map(([kind, ms]) => `${kind} ${ms === undefined ? 'never' : seconds(ms)}`)
        .join(', '),
      lastRefusedMs === undefined ? '' : seconds(lastRefusedMs),
      readMs === undefined ? '' : `${readMs.p50}/${readMs.p99}`,
    ]),
  );
  const ruleTable = markdownTable(
    ['rule', 'result'],
    (Object.keys(rules) as Rule[]).map((rule) => {
      const violation = violations.find((one) => one.rule === rule);
      return [rules[rule], violation === undefined ? 'holds' : `VIOLATED ${violation.count} times`];
    }),
  );
  const total = [...seen.served.values()].reduce((sum, count) => sum + count, 0);
  const quiet = json.quietReadMs;
  const lines = [
    `${json.users} users on ${json.workers} workers for ${json.seconds} s, at ${json.callsPerSecond} calls a second, where ${json.limitPerSecond} are the limit; seed ${json.seed}`,
    `${total} calls served and ${seen.refusals.length} refused: ${JSON.stringify(json.refused)}`,
    `${json.renewals} renewals, ${json.signIns} sign-ins, ${json.writes.confirmed} writes confirmed, ${json.writes.notSent} not sent, ${json.writes.unknown} unknown`,
    `reads while nothing fails: p50 ${quiet?.p50} ms, p99 ${quiet?.p99} ms`,
    ...json.memory.map(
      ({ worker, thirdQuarterMiB, lastQuarterMiB }) =>
        `${worker}: ${thirdQuarterMiB} MiB in the third quarter, ${lastQuarterMiB} MiB in the last`,
    ),
    `processor time, in cores: ${toCores(json.processorTime)}`,
    `errors in the logs of the workers: ${JSON.stringify(json.loggedErrors)}`,
  ];
  const examples = violations.flatMap(({ rule, count, examples: list }) => [
    `${rule}: ${count}`,
    ...list.map((example) => `  ${example}`),
  ]);
  return [faultTable, ruleTable, ...lines, ...examples].join('\n');
}
