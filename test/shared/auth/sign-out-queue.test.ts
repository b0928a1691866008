import { beforeEach, describe, expect, it } from 'vitest';
import { createSignOutQueue, type SignOutQueue } from '../../../src/shared/auth/sign-out-queue.ts';

let nowMs: number;
let queue: SignOutQueue;
/** What runs just now, by `sid`, with what ends it. */
let running: Map<string, { done(): void; fail(error: Error): void }>;
let most: number;

beforeEach(() => {
  nowMs = 0;
  running = new Map();
  most = 0;
  queue = createSignOutQueue({ monotonicMs: () => nowMs, maxAtATime: 2, maxWaiting: 3 });
});

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
  it('runs a few at a time, and all in the end (DO-3)', async () => {
    const all = ['a', 'b', 'c', 'd', 'e'].map(ask);
    expect([...running.keys()]).toEqual(['a', 'b']);
    running.get('a')?.done();
    await settle();
    expect([...running.keys()]).toEqual(['b', 'c']);
    await finish();
    await Promise.all(all);
    expect(most).toBe(2);
  });

  it('gives equal ones that wait one turn, and one that came after the turn began another (LO-3)', async () => {
    const turns: string[] = [];
    const count = (sid: string) => {
      turns.push(sid);
      return ask(sid);
    };
    const first = queue.run('a', () => count('a-first'));
    const later = Array.from({ length: 50 }, () => queue.run('a', () => count('a-second')));
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
    it('more than may wait, and takes them again when there is room (DO-3)', async () => {
      const all = ['a', 'b', 'c', 'd', 'e'].map(ask);
      await expect(ask('f')).rejects.toMatchObject(tooMany);
      running.get('a')?.done();
      await settle();
      all.push(ask('f'));
      await finish();
      await Promise.all(all);
    });

    it('more than a hundred for one sid (DO-3)', async () => {
      const all = [ask('a'), ...Array.from({ length: 100 }, () => ask('a'))];
      await expect(ask('a')).rejects.toMatchObject(tooMany);
      await finish();
      await Promise.all(all);
    });

    it('what has waited for more than ten seconds: a table that is gone is not asked for minutes (DO-3)', async () => {
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
