import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createTableClock, type ObservedTableClock } from '../../../src/shared/storage/table-clock.ts';

const noon = new Date('2026-08-01T12:00:00.400Z');
const plus = (durationMs: number, instant = noon) => new Date(instant.getTime() + durationMs);

let clock: ObservedTableClock;

beforeEach(() => {
  clock = createTableClock();
});

/** A response whose `Date` is the table's time at `writtenAt`. */
const observe = (sentAt: Date, writtenAt: Date, receivedAt: Date, over = clock) =>
  over.observe({ date: writtenAt.toUTCString(), sentAt, receivedAt });
const limitsAt = (instant: Date, over = clock) => [
  over.earliest(instant).getTime() - instant.getTime(),
  over.latest(instant).getTime() - instant.getTime(),
];

describe('the clock of the table', () => {
  it('is taken for the own one before the first response', () => {
    expect(limitsAt(noon)).toEqual([0, 0]);
  });

  it('is known to a second and the time of a request after the first response', () => {
    // The table is 290 s ahead, and `Date` loses 400 ms.
    observe(noon, plus(290_000), plus(200));
    expect(limitsAt(noon)).toEqual([289_400, 290_600]);
  });

  it('is known better with each further response, and less well by drift alone', () => {
    observe(noon, plus(-290_000), plus(200));
    observe(plus(700), plus(-290_000 + 700), plus(710));
    expect(limitsAt(noon)).toEqual([-290_110, expect.closeTo(-289_400, -1)]);
    // 108 s later by a slow request, which narrows nothing. A thousandth of that time is allowed for drift.
    observe(plus(100_000), plus(-290_000 + 100_000), plus(109_000));
    expect(limitsAt(noon)).toEqual([expect.closeTo(-290_218, -1), expect.closeTo(-289_400, -1)]);
  });

  it('is learned anew if a clock was set', () => {
    observe(noon, noon, plus(10));
    observe(plus(1_000), plus(60_000), plus(1_010));
    // `Date` is 12:01:00. The request was sent at 12:00:01.4 and received 10 ms later.
    expect(limitsAt(noon)).toEqual([58_590, 59_600]);
  });

  it('is not learned from an invalid date, or if the own clock was set back meanwhile', () => {
    for (const date of ['', 'yesterday']) clock.observe({ date, sentAt: noon, receivedAt: noon });
    observe(noon, noon, plus(-2_000));
    expect(limitsAt(noon)).toEqual([0, 0]);
  });

  it('is always between the limits, whatever the order and duration of requests', () => {
    const request = fc.record({
      pauseMs: fc.nat({ max: 5_000 }),
      thereMs: fc.nat({ max: 4_000 }),
      backMs: fc.nat({ max: 4_000 }),
    });
    const leads = fc.integer({ min: -600_000, max: 600_000 });
    fc.assert(
      fc.property(leads, fc.array(request, { minLength: 1, maxLength: 30 }), (leadMs, requests) => {
        const observed = createTableClock();
        let at = noon;
        for (const { pauseMs, thereMs, backMs } of requests) {
          const sentAt = plus(pauseMs, at);
          const written = plus(thereMs, sentAt);
          at = plus(backMs, written);
          observe(sentAt, plus(leadMs, written), at, observed);
          const [earliest = 0, latest = 0] = limitsAt(at, observed);
          expect(earliest).toBeLessThanOrEqual(leadMs);
          expect(latest).toBeGreaterThanOrEqual(leadMs);
        }
      }),
      { seed: 20260801, numRuns: 300 },
    );
  });
});
