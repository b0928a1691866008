import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isWholeRun } from '../../support/scale.ts';
import { report } from '../report.ts';
import type { Activity } from './activity.ts';
import { backToManyThreads, runOnOneThread } from './one-thread.ts';
import { finish, signIn, step } from './run.ts';
import type { Beginning, FaultKind, Setting } from './setting.ts';
import { twoWorkers, untilExpiredSeconds, untilLastMinutesSeconds } from './settings.ts';
import { alice, bob } from './users.ts';
import { createWorld } from './world.ts';

// Each seed is one series of runs. A failure names its seed and prints the choices that lead to it.
const SEEDS = isWholeRun ? [20260801, 20260802, 20260803, 20260804] : [20260801];
const RUNS_PER_SEED = isWholeRun ? 1_000 : 80;

const workers = ['w1', 'w2', 'w3'];
const faultKinds: FaultKind[] = ['fails', 'answer lost', 'repeated', 'late', 'killed', 'stalled'];

const worker = fc.constantFrom(...workers);
/** Alice has two browsers, Bob one. The user of a browser never changes. */
const browser = fc.constantFrom('laptop', 'phone', 'desk');
const userOf = { laptop: alice, phone: alice, desk: bob } as const;
const scopes = fc.constantFrom(['User.Read'], ['Mail.Read'], ['User.Read', 'Mail.Read']);

const activity: fc.Arbitrary<Activity> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({ worker, browser, scopes, guarded: fc.boolean() })
      .map((call) => ({ ...call, does: 'call' as const })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ worker, browser, informed: fc.boolean() })
      .map((logout) => ({ ...logout, does: 'logout' as const })),
  },
  {
    weight: 1,
    arbitrary: fc.record({ worker, browser }).map((end) => ({ ...end, does: 'end-all' as const })),
  },
  {
    weight: 1,
    arbitrary: fc.record({ worker, browser }).map((end) => ({ ...end, does: 'end-by-sid' as const })),
  },
  { weight: 1, arbitrary: fc.record({ worker, browser }).map((at) => ({ ...at, does: 'sweep' as const })) },
  { weight: 1, arbitrary: fc.record({ worker, browser }).map((no) => ({ ...no, does: 'decline' as const })) },
  {
    weight: 2,
    arbitrary: fc
      .record({ worker, browser })
      .map((at) => ({ ...at, does: 'sign-in' as const, user: userOf[at.browser] })),
  },
);

const setting: fc.Arbitrary<Setting> = fc.record({
  workers: fc.constant(workers),
  issuer: fc.constantFrom('strict' as const, 'single-use' as const, 'entra-like' as const),
  activities: fc.array(activity, { minLength: 3, maxLength: 9 }),
  idleSeconds: fc.constantFrom(90 * 60, 12 * 60 * 60),
  absoluteSeconds: fc.constant(twoWorkers.absoluteSeconds),
  cacheSeconds: fc.constantFrom(0, 5),
  coarseMs: fc.constantFrom(500, 3_900, 30_000),
  faults: fc.record({ kinds: fc.subarray(faultKinds), atMost: fc.nat({ max: 3 }) }),
  freeTicks: fc.constant(Number.POSITIVE_INFINITY),
  leapsMs: fc.array(fc.constantFrom(2_000, 50 * 60_000, 2 * 60 * 60_000, 13 * 60 * 60_000), { maxLength: 2 }),
  clockSkewMs: fc.record({ w2: fc.integer({ min: -60, max: 60 }).map((seconds) => seconds * 1000) }),
});

/** Selects the choice of each step. After the last number, the first choice is taken. */
const picks = fc.array(fc.nat({ max: 1_000 }), { maxLength: 250, size: 'max' });

const beginnings: Beginning[] = [];

beforeAll(async () => {
  runOnOneThread();
  for (const passSeconds of [untilExpiredSeconds, untilLastMinutesSeconds]) {
    beginnings.push(await signIn({ laptop: alice, desk: bob }, { ...twoWorkers, passSeconds }));
  }
});
afterAll(backToManyThreads);

let events = 0;
let unlucky = 0;

async function runAtRandom(of: Setting, picked: readonly number[], from: number): Promise<void> {
  const beginning = beginnings[from];
  if (beginning === undefined) throw new Error(`no beginning ${from}`);
  const world = createWorld(of, beginning);
  for (let index = 0; ; index++) {
    const choices = world.choices();
    const pick = picked[index];
    const choice = pick === undefined ? choices[0] : choices[pick % choices.length];
    if (choice === undefined) break;
    await step(world, choice);
  }
  finish(world);
  events += world.trace.length;
  if (world.faults.length > 0) unlucky++;
}

it.each(SEEDS)(
  'every invariant holds for three workers, two users, three browsers and faults at random (seed %i)',
  { tags: ['T2', 'T3', 'T4', 'K1', 'K2', 'L1', 'I1', 'I2'], timeout: 10 * 60_000 },
  async (seed) => {
    const property = fc.asyncProperty(setting, picks, fc.nat({ max: 1 }), runAtRandom);
    await expect(fc.assert(property, { seed, numRuns: RUNS_PER_SEED })).resolves.toBeUndefined();
  },
);

afterAll(() => {
  const runs = SEEDS.length * RUNS_PER_SEED;
  report({
    part: 'model',
    requirements: 'T2, T3, T4, K1, K2, L1, I1, I2',
    what: `random orders: 3 workers, 2 users, 3 browsers, up to 9 activities and 3 faults; seeds ${SEEDS.join(', ')}`,
    result: `${runs} runs with ${events} events in total; ${unlucky} runs had faults`,
  });
});
