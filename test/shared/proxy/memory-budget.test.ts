import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBodyRoom } from '../../../src/shared/proxy/memory-budget.ts';

/** Whether the promise has been kept by now. */
async function isKept(promise: Promise<void>): Promise<boolean> {
  let kept = false;
  void promise.then(() => {
    kept = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return kept;
}

describe('the room for bodies', () => {
  it('lets in what fits, and the next in line when somebody leaves', { tags: ['DO-4'] }, async () => {
    const room = createBodyRoom(100);
    const [first, second, third] = [
      room.open('person-1', 'api-1'),
      room.open('person-2', 'api-2'),
      room.open('person-3', 'api-3'),
    ];
    expect(await isKept(first.take(60))).toBe(true);
    const waiting = second.take(60);
    // It would fit, and the line would never move for the larger one.
    const behind = third.take(10);
    expect([await isKept(waiting), await isKept(behind)]).toEqual([false, false]);
    first.release();
    expect([await isKept(waiting), await isKept(behind)]).toEqual([true, true]);
  });

  it('forgets who gives up while waiting', async () => {
    const room = createBodyRoom(100);
    const [first, second, third] = [
      room.open('person-4', 'api-4'),
      room.open('person-5', 'api-5'),
      room.open('person-6', 'api-6'),
    ];
    await first.take(100);
    const abandoned = second.take(100);
    const next = third.take(100);
    second.release();
    first.release();
    expect([await isKept(abandoned), await isKept(next)]).toEqual([false, true]);
  });

  it('lets a body that is larger than the room in when nobody else is', async () => {
    const room = createBodyRoom(100);
    const [small, huge] = [room.open('person-7', 'api-7'), room.open('person-8', 'api-8')];
    await small.take(1);
    const waiting = huge.take(500);
    expect(await isKept(waiting)).toBe(false);
    small.release();
    expect(await isKept(waiting)).toBe(true);
  });

  it('is filled to a third by one person; others go past who waits for their own', {
    tags: ['DO-3'],
  }, async () => {
    const room = createBodyRoom(100);
    const [one, two, three] = [
      room.open('alice', 'api-9'),
      room.open('alice', 'api-10'),
      room.open('alice', 'api-11'),
    ];
    expect([await isKept(one.take(20)), await isKept(two.take(10))]).toEqual([true, true]);
    const waiting = three.take(10);
    expect([await isKept(waiting), await isKept(room.open('ben', 'api-12').take(40))]).toEqual([false, true]);
    one.release();
    expect(await isKept(waiting)).toBe(true);
  });

  it('is filled to three quarters by one upstream; the others go past', { tags: ['DO-3'] }, async () => {
    const room = createBodyRoom(100);
    const slow = Array.from({ length: 10 }, (_, at) => room.open(`person-${at}`, 'slow'));
    const taken = await Promise.all(slow.map((share) => isKept(share.take(10))));
    expect(taken.filter((isTaken) => isTaken)).toHaveLength(7);
    expect(await isKept(room.open('ben', 'quick').take(10))).toBe(true);
    slow[0]?.release();
    expect(await isKept(room.open('carol', 'quick').take(10))).toBe(true);
  });

  it('has twice as much free for who comes as each of those holds who take what they can', {
    tags: ['DO-3'],
  }, async () => {
    for (const greedy of [1, 2, 3, 5]) {
      const room = createBodyRoom(1000);
      const held = new Map<string, number>();
      for (let round = 0; round < 60; round++) {
        for (let at = 0; at < greedy; at++) {
          const person = `person-${at}`;
          if (!(await isKept(room.open(person, `api-${at}`).take(10)))) continue;
          held.set(person, (held.get(person) ?? 0) + 10);
        }
      }
      const most = Math.max(...held.values());
      const free = 1000 - [...held.values()].reduce((sum, bytes) => sum + bytes, 0);
      expect(most).toBeGreaterThanOrEqual(Math.floor(1000 / (greedy + 2) / 10) * 10 - 10);
      expect(await isKept(room.open('newcomer', 'other').take(2 * most, 0))).toBe(true);
      expect(free).toBeGreaterThanOrEqual(2 * most);
    }
  });

  it('gives the next step while the rest of all who came earlier still fits, and not one more', async () => {
    const room = createBodyRoom(100);
    const [old, young] = [room.open('alice', 'api-1'), room.open('ben', 'api-2')];
    await old.take(10, 40);
    await young.take(10, 60);
    // 10 and 40 of the old one, 50 of the young one.
    expect(await isKept(young.take(20, 40))).toBe(true);
    const waiting = young.take(40, 0);
    expect(await isKept(waiting)).toBe(false);
    expect(await isKept(old.take(40, 0))).toBe(true);
    expect(await isKept(waiting)).toBe(false);
    old.release();
    expect(await isKept(waiting)).toBe(true);
  });

  it('lets the oldest of a person go on, whatever else they hold', async () => {
    const room = createBodyRoom(100);
    const shares = Array.from({ length: 3 }, (_, at) => room.open('alice', `api-${at}`));
    for (const share of shares) await share.take(10, 20);
    const next = shares.map((share) => share.take(20, 0));
    expect(await Promise.all(next.map(isKept))).toEqual([true, false, false]);
    shares[0]?.release();
    expect(await Promise.all(next.map(isKept))).toEqual([true, true, false]);
  });

  it('does not look through all others for a call that took nothing', { tags: ['DO-3'] }, () => {
    const room = createBodyRoom(250);
    const busy = Array.from({ length: 200 }, (_, at) => room.open(`person-${at}`, `api-${at}`));
    for (const share of busy) void share.take(1, 9);
    for (const share of busy) void share.take(9, 0);
    const timeOf = (takes: boolean, times: number) => {
      const startMs = performance.now();
      for (let at = 0; at < times; at++) {
        const share = room.open('newcomer', 'other');
        if (takes) void share.take(1);
        share.release();
      }
      return performance.now() - startMs;
    };
    expect(timeOf(false, 300)).toBeLessThan(timeOf(true, 100));
  });

  it('never holds more than it has, and in the end lets in everybody who stays', {
    tags: ['DO-4'],
  }, async () => {
    const visitor = fc.record({
      steps: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 }),
      turns: fc.integer({ min: 0, max: 3 }),
      givesUpAfter: fc.option(fc.integer({ min: 0, max: 3 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(visitor, { maxLength: 20 }), async (visitors) => {
        const room = createBodyRoom(120);
        let held = 0;
        let mostHeld = 0;
        const visits = visitors.map(async ({ steps, turns, givesUpAfter }, at) => {
          const reservation = room.open(`person-${at % 3}`, `api-${at % 2}`);
          let own = 0;
          let rest = steps.reduce((sum, bytes) => sum + bytes, 0);
          for (const [step, bytes] of steps.entries()) {
            rest -= bytes;
            const taken = reservation.take(bytes, rest);
            if (givesUpAfter === step) break;
            await taken;
            own += bytes;
            held += bytes;
            mostHeld = Math.max(mostHeld, held);
            for (let turn = 0; turn < turns; turn++) await null;
          }
          held -= own;
          reservation.release();
        });
        await Promise.all(visits);
        return mostHeld <= 120;
      }),
      { numRuns: 500 },
    );
  });
});
