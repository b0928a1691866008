import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isWholeRun } from '../../support/scale.ts';
import { report } from '../report.ts';
import { type Explored, type ExploreOptions, explore } from './explore.ts';
import { backToManyThreads, runOnOneThread } from './one-thread.ts';
import { signIn } from './run.ts';
import type { Beginning, FaultKind, Setting } from './setting.ts';
import {
  call,
  decline,
  endAll,
  endBySid,
  guardedCall,
  logout,
  signInAt,
  sweep,
  twoWorkers,
  untilExpiredSeconds,
  untilLastMinutesSeconds,
} from './settings.ts';
import { isSessionRow } from './simulated-table.ts';
import { alice } from './users.ts';
import type { World } from './world-state.ts';

const TIMEOUT_MS = 10 * 60_000;

let beginning: Beginning;

beforeAll(async () => {
  runOnOneThread();
  beginning = await signIn({ laptop: alice }, { ...twoWorkers, passSeconds: untilExpiredSeconds });
});
afterAll(backToManyThreads);

/** Explores a complete space and reports its size. */
async function exhaust(
  requirements: string,
  what: string,
  setting: Partial<Setting>,
  { beginning: from = beginning, ...options }: ExploreOptions & { readonly beginning?: Beginning } = {},
): Promise<Explored> {
  const beganAtMs = performance.now();
  const explored = await explore({ ...twoWorkers, ...setting }, from, options);
  expect(explored.complete).toBe(true);
  const { states, runs, ends } = explored;
  const seconds = Math.round((performance.now() - beganAtMs) / 1000);
  report({
    part: 'model',
    requirements,
    what: `every order of events: ${what}`,
    result: `${states} states, ${ends} end states, ${runs} runs in ${seconds} s`,
  });
  return explored;
}

const answersOf = (world: World) => world.records.map(({ answer }) => answer?.kind);
const faults = (...kinds: FaultKind[]) => ({ kinds, atMost: 1 });
const bothCall = [call('w1'), call('w2')];

/** The access token is due for renewal, but valid for a call. */
const stillGood = () => signIn({ laptop: alice }, { ...twoWorkers, passSeconds: untilLastMinutesSeconds });

function expectNoWaiting({ records }: World): void {
  for (const { state, beganAtMs, answeredAtMs } of records) {
    if (state === 'answered') expect(answeredAtMs).toBe(beganAtMs);
  }
}

