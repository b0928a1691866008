import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isWholeRun } from '../../support/scale.ts';
import { report } from '../report.ts';
import type { Activity } from './activity.ts';
import { explore } from './explore.ts';
import { backToManyThreads, runOnOneThread } from './one-thread.ts';
import { signIn } from './run.ts';
import type { Beginning, Setting } from './setting.ts';
import {
  call,
  decline,
  endAll,
  endBySid,
  endOne,
  logout,
  signInAt,
  sweep,
  twoWorkers,
  untilExpiredSeconds,
  untilLastMinutesSeconds,
} from './settings.ts';
import { alice } from './users.ts';

/** Some explorations take a minute if coverage is measured. */
const TIMEOUT_MS = 10 * 60_000;

type Operation = (worker: string) => Activity;

/** Everything that this service does to a session, by itself or for a user. */
const operations: Readonly<Record<string, Operation>> = {
  'a call': call,
  'a declined consent': decline,
  'a sign-out': logout,
  'the ending of all sessions': endAll,
  'the ending of one session': endOne,
  'the ending of a sid': endBySid,
  'the sweep': sweep,
  'a sign-in in the same browser': (worker) => signInAt(worker, 'laptop', alice),
  'a sign-in in another browser': (worker) => signInAt(worker, 'phone', alice),
  'a repeated callback': (worker) => ({
    ...signInAt(worker, `tab at ${worker}`, alice),
    callbackOf: 'one transaction',
  }),
};
const named = Object.entries(operations);
const pairs = named.flatMap(([first, one], index) =>
  named.slice(index).map(([second, other]) => ({ first, one, second, other })),
);
/** A sign-in has many steps. After it, the invariants at the end find what a call would. */
const isShort = ({ first, second }: (typeof pairs)[number]) => !/sign-in|callback/.test(first + second);
const withCall = pairs.filter(({ first }) => first === 'a call');

let renewing: Beginning;
let extending: Beginning;
let renewingBehind: Beginning;

beforeAll(async () => {
  runOnOneThread();
  renewing = await signIn({ laptop: alice }, { ...twoWorkers, passSeconds: untilExpiredSeconds });
  extending = await signIn({ laptop: alice }, { ...twoWorkers, passSeconds: 20 * 60 });
  renewingBehind = await signIn({ laptop: alice }, { ...twoWorkers, passSeconds: untilLastMinutesSeconds });
});
afterAll(backToManyThreads);

const total = { spaces: 0, states: 0, ends: 0 };

async function exhaust(setting: Partial<Setting>, beginning: Beginning): Promise<readonly string[][]> {
  const answers: string[][] = [];
  const explored = await explore({ ...twoWorkers, ...setting }, beginning, {
    atEnd: ({ records }) => answers.push(records.map(({ answer }) => answer?.kind ?? 'none')),
  });
  expect(explored.complete).toBe(true);
  total.spaces++;
  total.states += explored.states;
  total.ends += explored.ends;
  return answers;
}

describe.runIf(isWholeRun)('each pair of operations keeps every promise in every order of events', () => {
  it.each(pairs)(
    'on two workers: $first, $second',
    { tags: ['K2', 'L1', 'T4', 'T5'], timeout: TIMEOUT_MS },
    async (pair) => {
      const activities = [pair.one('w1'), pair.other('w2')];
      const later = isShort(pair) ? [call('w1', { after: 1 })] : [];
      await exhaust({ activities: [...activities, ...later] }, renewing);
    },
  );

  it.each(withCall)(
    'if the call extends the session: $first, $second',
    {
      tags: ['L1', 'T4', 'SC-3'],
      timeout: TIMEOUT_MS,
    },
    async ({ other }) => {
      await exhaust({ activities: [call('w1'), other('w2')], idleSeconds: 60 * 60 }, extending);
    },
  );

  it.each(withCall)(
    'if the tokens are renewed behind the call: $first, $second',
    {
      tags: ['K2', 'L1', 'T4'],
      timeout: TIMEOUT_MS,
    },
    async ({ other }) => {
      // The renewal begins a second after the call, and the other operation before, during or after it.
      await exhaust({ activities: [call('w1'), other('w2')], leapsMs: [1_000] }, renewingBehind);
    },
  );

  it.each(withCall.filter(isShort))(
    'on one worker that caches the session: $first, $second',
    {
      tags: ['L1', 'T4', 'SC-4'],
      timeout: TIMEOUT_MS,
    },
    async ({ other }) => {
      const setting = { activities: [call('w1'), other('w1'), call('w1', { after: 1 })], workers: ['w1'] };
      await exhaust({ ...setting, cacheSeconds: 5 }, renewing);
    },
  );

  it('two callbacks of one sign-in create one session, and one of them gets its cookie', {
    tags: ['CB-2', 'T5'],
    timeout: TIMEOUT_MS,
  }, async () => {
    const repeated = operations['a repeated callback'];
    if (repeated === undefined) throw new Error('no such operation');
    const answers = await exhaust({ activities: [repeated('w1'), repeated('w2')] }, renewing);
    expect(new Set(answers.map((kinds) => kinds.toSorted().join()))).toEqual(new Set(['done,signed-in']));
  });
});

afterAll(() => {
  if (total.spaces === 0) return;
  report({
    part: 'model',
    requirements: 'K2, L1, T4, T5',
    what: `every order of events: each pair of ${named.length} operations on 2 workers, and each with a call that extends or caches the session or renews behind its answer`,
    result: `${total.spaces} pairs, ${total.states} states, ${total.ends} end states`,
  });
});
