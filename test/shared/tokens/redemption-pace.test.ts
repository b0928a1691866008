import { beforeEach, describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import type { Session } from '../../../src/shared/session/session.ts';
import { createRedemptionPace, type RedemptionPace } from '../../../src/shared/tokens/redemption-pace.ts';
import { openedSession, sessionContent } from '../../support/session-content.ts';

const start = new Date('2026-08-01T12:00:00Z');
const granted = { scopes: ['User.Read'] };
const lacking = { scopes: ['Mail.Read'] };

let elapsedMs: number;
let waits: number[];
let pace: RedemptionPace;

function sessionOf(user = 1, row = 1): Session {
  const content = sessionContent({ facts: { grantedScopes: ['User.Read', 'api://orders/Read'] } });
  return openedSession(content, { user: `user ${user}`, row, now: start });
}

beforeEach(() => {
  elapsedMs = 0;
  waits = [];
  pace = createRedemptionPace({
    monotonicMs: () => elapsedMs,
    wait: async (durationMs) => void waits.push(durationMs),
  });
});

/** Returns how many of these concurrent calls get a turn. */
async function turnsOf(count: number, session: Session, wish = granted): Promise<number> {
  let turns = 0;
  for (let call = 0; call < count; call++) {
    try {
      await pace.waitForTurn(session, wish, elapsedMs);
      turns++;
    } catch (error) {
      expect(error).toBeInstanceOf(BffError);
      expect(error).toMatchObject({ code: 'rate_limited', rules: ['renewals-of-user'] });
      expect(Reflect.get(Object(error), 'retryAfterSeconds')).toBeGreaterThanOrEqual(3);
    }
  }
  return turns;
}

describe('the rate limit of redemptions', () => {
  it('does not apply before a refusal', async () => {
    expect(await turnsOf(1000, sessionOf())).toBe(1000);
    expect(waits).toEqual([]);
  });

  it('is eight at once, then one per second for calls that wait up to two seconds, and others get Retry-After', async () => {
    const ben = sessionOf();
    pace.startLimit(ben, granted);
    expect(await turnsOf(30, ben)).toBe(10);
    expect(waits).toEqual([1000, 2000]);
    for (let second = 0; second < 20; second++) {
      elapsedMs += 1000;
      expect(await turnsOf(30, ben)).toBe(1);
    }
    elapsedMs += 60_000;
    expect(await turnsOf(30, ben)).toBe(10);
  });

  it('applies to all sessions of a user, and not to other users', async () => {
    const [ben, elsewhere, mia] = [sessionOf(1, 1), sessionOf(1, 2), sessionOf(2, 3)];
    pace.startLimit(ben, granted);
    pace.startLimit(elsewhere, granted);
    expect((await turnsOf(20, ben)) + (await turnsOf(20, elsewhere))).toBe(10);
    expect(await turnsOf(100, mia)).toBe(100);
  });

  it('never delays the first redemption of a session or for an API', async () => {
    const ben = sessionOf();
    pace.startLimit(ben, granted);
    await turnsOf(30, ben);
    waits = [];
    await pace.waitForTurn(sessionOf(1, 2), granted, elapsedMs);
    await pace.waitForTurn(ben, { scopes: ['api://orders/Read'] }, elapsedMs);
    expect(waits).toEqual([]);
    expect(await turnsOf(5, ben, { scopes: ['api://orders/Read'] })).toBe(0);
  });

  it('reserves two turns for granted permissions', async () => {
    const ben = sessionOf();
    pace.startLimit(ben, lacking);
    for (let second = 0; second < 20; second++) {
      await turnsOf(30, ben, lacking);
      elapsedMs += 1000;
    }
    await turnsOf(30, ben, lacking);
    waits = [];
    await pace.waitForTurn(ben, granted, elapsedMs);
    expect(Math.max(0, ...waits)).toBeLessThanOrEqual(1000);
  });

  it('does not delay a call that has already waited', async () => {
    const ben = sessionOf();
    pace.startLimit(ben, granted);
    elapsedMs = 10_000;
    for (let call = 0; call < 8; call++) await pace.waitForTurn(ben, granted, 0);
    await expect(pace.waitForTurn(ben, granted, 0)).rejects.toMatchObject({ retryAfterSeconds: 1 });
  });

  it('does not delay a call that still has a valid token', async () => {
    const ben = sessionOf();
    pace.startLimit(ben, granted);
    const early = { ...granted, current: { accessToken: 'current', expiresAt: new Date(0) } };
    for (let call = 0; call < 8; call++) await pace.waitForTurn(ben, early, elapsedMs);
    await expect(pace.waitForTurn(ben, early, elapsedMs)).rejects.toMatchObject({ code: 'rate_limited' });
    expect(waits).toEqual([]);
  });

  it('ends after ten minutes without a redemption or refusal', async () => {
    const ben = sessionOf();
    pace.startLimit(ben, granted);
    elapsedMs += 600_000;
    expect(await turnsOf(100, ben)).toBe(100);
  });
});
