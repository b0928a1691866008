import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryBudget } from '../../../src/shared/proxy/memory-budget.ts';

/** Returns whether the promise is already fulfilled. */
async function isKept(promise: Promise<void>): Promise<boolean> {
  let kept = false;
  void promise.then(() => {
    kept = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return kept;
}

describe('the memory budget', () => {
  it('admits what fits, and the next in the queue after a release', { tags: ['DO-4'] }, async () => {
    const budget = createMemoryBudget(100);
    const [first, second, third] = [
      budget.open('user-1', 'api-1'),
      budget.open('user-2', 'api-2'),
      budget.open('user-3', 'api-3'),
    ];
    expect(await isKept(first.acquire(60))).toBe(true);
    const waiting = second.acquire(60);
    // It would fit, but then the larger call might wait forever.
    const behind = third.acquire(10);
    expect([await isKept(waiting), await isKept(behind)]).toEqual([false, false]);
    first.release();
    expect([await isKept(waiting), await isKept(behind)]).toEqual([true, true]);
  });

  it('removes a waiting call that is released', async () => {
    const budget = createMemoryBudget(100);
    const [first, second, third] = [
      budget.open('user-4', 'api-4'),
      budget.open('user-5', 'api-5'),
      budget.open('user-6', 'api-6'),
    ];
    await first.acquire(100);
    const abandoned = second.acquire(100);
    const next = third.acquire(100);
    second.release();
    first.release();
    expect([await isKept(abandoned), await isKept(next)]).toEqual([false, true]);
  });

  it('admits a body that is larger than the budget if nothing else is held', async () => {
    const budget = createMemoryBudget(100);
    const [small, huge] = [budget.open('user-7', 'api-7'), budget.open('user-8', 'api-8')];
    await small.acquire(1);
    const waiting = huge.acquire(500);
    expect(await isKept(waiting)).toBe(false);
    small.release();
    expect(await isKept(waiting)).toBe(true);
  });

  it('lets one user hold a third; other users pass the waiting calls of that user', {
    tags: ['DO-3'],
  }, async () => {
    const budget = createMemoryBudget(100);
    const [one, two, three] = [
      budget.open('alice', 'api-9'),
      budget.open('alice', 'api-10'),
      budget.open('alice', 'api-11'),
    ];
    expect([await isKept(one.acquire(20)), await isKept(two.acquire(10))]).toEqual([true, true]);
    const waiting = three.acquire(10);
    expect([await isKept(waiting), await isKept(budget.open('ben', 'api-12').acquire(40))]).toEqual([
      false,
      true,
    ]);
    one.release();
    expect(await isKept(waiting)).toBe(true);
  });

  it('lets one API hold three quarters; calls to other APIs pass', { tags: ['DO-3'] }, async () => {
    const budget = createMemoryBudget(100);
    const slow = Array.from({ length: 10 }, (_, at) => budget.open(`user-${at}`, 'slow'));
    const taken = await Promise.all(slow.map((share) => isKept(share.acquire(10))));
    expect(taken.filter((isTaken) => isTaken)).toHaveLength(7);
    expect(await isKept(budget.open('ben', 'quick').acquire(10))).toBe(true);
    slow[0]?.release();
    expect(await isKept(budget.open('carol', 'quick').acquire(10))).toBe(true);
  });

  it('leaves twice as much free for a new user as each greedy user holds', {
    tags: ['DO-3'],
  }, async () => {
    for (const greedy of [1, 2, 3, 5]) {
      const budget = createMemoryBudget(1000);
      const held = new Map<string, number>();
      for (let round = 0; round < 60; round++) {
        for (let at = 0; at < greedy; at++) {
          const user = `user-${at}`;
          if (!(await isKept(budget.open(user, `api-${at}`).acquire(10)))) continue;
          held.set(user, (held.get(user) ?? 0) + 10);
        }
      }
      const most = Math.max(...held.values());
      const free = 1000 - [...held.values()].reduce((sum, bytes) => sum + bytes, 0);
      expect(most).toBeGreaterThanOrEqual(Math.floor(1000 / (greedy + 2) / 10) * 10 - 10);
      expect(await isKept(budget.open('newcomer', 'other').acquire(2 * most, 0))).toBe(true);
      expect(free).toBeGreaterThanOrEqual(2 * most);
    }
  });

  it('grants the next step while the rest of all older answers still fits, and no further one', async () => {
    const budget = createMemoryBudget(100);
    const [old, young] = [budget.open('alice', 'api-1'), budget.open('ben', 'api-2')];
    await old.acquire(10, 40);
    await young.acquire(10, 60);
    // 10 and 40 of the old one, 50 of the young one.
    expect(await isKept(young.acquire(20, 40))).toBe(true);
    const waiting = young.acquire(40, 0);
    expect(await isKept(waiting)).toBe(false);
    expect(await isKept(old.acquire(40, 0))).toBe(true);
    expect(await isKept(waiting)).toBe(false);
    old.release();
    expect(await isKept(waiting)).toBe(true);
  });

  it('lets the oldest answer of a user continue, regardless of what else the user holds', async () => {
    const budget = createMemoryBudget(100);
    const shares = Array.from({ length: 3 }, (_, at) => budget.open('alice', `api-${at}`));
    for (const share of shares) await share.acquire(10, 20);
    const next = shares.map((share) => share.acquire(20, 0));
    expect(await Promise.all(next.map(isKept))).toEqual([true, false, false]);
    shares[0]?.release();
    expect(await Promise.all(next.map(isKept))).toEqual([true, true, false]);
  });

  it('does not search all other calls when a call that acquired nothing is released', {
    tags: ['DO-3'],
  }, () => {
    const budget = createMemoryBudget(250);
    const busy = Array.from({ length: 200 }, (_, at) => budget.open(`user-${at}`, `api-${at}`));
    for (const share of busy) void share.acquire(1, 9);
    for (const share of busy) void share.acquire(9, 0);
    const timeOf = (takes: boolean, times: number) => {
      const startMs = performance.now();
      for (let at = 0; at < times; at++) {
        const share = budget.open('newcomer', 'other');
        if (takes) void share.acquire(1);
        share.release();
      }
      return performance.now() - startMs;
    };
    // The quickest of three, because another process may have used the processor.
    const quickest = (takes: boolean, times: number) =>
      Math.min(...[1, 2, 3].map(() => timeOf(takes, times)));
    expect(quickest(false, 300)).toBeLessThan(quickest(true, 100));
  });

  it('never grants more than its size, and finally admits every waiting call', {
    tags: ['DO-4'],
  }, async () => {
    const visitor = fc.record({
      steps: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 }),
      turns: fc.integer({ min: 0, max: 3 }),
      givesUpAfter: fc.option(fc.integer({ min: 0, max: 3 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(visitor, { maxLength: 20 }), async (visitors) => {
        const budget = createMemoryBudget(120);
        let held = 0;
        let mostHeld = 0;
        const visits = visitors.map(async ({ steps, turns, givesUpAfter }, at) => {
          const permit = budget.open(`user-${at % 3}`, `api-${at % 2}`);
          let own = 0;
          let rest = steps.reduce((sum, bytes) => sum + bytes, 0);
          for (const [step, bytes] of steps.entries()) {
            rest -= bytes;
            const taken = permit.acquire(bytes, rest);
            if (givesUpAfter === step) break;
            await taken;
            own += bytes;
            held += bytes;
            mostHeld = Math.max(mostHeld, held);
            for (let turn = 0; turn < turns; turn++) await null;
          }
          held -= own;
          permit.release();
        });
        await Promise.all(visits);
        return mostHeld <= 120;
      }),
      { numRuns: 500 },
    );
  });
});