describe.runIf(isWholeRun)('in every order of events', () => {
  it('two workers that need new tokens redeem once, and both get them', {
    tags: ['K2'],
  }, async () => {
    await exhaust(
      'K2',
      '2 workers, 1 renewal',
      { activities: bothCall },
      {
        atEnd(world) {
          expect(answersOf(world)).toEqual(['token', 'token']);
          expect(world.issuer.issues).toHaveLength(1);
        },
      },
    );
  });

  it('one of two workers with a valid access token renews behind its call, and no call waits', {
    tags: ['K2', 'I2'],
  }, async () => {
    await exhaust(
      'K2',
      '2 workers, 1 renewal behind the calls, at the same time or 1 s apart, access token still valid',
      { activities: [call('w1'), call('w2', { after: 0 })], leapsMs: [1_000] },
      {
        beginning: await stillGood(),
        atEnd(world) {
          expect(answersOf(world)).toEqual(['token', 'token']);
          expect(world.issuer.issues).toHaveLength(1);
          expectNoWaiting(world);
        },
      },
    );
  });

  it('claims that will soon be too old are renewed once behind the calls of two workers', {
    tags: ['RG-3', 'K2'],
  }, async () => {
    await exhaust(
      'K2',
      '2 workers, 2 guarded calls, at the same time or 1 s apart, 1 renewal of the claims behind them',
      { activities: [guardedCall('w1'), guardedCall('w2', { after: 0 })], leapsMs: [1_000] },
      {
        beginning: await signIn({ laptop: alice }, { ...twoWorkers, passSeconds: 270 }),
        atEnd(world) {
          expect(answersOf(world)).toEqual(['token', 'token']);
          expect(world.issuer.issues).toHaveLength(1);
          expectNoWaiting(world);
        },
      },
    );
  });

  it('a sign-out wins over a renewal behind a call', { tags: ['L1'] }, async () => {
    await exhaust(
      'L1',
      '2 workers, 1 renewal behind a call, 1 sign-out',
      // The renewal begins a second after the call, and the sign-out before, during or after it.
      { activities: [call('w1'), logout('w2')], leapsMs: [1_000] },
      {
        beginning: await stillGood(),
        atEnd(world) {
          expect(world.records[1]?.answer?.kind).toBe('done');
          expect(sessionsLeft(world)).toBe(0);
        },
      },
    );
  });

  it('a worker that is killed during a renewal behind a call delays no call, and another one renews', {
    tags: ['K2', 'I2'],
    timeout: TIMEOUT_MS,
  }, async () => {
    let takenOver = 0;
    await exhaust(
      'I2',
      '2 workers, 1 renewal behind the calls, 1 worker is killed, 1 call 10 s later',
      {
        activities: [call('w1'), call('w2', { after: 0 }), call('w2', { after: 1 })],
        issuer: 'entra-like',
        faults: { ...faults('killed'), worker: 'w1' },
        leapsMs: [2_000, 10_000],
      },
      {
        beginning: await stillGood(),
        atEnd(world) {
          for (const { state, answer } of world.records) {
            if (state === 'answered') expect(answer?.kind).toBe('token');
          }
          expectNoWaiting(world);
          const isTakenOver = world.logged.some(({ record }) => record.event === 'lease-taken-over');
          if (isTakenOver && world.issuer.issues.at(-1)?.worker === 'w2') takenOver++;
        },
      },
    );
    expect(takenOver).toBeGreaterThan(0);
  });

  it('a worker that is frozen during a renewal behind a call delays no call, and no token is lost', {
    tags: ['K2', 'I2'],
    timeout: TIMEOUT_MS,
  }, async () => {
    const redemptions = new Set<number>();
    await exhaust(
      'I2',
      '2 workers, 1 renewal behind the calls, 1 worker is frozen for 10 s',
      {
        activities: [call('w1'), call('w2', { after: 0 })],
        issuer: 'entra-like',
        faults: { ...faults('stalled'), worker: 'w1' },
        coarseMs: 10_000,
        freeTicks: 1,
      },
      {
        beginning: await stillGood(),
        atEnd(world) {
          for (const { answer, beganAtMs, answeredAtMs, activity } of world.records) {
            // A call that is itself frozen may find that its read took too long.
            const isFrozen =
              beganAtMs !== answeredAtMs && world.faults.some(({ worker }) => worker === activity.worker);
            expect(['token', ...(isFrozen ? ['problem'] : [])]).toContain(answer?.kind);
          }
          redemptions.add(world.issuer.issues.length);
        },
      },
    );
    expect(redemptions).toContain(1);
  });

  it('orders that cannot be distinguished have the same ends, so they can be skipped', async () => {
    const endsOf = async (everyOrder: boolean) => {
      const ends = new Set<string>();
      const activities = [call('w1'), logout('w2')];
      const explored = await explore({ ...twoWorkers, activities }, beginning, {
        everyOrder,
        atEnd({ records, table, reader, issuer }) {
          const rows = table.versions().map(({ row }) => reader.describe(row));
          ends.add(JSON.stringify([records.map(({ answer }) => answer), rows, issuer.state]));
        },
      });
      return { ends, states: explored.states };
    };
    const [all, fewer] = [await endsOf(true), await endsOf(false)];
    expect(fewer.ends).toEqual(all.ends);
    expect(fewer.states).toBeLessThan(all.states);
  });

  it('a sign-out ends the session for every later call', { tags: ['L1'] }, async () => {
    const activities = [call('w1'), logout('w2'), call('w1', { after: 1 }), call('w2', { after: 1 })];
    await exhaust(
      'L1',
      '2 workers, 1 renewal, 1 sign-out, 2 calls after it',
      { activities },
      {
        atEnd: (world) => expect(answersOf(world).slice(1)).toEqual(['done', 'signed-out', 'signed-out']),
      },
    );
  });

  it('a sign-out wins over the renewal for a guard, and over the sweep', {
    tags: ['L1', 'RG-3'],
  }, async () => {
    const activities = [guardedCall('w1'), logout('w2'), sweep('w2'), guardedCall('w1', { after: 1 })];
    await exhaust(
      'L1',
      '2 workers, 1 guarded call, 1 sign-out, 1 sweep, 1 guarded call after the sign-out',
      { activities },
      { atEnd: (world) => expect(answersOf(world).slice(1)).toEqual(['done', 'done', 'signed-out']) },
    );
  });

  it('two guarded calls and a plain one on two workers redeem once, and all succeed', {
    tags: ['RG-3', 'K2'],
  }, async () => {
    const activities = [guardedCall('w1'), guardedCall('w2'), call('w2')];
    await exhaust(
      'K2',
      '2 workers, 2 guarded calls, 1 plain call',
      { activities },
      {
        atEnd(world) {
          expect(answersOf(world)).toEqual(['token', 'token', 'token']);
          expect(world.issuer.issues).toHaveLength(1);
        },
      },
    );
  });

  it('a call is refused if recording its use shows a sign-out elsewhere', {
    tags: ['L1'],
  }, async () => {
    const used = await signIn({ laptop: alice }, { ...twoWorkers, passSeconds: 20 * 60 });
    const setting = { activities: [call('w1'), logout('w2')], idleSeconds: 60 * 60 };
    const seen = new Set<string>();
    await exhaust('L1', '2 workers, 1 call that extends the session, 1 sign-out', setting, {
      beginning: used,
      atEnd(world) {
        const merge = world.messages.find(
          ({ worker, operation }) => worker === 'w1' && operation === 'merge',
        );
        seen.add(`${merge?.saying?.includes('missing') ? 'gone' : 'there'}: ${answersOf(world)[0]}`);
      },
    });
    // Its read found nothing, or its use was recorded before the sign-out.
    expect(seen).toEqual(new Set(['there: signed-out', 'there: token', 'gone: signed-out']));
  });

  it('a cached session serves no call after a sign-out on its own worker', { tags: ['L1'] }, async () => {
    const activities = [call('w1'), logout('w1'), call('w1', { after: 1 })];
    await exhaust('L1', '1 worker with a cached session, 1 renewal, 1 sign-out, 1 call after it', {
      activities,
      workers: ['w1'],
      cacheSeconds: 5,
    });
  });

  it('a fact that another worker writes meanwhile is kept, and so are the new tokens', {
    tags: ['T4'],
  }, async () => {
    await exhaust(
      'T4',
      '2 workers, 1 renewal, 1 other write',
      { activities: [call('w1'), decline('w2')] },
      {
        atEnd(world) {
          const [version] = world.table.versions().filter(({ row }) => row.partitionKey.startsWith('user-'));
          const opened = version && world.reader.open(version.row);
          expect(opened).toMatchObject({
            kind: 'session',
            content: { facts: { consentDenials: { mail: { by: 'user' } } } },
          });
        },
      },
    );
  });
});

