import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPerUser, type PerUser } from '../../../src/shared/network/per-user.ts';

let clockMs: number;
let users: PerUser<{ failures: number }>;

beforeEach(() => {
  clockMs = 0;
  users = createPerUser(
    () => clockMs,
    () => ({ failures: 0 }),
  );
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (minutes: number) => {
  clockMs += minutes * 60_000;
  vi.advanceTimersByTime(minutes * 60_000);
};

describe('state per user', () => {
  it('stays until ten minutes after the last update', () => {
    users.findOrCreate('a').failures = 1;
    pass(9);
    users.findOrCreate('a').failures++;
    pass(9);
    expect(users.find('a')).toEqual({ failures: 2 });
    pass(1);
    expect(users.find('a')).toBeUndefined();
  });

  it('is removed without any further call, each user by itself', () => {
    users.findOrCreate('a');
    pass(4);
    users.findOrCreate('b');
    pass(6);
    expect(vi.getTimerCount()).toBe(1);
    clockMs = 0;
    expect([users.find('a'), users.find('b')]).toEqual([undefined, { failures: 0 }]);
    clockMs = 10 * 60_000;
    pass(4);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is of at most 1,000 users, and the one with the oldest update is removed', () => {
    for (let at = 0; at < 1_000; at++) users.findOrCreate(String(at));
    users.findOrCreate('0');
    users.findOrCreate('one more');
    expect(users.find('0')).toBeDefined();
    expect(users.find('1')).toBeUndefined();
    expect(users.find('2')).toBeDefined();
  });
});
