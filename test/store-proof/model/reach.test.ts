import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settings } from '../../../src/shared/config/settings.ts';
import { isWholeRun } from '../../support/scale.ts';
import { report } from '../report.ts';
import type { Activity } from './activity.ts';
import { type Explored, explore } from './explore.ts';
import { backToManyThreads, runOnOneThread } from './one-thread.ts';
import { signIn } from './run.ts';
import type { Beginning, Setting } from './setting.ts';
import { call, endAll, endBySid, endOne, logout, twoWorkers } from './settings.ts';
import { alice } from './users.ts';
import type { World } from './world-state.ts';

/** After this time, no worker serves a session that has ended. */
const REACH_MS = 2_000;
const otherEndings = { 'one session': endOne, 'all sessions': endAll, 'their sid': endBySid };
const endings = { 'sign-out': logout, ...(isWholeRun ? otherEndings : {}) };
const defaultSeconds = Number(settings.SESSION_CACHE_SECONDS.absence.text);

let beginning: Beginning;
let states = 0;
let ends = 0;

beforeAll(async () => {
  runOnOneThread();
  // Access tokens are valid for an hour, so no call renews them.
  beginning = await signIn({ laptop: alice }, { ...twoWorkers, passSeconds: 60 });
});
afterAll(backToManyThreads);

/**
 * A worker caches the session, another one ends it, and the first one gets one more call.
 * @returns the answers to that call, by the whole seconds since the ending was confirmed
 */
async function answersBySecond(
  end: (worker: string) => Activity,
  setting: Partial<Setting>,
): Promise<ReadonlyMap<number, ReadonlySet<string>>> {
  const answers = new Map<number, Set<string>>();
  const activities = [call('w2'), end('w1'), call('w2', { after: 1 })];
  const explored: Explored = await explore({ ...twoWorkers, activities, ...setting }, beginning, {
    atEnd({ records: [, ending, last] }: World) {
      if (ending?.answer?.kind !== 'done') return;
      const second = Math.floor(((last?.beganAtMs ?? 0) - (ending.answeredAtMs ?? 0)) / 1000);
      answers.set(second, (answers.get(second) ?? new Set()).add(last?.answer?.kind ?? 'none'));
    },
  });
  expect(explored.complete).toBe(true);
  states += explored.states;
  ends += explored.ends;
  return answers;
}

describe.each(Object.entries(endings))('the ending by %s', (_, end) => {
  it('reaches a worker with a cached session within two seconds, in every order of events', {
    tags: ['L1'],
  }, async () => {
    const leapsMs = [defaultSeconds * 1000, REACH_MS - defaultSeconds * 1000];
    const answers = await answersBySecond(end, { cacheSeconds: defaultSeconds, leapsMs });
    expect(answers.get(0)).toEqual(new Set(['token', 'signed-out']));
    expect(answers.get(REACH_MS / 1000)).toEqual(new Set(['signed-out']));
  });

  it('needs no read of the table to take effect after SESSION_CACHE_SECONDS', {
    tags: ['L1', 'T1'],
  }, async () => {
    const cacheSeconds = 5;
    const answers = await answersBySecond(end, {
      cacheSeconds,
      leapsMs: [cacheSeconds * 1000],
      faults: { kinds: ['fails'], atMost: 1 },
    });
    expect(answers.get(0)).toContain('token');
    expect(answers.get(cacheSeconds)).toEqual(new Set(['signed-out', 'problem']));
  });
});

it('the model finds a copy that lasts longer', { tags: ['L1'] }, async () => {
  const answers = await answersBySecond(logout, { cacheSeconds: 5, leapsMs: [REACH_MS] });
  expect(answers.get(REACH_MS / 1000)).toContain('token');
});

afterAll(() => {
  report({
    part: 'model',
    requirements: 'L1, T1',
    what: `every order of events: 2 workers, a cached session, ${Object.keys(endings).length} ways to end it, 1 call immediately or 2 s after; the same with 1 read or write that fails`,
    result: `${states} states, ${ends} end states; none is served after 2 s, or after SESSION_CACHE_SECONDS if the table cannot be read`,
  });
});
