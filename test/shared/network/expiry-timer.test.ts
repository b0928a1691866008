import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createExpiryTimer } from '../../../src/shared/network/expiry-timer.ts';

let clockMs: number;
let entries: number[];
let runs: number;

beforeEach(() => {
  clockMs = 0;
  entries = [];
  runs = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number) => {
  clockMs += ms;
  vi.advanceTimersByTime(ms);
};

const create = () =>
  createExpiryTimer(
    () => clockMs,
    () => {
      runs++;
      entries = entries.filter((expiresAtMs) => expiresAtMs > clockMs);
      return entries.length === 0 ? undefined : Math.min(...entries);
    },
  );

describe('an expiry timer', () => {
  it('removes each entry when it expires, and then stops', () => {
    const timer = create();
    entries = [5_000, 9_000];
    for (const atMs of entries) timer.expectAt(atMs);
    pass(4_999);
    expect(entries).toEqual([5_000, 9_000]);
    pass(1);
    expect(entries).toEqual([9_000]);
    pass(4_000);
    expect(entries).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    expect(runs).toBe(2);
  });

  it('is moved forward by an entry that expires earlier', () => {
    const timer = create();
    entries = [60_000];
    timer.expectAt(60_000);
    entries.push(2_000);
    timer.expectAt(2_000);
    pass(2_000);
    expect(entries).toEqual([60_000]);
    pass(58_000);
    expect(entries).toEqual([]);
  });

  it('has one timeout, however often an entry moves it forward', { tags: ['DO-4'] }, () => {
    const timer = create();
    for (let round = 0; round < 20; round++) {
      // As a failure that is remembered for 5 s, beside results that are remembered for 300 s.
      entries.push(clockMs + 300_000);
      timer.expectAt(clockMs + 300_000);
      pass(100);
      entries.push(clockMs + 5_000);
      timer.expectAt(clockMs + 5_000);
      for (let seconds = 0; seconds < 20; seconds++) pass(1_000);
      expect(vi.getTimerCount()).toBe(1);
    }
    expect(runs).toBeLessThanOrEqual(2 * 20);
  });

  it('runs once a second at most', () => {
    const timer = create();
    entries = Array.from({ length: 100 }, (_, index) => 10 * index);
    timer.expectAt(0);
    pass(3_000);
    expect(entries).toEqual([]);
    expect(runs).toBeLessThanOrEqual(3);
  });

  it('does not keep the process running', () => {
    vi.useRealTimers();
    const started = vi.spyOn(globalThis, 'setTimeout');
    create().expectAt(60_000);
    const timeout: unknown = started.mock.results[0]?.value;
    started.mockRestore();
    expect(timeout).toBeInstanceOf(Object);
    expect((timeout as NodeJS.Timeout).hasRef()).toBe(false);
    clearTimeout(timeout as NodeJS.Timeout);
  });
});
