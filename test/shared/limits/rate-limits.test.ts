import { beforeEach, describe, expect, it } from 'vitest';
import { RateLimitError, type RateLimitedArea, rateLimitedAreas } from '../../../src/shared/errors.ts';
import { type ClientAddress, createReadClientAddress } from '../../../src/shared/limits/client-address.ts';
import { createRateLimits, type RateLimits } from '../../../src/shared/limits/rate-limits.ts';

let nowMs: number;
let limits: RateLimits;
/** The times that calls were told to wait. */
let waits: number[];

beforeEach(() => {
  nowMs = 0;
  waits = [];
  limits = limitsWith({});
});

const limitsWith = ({ usersPerAddress = 2_000, callsPerSecond = 50 }) =>
  createRateLimits(
    { usersPerAddress, callsPerSecond },
    {
      monotonicMs: () => nowMs,
      wait: async (durationMs) => void waits.push(durationMs),
    },
  );

const addressOf = (text: string): ClientAddress => {
  const address = createReadClientAddress(1)(() => text);
  if (address === undefined) throw new Error(`${text} is not an address`);
  return address;
};
const office = addressOf('203.0.113.7');
const elsewhere = addressOf('203.0.113.8');

/** Returns the error with which a call is refused. */
function refusalOf(call: () => void): RateLimitError | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof RateLimitError) return error;
    throw error;
  }
}

const countAdmitted = (times: number, call: () => void) =>
  Array.from({ length: times }, () => refusalOf(call)).filter((refusal) => refusal === undefined).length;

/** Makes a call every so many milliseconds. Returns how many were admitted. */
function countAdmittedEvery(intervalMs: number, times: number, call: () => void): number {
  return countAdmitted(times, () => {
    nowMs += intervalMs;
    call();
  });
}

describe('the budget of an address', () => {
  it('admits 2,000 users who sign in within 130 seconds, each callback loaded twice', {
    tags: ['DO-6'],
  }, () => {
    const signIn = () => {
      limits.countForAddress('login', office);
      limits.countForAddress('callback', office);
      limits.countForAddress('callback', office);
    };
    expect(countAdmittedEvery(65, 2_000, signIn)).toBe(2_000);
  });

  it('admits 2,000 users who load a page with 20 calls within a minute', { tags: ['DO-6'] }, () => {
    expect(countAdmittedEvery(1.5, 40_000, () => limits.countForAddress('proxy', office))).toBe(40_000);
  });

  it('refuses 300 sign-ins in two seconds once it is used up, and no other address', {
    tags: ['DO-6'],
  }, () => {
    const signIn = () => limits.countForAddress('login', office);
    // 120 at once, and 15 a second.
    expect(countAdmittedEvery(2_000 / 300, 300, signIn)).toBe(120 + 29);
    expect(refusalOf(signIn)).toMatchObject({
      code: 'rate_limited',
      status: 429,
      rules: ['rate-of-address'],
    });
    expect(refusalOf(() => limits.countForAddress('login', elsewhere))).toBeUndefined();
    // Users who are on their way back from Entra ID are not held up by those who start.
    expect(refusalOf(() => limits.countForAddress('callback', office))).toBeUndefined();
  });

  it('is proportional to the number of users who may share an address', () => {
    limits = limitsWith({ usersPerAddress: 200 });
    expect(countAdmitted(300, () => limits.countForAddress('login', office))).toBe(12);
    limits = limitsWith({ usersPerAddress: 20_000 });
    expect(countAdmitted(3_000, () => limits.countForAddress('login', office))).toBe(1_200);
  });

  it('is forgotten after calls from 20,000 other addresses, none of which is refused', {
    tags: ['DO-6'],
  }, () => {
    const call = (address: ClientAddress) => () => limits.countForAddress('login', address);
    let number = 0;
    const countAdmittedFromOthers = (times: number) =>
      countAdmitted(times, () => {
        number++;
        call(addressOf(`10.0.${number >> 8}.${number & 0xff}`))();
      });
    expect(countAdmitted(130, call(office))).toBe(120);
    expect(countAdmittedFromOthers(19_999)).toBe(19_999);
    expect(refusalOf(call(office))).toBeDefined();
    expect(countAdmittedFromOthers(20_000)).toBe(20_000);
    expect(refusalOf(call(office))).toBeUndefined();
  });

  it.each(rateLimitedAreas)('is never used up for calls without an address: %s', (area) => {
    expect(countAdmitted(10_000, () => limits.countForAddress(area, undefined))).toBe(10_000);
  });
});

