import { beforeEach, describe, expect, it } from 'vitest';
import { createSignOutQueue, type SignOutQueue } from '../../../src/shared/auth/sign-out-queue.ts';

let nowMs: number;
let queue: SignOutQueue;
/** What runs just now, by `sid`, with what ends it. */
let running: Map<string, { done(): void; fail(error: Error): void }>;
let most: number;
/** The timers that are set, with when they fire. */
let timers: { readonly atMs: number; readonly run: () => void }[];

beforeEach(() => {
  timers = [];
  nowMs = 0;
  running = new Map();
  most = 0;
  queue = queueOf(3);
});

const queueOf = (maxWaiting?: number) =>
  createSignOutQueue({
    monotonicMs: () => nowMs,
    later: (run, ms) => void timers.push({ atMs: nowMs + ms, run }),
    maxAtATime: 2,
    ...(maxWaiting === undefined ? {} : { maxWaiting }),
  });

async function advance(ms: number): Promise<void> {
  nowMs += ms;
  const due = timers.filter(({ atMs }) => atMs <= nowMs);
  timers = timers.filter(({ atMs }) => atMs > nowMs);
  for (const { run } of due) run();
  await settle();
}

const ask = (sid: string) =>
  queue.run(sid, () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    expect(running.has(sid)).toBe(false);
    const leaving = promise.finally(() => running.delete(sid));
    running.set(sid, { done: resolve, fail: reject });
    most = Math.max(most, running.size);
    return leaving;
  });

/** Lets everything happen that waits for nothing but its turn. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

async function finish(): Promise<void> {
  for (; running.size > 0; await settle()) for (const one of running.values()) one.done();
}

const tooMany = { code: 'rate_limited', rules: ['sign-outs'] };

describe('the queue of sign-outs', () => {
  it('runs a few at a time, and all in the end', { tags: ['DO-3'] }, async () => {
    const all = ['a', 'b', 'c', 'd', 'e'].map(ask);
    expect([...running.keys()]).toEqual(['a', 'b']);
    running.get('a')?.done();
    await settle();
    expect([...running.keys()]).toEqual(['b', 'c']);
    await finish();
    await Promise.all(all);
    expect(most).toBe(2);
  });

  it('gives equal ones that wait one turn, and one that came after the turn began another', {
    tags: ['LO-3'],
  }, async () => {
    const turns: string[] = [];
    const count = (sid: string) => {
      turns.push(sid);
      return ask(sid);
    };
    const first = queue.run('a', () => count('a-first'));
    const later = Array.from({ length: 3 }, () => queue.run('a', () => count('a-second')));
    expect(turns).toEqual(['a-first']);
    await finish();
    await Promise.all([first, ...later]);
    expect(turns).toEqual(['a-first', 'a-second']);
  });

  it('tells all who share a turn of its failure, and goes on', async () => {
    const all = ['a', 'b', 'c', 'c', 'd'].map(ask);
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
    it('more than may wait, and takes them again when there is room', { tags: ['DO-3'] }, async () => {
      const all = ['a', 'b', 'c', 'd', 'e'].map(ask);
      await expect(ask('f')).rejects.toMatchObject(tooMany);
      running.get('a')?.done();
      await settle();
      all.push(ask('f'));
      await finish();
      await Promise.all(all);
    });

    it('more than four that wait for one sid', { tags: ['DO-3'] }, async () => {
      queue = queueOf();
      const all = [ask('a'), ...Array.from({ length: 4 }, () => ask('a'))];
      await expect(ask('a')).rejects.toMatchObject(tooMany);
      await finish();
      await Promise.all(all);
    });

    it('more than a thousand requests that wait, whatever sids they share', { tags: ['DO-3'] }, async () => {
      queue = queueOf();
      const all = [ask('a'), ask('b')];
      for (let sid = 0; sid < 250; sid++) for (let share = 0; share < 4; share++) all.push(ask(`${sid}`));
      await expect(ask('other')).rejects.toMatchObject(tooMany);
      await expect(ask('a')).rejects.toMatchObject(tooMany);
      await finish();
      await Promise.all(all);
      expect(all).toHaveLength(1_002);
      // Nothing is counted any more.
      const again = Array.from({ length: 6 }, (_, sid) => ask(`again ${sid}`));
      await finish();
      await Promise.all(again);
    });

    it('all that have waited for ten seconds, also while no turn ends', { tags: ['DO-3'] }, async () => {
      queue = queueOf(4);
      const running = [ask('a'), ask('b')];
      const old = Promise.allSettled([ask('c'), ask('c'), ask('d')]);
      await advance(4_000);
      const younger = Promise.allSettled([ask('e')]);
      expect(timers).toHaveLength(1);
      await advance(6_000);
      for (const end of await old)
        expect(end).toMatchObject({ status: 'rejected', reason: expect.objectContaining(tooMany) });
      // There is room again, and one timer for who is the oldest now.
      const youngest = Promise.allSettled([ask('f'), ask('g'), ask('h')]);
      expect(timers.map(({ atMs }) => atMs)).toEqual([14_000]);
      await advance(4_000);
      expect((await younger)[0]).toMatchObject({ status: 'rejected' });
      await finish();
      await Promise.all(running);
      expect((await youngest).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
      await advance(20_000);
      expect(timers).toEqual([]);
    });

    it('what has waited for more than ten seconds: a table that is gone is not asked for minutes', {
      tags: ['DO-3'],
    }, async () => {
      const all = ['a', 'b', 'c', 'd'].map(ask);
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
