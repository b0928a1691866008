import { beforeEach, describe, expect, it } from 'vitest';
import {
  type Attempt,
  createOutageBreaker,
  type OutageBreaker,
} from '../../../src/shared/network/outage-breaker.ts';

let elapsedSeconds: number;
let breaker: OutageBreaker;

beforeEach(() => {
  elapsedSeconds = 1000;
  breaker = create();
});

const create = (more: { maxFailures?: number; jitter?: () => number } = {}) =>
  createOutageBreaker({ monotonicMs: () => elapsedSeconds * 1000, jitter: () => 0, ...more });

function attemptOf(user: string): Attempt {
  const attempt = breaker.start(user);
  if (attempt.kind === 'attempt') return attempt;
  throw new Error(`${user} waits ${attempt.seconds} s`);
}
/** Undefined if the user's request may be sent. Then it stays without an outcome. */
const waitOf = (user: string) => {
  const attempt = breaker.start(user);
  return attempt.kind === 'paused' ? attempt.seconds : undefined;
};
const fail = (...users: string[]) => {
  for (const user of users) attemptOf(user).fail();
};

describe('an outage breaker', () => {
  it('stays closed for the failures of two users, however many', () => {
    for (let round = 0; round < 50; round++) fail('alice', 'ben');
    expect(attemptOf('mia').isProbe).toBe(false);
  });

  it('opens after failures of three users, and refuses every user for the rest of the pause', () => {
    fail('alice', 'ben', 'mia');
    expect(['alice', 'zoe'].map(waitOf)).toEqual([4, 4]);
    elapsedSeconds += 2.5;
    expect(waitOf('zoe')).toBe(2);
  });

  it('stays closed if there is a success in between', () => {
    for (let round = 0; round < 5; round++) {
      fail('alice', 'ben');
      attemptOf('zoe').succeed();
      fail('mia');
      attemptOf('zoe').succeed();
    }
    expect(waitOf('alice')).toBeUndefined();
  });

  it('forgets a failure after a minute', () => {
    fail('alice', 'ben');
    elapsedSeconds += 60;
    fail('mia');
    expect(waitOf('zoe')).toBeUndefined();
  });

  it('sends one probe after the pause, whose success lets all through', () => {
    fail('alice', 'ben', 'mia');
    elapsedSeconds += 4;
    const probe = attemptOf('zoe');
    expect(probe.isProbe).toBe(true);
    expect(['alice', 'ben', 'zoe'].map((user) => waitOf(user) !== undefined)).toEqual([true, true, true]);
    probe.succeed();
    expect(['alice', 'ben'].map((user) => attemptOf(user).isProbe)).toEqual([false, false]);
  });

  it('closes when a request succeeds that was sent before the pause', () => {
    const late = attemptOf('zoe');
    fail('alice', 'ben', 'mia');
    late.succeed();
    expect(waitOf('alice')).toBeUndefined();
  });

  it('does not prolong its pause when a request fails that was sent before', () => {
    const late = ['zoe', 'gus', 'leo'].map(attemptOf);
    fail('alice', 'ben', 'mia');
    elapsedSeconds += 3;
    for (const attempt of late) attempt.fail(60);
    elapsedSeconds += 1;
    expect(attemptOf('zoe').isProbe).toBe(true);
  });

  it('does not count requests that were sent before one that has succeeded', () => {
    const hanging = ['alice', 'ben', 'mia'].map(attemptOf);
    elapsedSeconds += 20;
    attemptOf('zoe').succeed();
    elapsedSeconds += 10;
    for (const attempt of hanging) attempt.fail();
    expect(waitOf('zoe')).toBeUndefined();
  });

  it('lets another user probe at once if a probe fails, and pauses again after those of three users', () => {
    fail('alice', 'ben', 'mia');
    elapsedSeconds += 4;
    fail('zoe');
    expect(waitOf('zoe')).toBe(4);
    fail('alice', 'ben');
    expect(['gus', 'zoe'].map(waitOf)).toEqual([4, 4]);
  });

  it('is not kept open by a user whose requests always fail', () => {
    fail('alice', 'ben', 'mia');
    for (let round = 0; round < 3; round++) {
      elapsedSeconds += 4;
      fail('alice');
    }
    attemptOf('ben').succeed();
    expect(waitOf('alice')).toBeUndefined();
  });

  it('lets another user probe before a user whose probe is still without an outcome', {
    tags: ['DO-3'],
  }, () => {
    fail('alice', 'ben', 'mia');
    elapsedSeconds += 4;
    for (let round = 0; round < 3; round++) {
      attemptOf('alice');
      elapsedSeconds += 5;
      expect(waitOf('alice')).toBe(2);
      attemptOf('ben')[Symbol.dispose]();
      elapsedSeconds += 2;
    }
    attemptOf('alice').succeed();
    expect(waitOf('ben')).toBeUndefined();
  });

  it('closes for all with the first success, even if three users keep failing', () => {
    for (let round = 0; round < 3; round++) {
      fail('alice', 'ben', 'mia');
      expect(waitOf('zoe')).toBe(4);
      elapsedSeconds += 4;
      attemptOf('zoe').succeed();
      expect(waitOf('gus')).toBeUndefined();
    }
  });

  it('closes when a request succeeds that was sent during the pause', () => {
    fail('alice', 'ben', 'mia');
    expect(waitOf('zoe')).toBe(4);
    breaker.recordSuccess();
    expect(waitOf('zoe')).toBeUndefined();
  });

  it('heals with the calls of a single user', () => {
    fail('alice', 'ben', 'mia');
    for (let round = 0; round < 5; round++) {
      elapsedSeconds += 4;
      fail('alice');
      expect(waitOf('alice')).toBe(4);
    }
    elapsedSeconds += 4;
    attemptOf('alice').succeed();
    expect(waitOf('alice')).toBeUndefined();
  });

  it('sends another probe if the first has no outcome after five seconds, or never gets one', () => {
    fail('alice', 'ben', 'mia');
    elapsedSeconds += 4;
    const slow = attemptOf('alice');
    elapsedSeconds += 4.9;
    expect(waitOf('ben')).toBe(1);
    elapsedSeconds += 0.1;
    const next = attemptOf('ben');
    // The outcome of the older probe does not end the newer one.
    slow.fail();
    expect(waitOf('mia')).toBeDefined();
    next[Symbol.dispose]();
    expect(attemptOf('mia').isProbe).toBe(true);
  });

  it('waits for the shortest Retry-After of the failing users, at most a minute', () => {
    for (const [sent, expected] of [
      [[30, 20, 40], 20],
      [[30, 0, 40], 4],
      [[3600, 3600, 3600], 60],
    ] as const) {
      breaker = create();
      for (const [index, seconds] of sent.entries()) attemptOf(`user ${index}`).fail(seconds);
      expect(waitOf('zoe')).toBe(expected);
    }
  });

  it('adds a random part to the pause, at most a second', () => {
    breaker = create({ jitter: () => 1 });
    fail('alice', 'ben', 'mia');
    elapsedSeconds += 4.9;
    expect(waitOf('zoe')).toBe(1);
    elapsedSeconds += 0.1;
    expect(attemptOf('zoe').isProbe).toBe(true);
  });

  it('can also open after a number of failures of one user', () => {
    breaker = create({ maxFailures: 5 });
    fail('alice', 'alice', 'alice', 'alice');
    expect(waitOf('alice')).toBeUndefined();
    fail('alice');
    expect(['alice', 'ben'].map(waitOf)).toEqual([4, 4]);
  });
});