describe('the budget of a session', () => {
  const count = (area: RateLimitedArea, session: string, calls?: number) => () =>
    limits.countForSession(area, session, calls);

  it.each([
    ['login', 240],
    ['callback', 240],
    ['proxy', 3_000],
    ['admin', 240],
  ] as const)(
    'refuses a session alone, and one area alone: %s after %i calls',
    {
      tags: ['DO-6'],
    },
    (area, burst) => {
      expect(countAdmitted(burst + 100, count(area, 'a'))).toBe(burst);
      expect(refusalOf(count(area, 'a'))).toMatchObject({ rules: ['rate-of-session'] });
      expect(refusalOf(count(area, 'b'))).toBeUndefined();
      for (const other of rateLimitedAreas) {
        if (other !== area) expect(refusalOf(count(other, 'a'))).toBeUndefined();
      }
    },
  );

  it('counts several calls at once, and none of them if they are too many', () => {
    expect(refusalOf(count('proxy', 'a', 2_990))).toBeUndefined();
    expect(refusalOf(count('proxy', 'a', 20))).toMatchObject({ code: 'rate_limited' });
    expect(refusalOf(count('proxy', 'a', 10))).toBeUndefined();
  });

  it('is set by the calls per second, and can be turned off', () => {
    limits = limitsWith({ callsPerSecond: 2 });
    expect(countAdmitted(200, count('proxy', 'a'))).toBe(120);
    limits = limitsWith({ callsPerSecond: 0 });
    expect(countAdmitted(10_000, count('proxy', 'a'))).toBe(10_000);
  });

  it('does not exist for front-channel logout, which has no session', () => {
    expect(countAdmitted(10_000, count('front-channel-logout', 'a'))).toBe(10_000);
  });
});

describe('a refusal', () => {
  it('has the seconds after which the call is admitted, and no address', { tags: ['DO-6', 'ER-2'] }, () => {
    limits = limitsWith({ usersPerAddress: 100 });
    const call = () => limits.countForAddress('login', office);
    countAdmitted(6, call);
    const refusal = refusalOf(call);
    // 100 users have 0.75 sign-ins per second.
    expect(refusal?.retryAfterSeconds).toBe(2);
    expect(refusal?.detail).toContain('Try again in 2 seconds.');
    expect(JSON.stringify({ ...refusal, message: refusal?.message })).not.toContain(office);
    nowMs += 2_000;
    expect(refusalOf(call)).toBeUndefined();
  });

  it('is recorded once a minute for each bucket, with the number of refusals', { tags: ['ER-3'] }, () => {
    const call = () => limits.countForAddress('login', office);
    countAdmitted(120, call);
    expect([refusalOf(call), refusalOf(call), refusalOf(call)]).toMatchObject([
      { area: 'login', refusalsToRecord: 1 },
      { area: 'login', refusalsToRecord: 0 },
      { area: 'login', refusalsToRecord: 0 },
    ]);
    nowMs += 60_000;
    countAdmitted(120, call);
    expect(refusalOf(call)).toMatchObject({ area: 'login', refusalsToRecord: 3 });
  });
});

describe('a front-channel logout', () => {
  const logout = (address = office) => limits.waitForAddress('front-channel-logout', address);

  it('does not wait within its budget, of one sign-out for each user', { tags: ['DO-6'] }, async () => {
    for (let at = 0; at < 2_000; at++) await logout();
    expect(waits).toEqual([]);
  });

  it('waits for its turn beyond the budget, and is refused only after ten seconds of others', {
    tags: ['DO-6'],
  }, async () => {
    for (let at = 0; at < 2_000; at++) await logout();
    for (let at = 0; at < 200; at++) await logout();
    expect(waits.at(0)).toBe(50);
    expect(waits.at(-1)).toBe(10_000);
    await expect(logout()).rejects.toMatchObject({ code: 'rate_limited', retryAfterSeconds: 1 });
    await logout(elsewhere);
    expect(waits).toHaveLength(200);
  });

  it('does not wait if 1,000 of other addresses wait already', { tags: ['DO-6'] }, async () => {
    const never = new Promise<void>(() => undefined);
    limits = createRateLimits(
      { usersPerAddress: 2_000, callsPerSecond: 50 },
      { monotonicMs: () => nowMs, wait: () => never },
    );
    for (let network = 0; network < 5; network++) {
      const address = addressOf(`198.51.100.${network}`);
      for (let at = 0; at < 2_000; at++) await logout(address);
      for (let at = 0; at < 200; at++) void logout(address);
    }
    for (let at = 0; at < 2_000; at++) await logout();
    await expect(logout()).rejects.toMatchObject({ code: 'rate_limited' });
  });
});
