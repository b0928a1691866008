import { describe, expect, it } from 'vitest';
import type { Plant } from '../../bench/soak/plants.ts';
import { toReport } from '../../bench/soak/report.ts';
import type { Rule } from '../../bench/soak/rules.ts';
import { expectedSeconds, runSoak, type SoakOptions, type SoakRun } from '../../bench/soak/run-soak.ts';
import { startProgress } from '../../bench/support/progress.ts';
import { isWholeRun } from '../support/scale.ts';

/**
 * Shorter than `npm run soak`, and with a load that leaves room for the other tests of the machine. They also take its time
 * away, so a first success may be later, and the memory still grows.
 */
const options: SoakOptions = {
  seconds: 120,
  users: 150,
  workers: 2,
  seed: 1,
  plants: [],
  tolerance: { recoveryMs: 3_000, memoryGrowth: 0.5 },
  maxCallsPerSecond: 40,
};

/** They say more about a busy machine than about the product. */
const rulesOfTimes: readonly Rule[] = ['late-recovery', 'needless-refusal', 'weak-run'];

const run = (more: Partial<SoakOptions>): Promise<SoakRun> => {
  const all = { ...options, ...more };
  return runSoak(all, startProgress(expectedSeconds(all)));
};

describe.runIf(isWholeRun)('the soak', () => {
  it('finds no violation in two minutes', { timeout: 300_000 }, async () => {
    const { json, text } = toReport(await run({}));
    const isTooBusy = (json.quietReadMs?.p99 ?? 0) > 1_000;
    if (isTooBusy) console.warn(`The machine was too busy to judge times.\n${text}`);
    const judged = json.violations.filter(({ rule }) => !isTooBusy || !rulesOfTimes.includes(rule));
    expect(judged, text).toEqual([]);
  });

  const plants: readonly Plant[] = [
    'another-user',
    'write-twice',
    'lost-write',
    'lost-session',
    'ended-session',
    'bare-refusal',
    'needless-refusal',
    'late-recovery',
    'no-answer',
    'growing-memory',
  ];

  it('finds every planted fault', { timeout: 180_000 }, async () => {
    const tolerance = { recoveryMs: 1_000, memoryGrowth: 0 };
    const { violations } = await run({ seconds: 40, plants, tolerance });
    const found = violations.map(({ rule }) => rule);
    expect(found).toEqual(
      expect.arrayContaining([
        'another-user',
        'write-twice',
        'lost-write',
        'lost-session',
        'ended-session',
        'undocumented-refusal',
        'needless-refusal',
        'late-recovery',
        'no-answer',
        'growing-memory',
      ]),
    );
  });

  it('finds an unhandled rejection, and ends', { timeout: 180_000 }, async () => {
    const { violations } = await run({ seconds: 120, plants: ['unhandled-rejection'] });
    const found = violations.find(({ rule }) => rule === 'unhandled-error');
    expect(found?.examples.join('\n')).toContain('planted');
  });
});