/** Number of sessions at the end, without the initial ones. */
const sessionsLeft = ({ table }: World) => table.versions().filter(({ row }) => isSessionRow(row)).length;

describe.runIf(isWholeRun)('a sign-in and its possible endings, in every order of events', () => {
  it('ends if all sessions are ended meanwhile, and stays if it begins later', {
    tags: ['L1'],
    timeout: TIMEOUT_MS,
  }, async () => {
    const seen = new Set<string>();
    await exhaust(
      'L1',
      '1 sign-in, all sessions end on another worker, at the same time or 3 s apart',
      { activities: [signInAt('w1', 'phone', alice), endAll('w2')], leapsMs: [3_000] },
      {
        atEnd(world) {
          const [{ beganAtMs: signInAtMs = 0, answer } = {}, { answeredAtMs: endedAtMs = 0 } = {}] =
            world.records;
          const isLater = signInAtMs > endedAtMs;
          expect(sessionsLeft(world)).toBe(isLater ? 1 : 0);
          seen.add(`${isLater ? 'later' : 'meanwhile'}: ${answer?.kind}`);
        },
      },
    );
    expect(seen).toEqual(new Set(['later: signed-in', 'meanwhile: signed-in', 'meanwhile: signed-out']));
  });

  it.each(['fails', 'answer lost', 'repeated'] as const)(
    'ends if all sessions are ended meanwhile and a query meets a fault: %s',
    { tags: ['L1', 'T1'], timeout: TIMEOUT_MS },
    async (kind) => {
      const seen = new Set<string>();
      await exhaust(
        'L1, T1',
        `1 sign-in, all sessions end on another worker, 1 fault of a query: ${kind}`,
        {
          activities: [signInAt('w1', 'phone', alice), endAll('w2')],
          faults: { ...faults(kind), operations: ['list'] },
        },
        {
          atEnd({ faults: [fault], records: [signedIn], messages }) {
            if (fault?.worker !== 'w1') return;
            const reads = messages.filter(({ worker, operation }) => worker === 'w1' && operation === 'read');
            seen.add(`${signedIn?.answer?.kind}, ${reads.length} reads`);
          },
        },
      );
      // If the query failed, the tombstone is read, besides the index row.
      const reads = kind === 'repeated' ? '1 reads' : '2 reads';
      expect(seen).toEqual(new Set([`signed-in, ${reads}`, `signed-out, ${reads}`]));
    },
  );

  it.each([
    [290, -290],
    [-290, 290],
  ])(
    'is compared by the clock of the table if the clocks are ahead by %i s and %i s',
    {
      tags: ['K1', 'L1'],
      timeout: TIMEOUT_MS,
    },
    async (signInAhead, endingAhead) => {
      const valid = await signIn({ laptop: alice }, { ...twoWorkers, passSeconds: 60 });
      const clockSkewMs = { w1: signInAhead * 1000, w2: endingAhead * 1000 };
      // The call shows the table's clock to the worker of the sign-in.
      const activities = [call('w1'), { ...signInAt('w1', 'phone', alice), after: 0 }, endAll('w2')];
      const seen = new Set<string>();
      await exhaust(
        'K1, L1',
        `1 sign-in, all sessions end at the same time or 3 s apart, clocks ${signInAhead} s and ${endingAhead} s ahead`,
        { activities, clockSkewMs, leapsMs: [3_000] },
        {
          beginning: valid,
          atEnd(world) {
            const [, { beganAtMs: signInAtMs = 0, answer } = {}, { answeredAtMs: endedAtMs = 0 } = {}] =
              world.records;
            const isLater = signInAtMs > endedAtMs;
            expect(sessionsLeft(world)).toBe(isLater ? 1 : 0);
            seen.add(`${isLater ? 'later' : 'meanwhile'}: ${answer?.kind}`);
          },
        },
      );
      expect(seen).toEqual(new Set(['later: signed-in', 'meanwhile: signed-in', 'meanwhile: signed-out']));
    },
  );

  it('ends if its sid is ended meanwhile and its index row was seen', {
    tags: ['L1'],
    timeout: TIMEOUT_MS,
  }, async () => {
    const seen = new Set<string>();
    await exhaust(
      'L1',
      '1 sign-in, its sid ends on another worker',
      { activities: [signInAt('w1', 'laptop', alice), endBySid('w2')] },
      {
        atEnd(world) {
          const answer = world.records[0]?.answer;
          const isSeen = world.table.versions().every(({ row }) => !isSessionRow(row));
          seen.add(`${answer?.kind}, ${isSeen ? 'gone' : 'there'}`);
        },
      },
    );
    // It stays if its index row came after the listing, because nothing records that this `sid` was ended.
    expect(seen).toEqual(new Set(['signed-in, there', 'signed-in, gone', 'signed-out, gone']));
  });
});

