import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isWholeRun } from '../../support/scale.ts';
import { report } from '../report.ts';
import { explore } from './explore.ts';
import { backToManyThreads, runOnOneThread } from './one-thread.ts';
import {
  indexNotConfirmed,
  logoutOfOneWorker,
  markNotListed,
  markNotReadByKey,
  noClear,
  noIfMatch,
  noLease,
  noSecondLook,
  ownClocks,
  type PlantedBug,
  queriedTooEarly,
  sharedClient,
  upsert,
} from './planted-bugs.ts';
import { repeatViolation, signIn, Violation } from './run.ts';
import type { Beginning, Setting } from './setting.ts';
import {
  call,
  decline,
  endAll,
  endBySid,
  logout,
  signInAt,
  twoWorkers,
  untilExpiredSeconds,
  untilLastMinutesSeconds,
} from './settings.ts';
import { alice, bob } from './users.ts';

let beginning: Beginning;
let found = 0;

beforeAll(async () => {
  runOnOneThread();
  beginning = await signIn(
    { laptop: alice, phone: bob },
    { ...twoWorkers, passSeconds: untilExpiredSeconds },
  );
});
afterAll(backToManyThreads);

/** Explores until an invariant is violated, and shows that the list of choices reproduces it. */
async function firstViolation(
  bug: PlantedBug,
  setting: Partial<Setting>,
  from: Beginning = beginning,
): Promise<string> {
  const planted: Setting = { ...twoWorkers, ...setting, bug };
  const violation = await explore(planted, from).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof Violation) return error;
      throw error;
    },
  );
  if (violation === undefined) return 'none';
  const { trace, invariant } = violation;
  await expect(repeatViolation(planted, from, trace)).rejects.toThrow(invariant);
  found++;
  return invariant;
}

describe('the model finds', () => {
  it('a write without If-Match, which loses another worker’s tokens', { tags: ['T4'] }, async () => {
    const activities = [call('w1'), decline('w2')];
    expect(await firstViolation(noIfMatch, { activities })).toMatch(/^the newest refresh token survives/);
  });

  it('a write that inserts, which undoes a sign-out', { tags: ['L1'] }, async () => {
    const activities = [call('w1'), logout('w2')];
    expect(await firstViolation(upsert, { activities })).toMatch(/^a deleted row stays away/);
  });

  it('a renewal without a lease, which redeems twice', { tags: ['K2'] }, async () => {
    const activities = [call('w1'), call('w2')];
    expect(await firstViolation(noLease, { activities })).toMatch(/^a refresh token is redeemed once/);
    const passSeconds = untilLastMinutesSeconds;
    const stillGood = await signIn({ laptop: alice }, { ...twoWorkers, passSeconds });
    expect(await firstViolation(noLease, { activities }, stillGood)).toMatch(
      /^a refresh token is redeemed once/,
    );
  });

  it.runIf(isWholeRun)('an invalid_grant that is trusted without reading the row again', async () => {
    const activities = [call('w1'), call('w2')];
    const faults = { kinds: ['stalled'], atMost: 1 } as const;
    expect(
      await firstViolation(noSecondLook, {
        activities,
        faults,
        issuer: 'single-use',
        coarseMs: 30_000,
        freeTicks: 1,
      }),
    ).toMatch(/^a refusal is true/);
  });

  it('a sign-out that other workers do not notice', { tags: ['L1'] }, async () => {
    const activities = [logout('w1'), call('w2', { after: 0 })];
    expect(await firstViolation(logoutOfOneWorker, { activities })).toMatch(/^signing out is final/);
  });

  it('a sign-in that does not check whether all sessions were ended meanwhile', {
    tags: ['L1'],
  }, async () => {
    const activities = [signInAt('w1', 'desk', alice), endAll('w2')];
    expect(await firstViolation(markNotListed, { activities })).toMatch(
      /^no sign-in outlives an ending of all/,
    );
  });

  it.each(['fails', 'answer lost'] as const)(
    'a sign-in that does not read the tombstone by its key if the query of its user’s rows fails: %s',
    { tags: ['L1', 'T1'] },
    async (kind) => {
      const activities = [signInAt('w1', 'desk', alice), endAll('w2')];
      const faults = { kinds: [kind], atMost: 1, operations: ['list'] } as const;
      expect(await firstViolation(markNotReadByKey, { activities, faults })).toMatch(
        /^no sign-in outlives an ending of all/,
      );
    },
  );

  it('a sign-in that queries its user’s rows before its own row is there', { tags: ['L1'] }, async () => {
    const activities = [signInAt('w1', 'desk', alice), endAll('w2')];
    expect(await firstViolation(queriedTooEarly, { activities })).toMatch(
      /^no sign-in outlives an ending of all/,
    );
  });

  it('a sign-in that does not read its index row again', { tags: ['L1'] }, async () => {
    const activities = [signInAt('w1', 'laptop', alice), endBySid('w2')];
    expect(await firstViolation(indexNotConfirmed, { activities })).toMatch(
      /^no sign-in outlives an ending by sid/,
    );
  });

  it('workers that compare their own clocks, which differ', { tags: ['K1', 'L1'] }, async () => {
    const calm = { leapsMs: [12_000], idleSeconds: 24 * 60 * 60 };
    const ending = [endAll('w2'), { ...signInAt('w1', 'desk', alice), after: 0 }];
    const ahead = { ...calm, activities: ending, clockSkewMs: { w2: 290_000 } };
    expect(await firstViolation(ownClocks, ahead)).toMatch(/^no sign-in ends because of an earlier ending/);
    const meanwhile = [signInAt('w1', 'desk', alice), endAll('w2')];
    const behind = { ...calm, activities: meanwhile, clockSkewMs: { w2: -290_000 } };
    expect(await firstViolation(ownClocks, behind)).toMatch(/^no sign-in outlives an ending of all/);
  });

  it('one MSAL client for all users, which mixes up their tokens', async () => {
    const activities = [call('w1'), call('w1', { browser: 'phone' })];
    expect(await firstViolation(sharedClient, { activities })).not.toBe('none');
  });
});

it('a cache that is not cleared before loading has no effect while each request has its own client', async () => {
  // MSAL's memory then contains only tokens of this session, loaded in this request.
  const activities = isWholeRun ? [call('w1'), call('w1', { browser: 'phone' })] : [call('w1'), logout('w2')];
  expect(await firstViolation(noClear, { activities })).toBe('none');
});

afterAll(() => {
  report({
    part: 'model',
    requirements: 'T4, L1, K2',
    what: 'planted bugs: no If-Match, upsert, no lease, no lease behind a call, row not read again, sign-out on one worker only, tombstone not read, not read by its key after a query failed, queried too early, index row not read, clocks of workers compared, one MSAL client for all users',
    result: `${found} of 14 found, each reproduced from its list of choices`,
  });
});
