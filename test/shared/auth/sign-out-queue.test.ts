import { beforeEach, describe, expect, it } from 'vitest';
import { createSignOutQueue, type SignOutQueue } from '../../../src/shared/auth/sign-out-queue.ts';

let nowMs: number;
let queue: SignOutQueue;
/** The running sign-outs by `sid`, with the functions that end them. */
let running: Map<string, { done(): void; fail(error: Error): void }>;
/** The largest number that ran at the same time. */
let maxRunning: number;
/** The timers that are set. */
let timers: { readonly atMs: number; readonly run: () => void }[];

beforeEach(() => {
  timers = [];
  nowMs = 0;
  running = new Map();
  maxRunning = 0;
  queue = queueOf(3);
});

const queueOf = (maxWaiting?: number) =>
  createSignOutQueue({
    monotonicMs: () => nowMs,
    later: (run, ms) => void timers.push({ atMs: nowMs + ms, run }),
    maxRunning: 2,
    ...(maxWaiting === undefined ? {} : { maxWaiting }),
  });

async function advance(ms: number): Promise<void> {
  nowMs += ms;
  const due = timers.filter(({ atMs }) => atMs <= nowMs);
  timers = timers.filter(({ atMs }) => atMs > nowMs);
  for (const { run } of due) run();
  await settle();
}

const signOut = (sid: string) =>
  queue.run(sid, () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    expect(running.has(sid)).toBe(false);
    const ending = promise.finally(() => running.delete(sid));
    running.set(sid, { done: resolve, fail: reject });
    maxRunning = Math.max(maxRunning, running.size);
    return ending;
  });

/** Lets all promises settle that wait for nothing else. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

async function finish(): Promise<void> {
  for (; running.size > 0; await settle()) for (const { done } of running.values()) done();
}

const tooMany = { code: 'rate_limited', rules: ['sign-outs'] };

describe('the queue of sign-outs', () => {
  it('runs a few at a time until all have run', { tags: ['DO-3'] }, async () => {
    const all = ['a', 'b', 'c', 'd', 'e'].map(signOut);
    expect([...running.keys()]).toEqual(['a', 'b']);
    running.get('a')?.done();
    await settle();
    expect([...running.keys()]).toEqual(['b', 'c']);
    await finish();
    await Promise.all(all);
    expect(maxRunning).toBe(2);
  });

  it('runs once for requests that wait with the same sid, and again for those that come after it has started', {
    tags: ['LO-3'],
  }, async () => {
    const turns: string[] = [];
    const count = (sid: string) => {
      turns.push(sid);
      return signOut(sid);
    };
    const first = queue.run('a', () => count('a-first'));
    const later = Array.from({ length: 3 }, () => queue.run('a', () => count('a-second')));
    expect(turns).toEqual(['a-first']);
    await finish();
    await Promise.all([first, ...later]);
    expect(turns).toEqual(['a-first', 'a-second']);
  });

  it('rejects all requests that share a failed turn, and continues with the others', async () => {
    const all = ['a', 'b', 'c', 'c', 'd'].map(signOut);
    const ends = Promise.allSettled(all);
    running.get('a')?.done();
    await settle();
    running.get('c')?.fail(new Error('the table is gone'));
    await settle();
    await finish();
    expect((await ends).map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
  });

  describe('refuses', () => {
    it('requests beyond the limit, until there is room again', { tags: ['DO-3'] }, async () => {
      const all = ['a', 'b', 'c', 'd', 'e'].map(signOut);
      await expect(signOut('f')).rejects.toMatchObject(tooMany);
      running.get('a')?.done();
      await settle();
      all.push(signOut('f'));
      await finish();
      await Promise.all(all);
    });

    it('more than four waiting requests with the same sid', { tags: ['DO-3'] }, async () => {
      queue = queueOf();
      const all = [signOut('a'), ...Array.from({ length: 4 }, () => signOut('a'))];
      await expect(signOut('a')).rejects.toMatchObject(tooMany);
      await finish();
      await Promise.all(all);
    });

    it('more than a thousand waiting requests, even if they share sids', { tags: ['DO-3'] }, async () => {
      queue = queueOf();
      const all = [signOut('a'), signOut('b')];
      for (let sid = 0; sid < 250; sid++) for (let share = 0; share < 4; share++) all.push(signOut(`${sid}`));
      await expect(signOut('other')).rejects.toMatchObject(tooMany);
      await expect(signOut('a')).rejects.toMatchObject(tooMany);
      await finish();
      await Promise.all(all);
      expect(all).toHaveLength(1_002);
      // The count is back at zero.
      const again = Array.from({ length: 6 }, (_, sid) => signOut(`again ${sid}`));
      await finish();
      await Promise.all(again);
    });

    it('requests that have waited for ten seconds, even while no running one ends', {
      tags: ['DO-3'],
    }, async () => {
      queue = queueOf(4);
      const running = [signOut('a'), signOut('b')];
      const old = Promise.allSettled([signOut('c'), signOut('c'), signOut('d')]);
      await advance(4_000);
      const younger = Promise.allSettled([signOut('e')]);
      expect(timers).toHaveLength(1);
      await advance(6_000);
      for (const result of await old)
        expect(result).toMatchObject({ status: 'rejected', reason: expect.objectContaining(tooMany) });
      // There is room again, and one timer for the request that is now the oldest.
      const youngest = Promise.allSettled([signOut('f'), signOut('g'), signOut('h')]);
      expect(timers.map(({ atMs }) => atMs)).toEqual([14_000]);
      await advance(4_000);
      expect((await younger)[0]).toMatchObject({ status: 'rejected' });
      await finish();
      await Promise.all(running);
      expect((await youngest).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
      await advance(20_000);
      expect(timers).toEqual([]);
    });

    it('overdue requests when another one ends, even if the timer is late', {
      tags: ['DO-3'],
    }, async () => {
      const all = ['a', 'b', 'c', 'd'].map(signOut);
      const ends = Promise.allSettled(all);
      nowMs += 10_001;
      running.get('a')?.done();
      await settle();
      expect([...running.keys()]).toEqual(['b']);
      await finish();
      expect((await ends).map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'rejected',
        'rejected',
      ]);
    });
  });
});
