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

/** How many of so many calls that come now have their turn. */
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

describe('the pace of redemptions', () => {
  it('is kept by nobody to whom nothing was refused', async () => {
    expect(await turnsOf(1000, sessionOf())).toBe(1000);
    expect(waits).toEqual([]);
  });

  it('is eight at once, then one a second for whoever waits up to two; the rest is told when to come back', async () => {
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

  it('is kept over all sessions of a user, and by no other user', async () => {
    const [ben, elsewhere, mia] = [sessionOf(1, 1), sessionOf(1, 2), sessionOf(2, 3)];
    pace.startLimit(ben, granted);
    pace.startLimit(elsewhere, granted);
    expect((await turnsOf(20, ben)) + (await turnsOf(20, elsewhere))).toBe(10);
    expect(await turnsOf(100, mia)).toBe(100);
  });

  it('never keeps the first redemption of a session or for an API waiting', async () => {
    const ben = sessionOf();
    pace.startLimit(ben, granted);
    await turnsOf(30, ben);
    waits = [];
    await pace.waitForTurn(sessionOf(1, 2), granted, elapsedMs);
    await pace.waitForTurn(ben, { scopes: ['api://orders/Read'] }, elapsedMs);
    expect(waits).toEqual([]);
    expect(await turnsOf(5, ben, { scopes: ['api://orders/Read'] })).toBe(0);
  });

  it('leaves two turns to what was granted, however often something else is asked for', async () => {
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

  it('does not make a call wait that has waited for something else already', async () => {
    const ben = sessionOf();
    pace.startLimit(ben, granted);
    elapsedMs = 10_000;
    for (let call = 0; call < 8; call++) await pace.waitForTurn(ben, granted, 0);
    await expect(pace.waitForTurn(ben, granted, 0)).rejects.toMatchObject({ retryAfterSeconds: 1 });
  });

  it('does not make a call wait that has a token which would still do', async () => {
    const ben = sessionOf();
    pace.startLimit(ben, granted);
    const early = { ...granted, current: { accessToken: 'current', expiresAt: new Date(0) } };
    for (let call = 0; call < 8; call++) await pace.waitForTurn(ben, early, elapsedMs);
    await expect(pace.waitForTurn(ben, early, elapsedMs)).rejects.toMatchObject({ code: 'rate_limited' });
    expect(waits).toEqual([]);
  });

  it('ends when nothing was redeemed or refused for ten minutes', async () => {
    const ben = sessionOf();
    pace.startLimit(ben, granted);
    elapsedMs += 600_000;
    expect(await turnsOf(100, ben)).toBe(100);
  });
});
