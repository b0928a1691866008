import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBodyRoom } from '../../../src/shared/proxy/body-room.ts';

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
  it('lets in what fits, and the next in line when somebody leaves (DO-4)', async () => {
    const room = createBodyRoom(100);
    const [first, second, third] = [room.open('person-1'), room.open('person-2'), room.open('person-3')];
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
    const [first, second, third] = [room.open('person-4'), room.open('person-5'), room.open('person-6')];
    await first.take(100);
    const abandoned = second.take(100);
    const next = third.take(100);
    second.release();
    first.release();
    expect([await isKept(abandoned), await isKept(next)]).toEqual([false, true]);
  });

  it('lets a body that is larger than the room in when nobody else is', async () => {
    const room = createBodyRoom(100);
    const [small, huge] = [room.open('person-7'), room.open('person-8')];
    await small.take(1);
    const waiting = huge.take(500);
    expect(await isKept(waiting)).toBe(false);
    small.release();
    expect(await isKept(waiting)).toBe(true);
  });

  it('is filled to its half by one person; others go past who waits for their own (DO-3)', async () => {
    const room = createBodyRoom(100);
    const [one, two, three] = [room.open('alice'), room.open('alice'), room.open('alice')];
    expect([await isKept(one.take(30)), await isKept(two.take(20))]).toEqual([true, true]);
    const waiting = three.take(10);
    expect([await isKept(waiting), await isKept(room.open('ben').take(40))]).toEqual([false, true]);
    one.release();
    expect(await isKept(waiting)).toBe(true);
  });

  it('never holds more than it has, and in the end lets in everybody who stays (DO-4)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 100 }), givesUp: fc.boolean() }), {
          maxLength: 20,
        }),
        async (visitors) => {
          const room = createBodyRoom(100);
          let held = 0;
          let mostHeld = 0;
          const visits = visitors.map(async ({ bytes, givesUp }, at) => {
            const reservation = room.open(`person-${at % 3}`);
            const taken = reservation.take(bytes);
            if (givesUp) return reservation.release();
            await taken;
            held += bytes;
            mostHeld = Math.max(mostHeld, held);
            await null;
            held -= bytes;
            reservation.release();
          });
          await Promise.all(visits);
          return mostHeld <= 100;
        },
      ),
    );
  });
});