describe.runIf(isWholeRun)('sign-ins beyond the limit of active sessions, in every order of events', () => {
  it('never end each other if they are concurrent, and respect the limit otherwise', {
    tags: ['T4'],
    timeout: TIMEOUT_MS,
  }, async () => {
    const left = new Set<number>();
    await exhaust(
      'T4',
      '2 workers, 2 sign-ins of a user at the limit of sessions',
      { activities: [signInAt('w1', 'phone', alice), signInAt('w2', 'tablet', alice)], maxPerUser: 1 },
      { atEnd: (world) => left.add(sessionsLeft(world)) },
    );
    // Two, if the newer one listed before the older one's row was inserted.
    expect(left).toEqual(new Set([1, 2]));
    const later = new Set<boolean>();
    const inTurn = [signInAt('w1', 'phone', alice), { ...signInAt('w2', 'tablet', alice), after: 0 }];
    await exhaust(
      'T4',
      '2 workers, 2 sign-ins in a row, immediately or 1 s later, at most 1 session',
      { activities: inTurn, maxPerUser: 1, leapsMs: [1_000] },
      {
        atEnd(world) {
          const [{ answeredAtMs: firstAtMs = 0 } = {}, { beganAtMs: secondAtMs = 0 } = {}] = world.records;
          const isLater = secondAtMs > firstAtMs;
          if (isLater) expect(sessionsLeft(world)).toBe(1);
          later.add(isLater);
        },
      },
    );
    expect(later).toEqual(new Set([true, false]));
  });
});

