import { describe, expect, it, vi } from 'vitest';
import { createMemo } from '../../../src/shared/network/memo.ts';

describe('createMemo', () => {
  it('returns a value until it expires', () => {
    let nowMs = 0;
    const memo = createMemo<string>(() => nowMs);
    memo.remember('a', 'first', 1_000);
    nowMs = 999;
    expect(memo.find('a')).toBe('first');
    nowMs = 1_000;
    expect(memo.find('a')).toBeUndefined();
  });

  it('returns the last value, or none after it was removed', () => {
    const memo = createMemo<string>(() => 0);
    memo.remember('a', 'first', 1_000);
    memo.remember('a', 'second', 1_000);
    expect(memo.find('a')).toBe('second');
    memo.forget('a');
    expect(memo.find('a')).toBeUndefined();
  });

  it('removes expired values without any further call', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      let nowMs = 0;
      const memo = createMemo<string>(() => nowMs);
      memo.remember('a', 'long', 60_000);
      memo.remember('b', 'short', 5_000);
      for (const ms of [5_000, 55_000]) {
        nowMs += ms;
        vi.advanceTimersByTime(ms);
      }
      nowMs = 0;
      expect([memo.find('a'), memo.find('b')]).toEqual([undefined, undefined]);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('removes the oldest value beyond its limit', () => {
    const memo = createMemo<number>(() => 0);
    for (let at = 0; at <= 10_000; at++) memo.remember(String(at), at, 1_000);
    expect([memo.find('0'), memo.find('1'), memo.find('10000')]).toEqual([undefined, 1, 10_000]);
  });
});