describe.runIf(isWholeRun)('in every order of events, the whole proof', () => {
  it('a sign-out during the renewals of two workers leaves no row and no waiting call', {
    tags: ['K2', 'L1'],
    timeout: TIMEOUT_MS,
  }, async () => {
    const activities = [...bothCall, logout('w1')];
    await exhaust('K2, L1', '2 workers, 1 renewal, 1 sign-out on one of them', { activities });
  });

  it.each(['entra-like', 'single-use', 'strict'] as const)(
    'no call waits forever and no token is lost, even if time passes at any moment (%s)',
    { tags: ['K2'], timeout: TIMEOUT_MS },
    async (issuer) => {
      const redemptions = new Set<number>();
      const answers = new Set<string>();
      // A wait of 3.9 s is the longest that fits into every deadline: 4 s, 8 s and 4 s again are nearly used. A
      // holder that needs all of that time is overtaken.
      const setting: Partial<Setting> = {
        activities: bothCall,
        issuer,
        freeTicks: 3,
        coarseMs: 3_900,
      };
      await exhaust('K2', `2 workers, 1 renewal, slow responses, ${issuer} issuer`, setting, {
        atEnd(world) {
          redemptions.add(world.issuer.issues.length);
          for (const answer of answersOf(world)) answers.add(answer ?? 'none');
        },
      });
      expect(redemptions).toEqual(new Set(issuer === 'entra-like' ? [1, 2] : [1]));
      expect(answers).toEqual(
        new Set(issuer === 'entra-like' ? ['token'] : ['token', 'interaction-required']),
      );
    },
  );

  it.each(['fails', 'answer lost', 'repeated', 'killed'] as const)(
    'one operation or one worker can fail: %s',
    { tags: ['T2', 'T3', 'I2'], timeout: TIMEOUT_MS },
    async (kind) => {
      const setting = { activities: bothCall, faults: faults(kind), coarseMs: 30_000 };
      await exhaust('T2, T3, I2', `2 workers, 1 renewal, 1 fault: ${kind}`, setting);
    },
  );

  it('the refusal of a worker that was stalled is ignored if the row has changed', {
    tags: ['I2'],
    timeout: TIMEOUT_MS,
  }, async () => {
    await exhaust('I2', '2 workers, 1 renewal, 1 worker stalls', {
      activities: bothCall,
      issuer: 'single-use',
      faults: faults('stalled'),
      coarseMs: 30_000,
      freeTicks: 1,
    });
  });

  it('workers with a cached session serve no call after its time has passed since a sign-out elsewhere', {
    tags: ['L1'],
    timeout: TIMEOUT_MS,
  }, async () => {
    const activities = [call('w2'), logout('w1'), call('w2', { after: 1 })];
    const answers = new Set<string | undefined>();
    await exhaust(
      'L1',
      '2 workers with cached sessions, 1 renewal, 1 sign-out, 1 call immediately or 6 s after it',
      { activities, cacheSeconds: 5, leapsMs: [6_000] },
      { atEnd: (world) => answers.add(world.records[2]?.answer?.kind) },
    );
    // It may be served while the session is cached. The invariant checks later calls.
    expect(answers).toEqual(new Set(['token', 'signed-out']));
  });

  it('two workers can both record use while they renew', { tags: ['T4'], timeout: TIMEOUT_MS }, async () => {
    await exhaust('T4', '2 workers, 1 renewal, both extend the session', {
      activities: bothCall,
      idleSeconds: 2 * 60 * 60,
    });
  });
});
