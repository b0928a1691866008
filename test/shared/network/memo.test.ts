import { describe, expect, it } from 'vitest';
import { createMemo } from '../../../src/shared/network/memo.ts';

describe('answers that are kept', () => {
  it('are given again until their time is over', () => {
    let nowMs = 0;
    const kept = createMemo<string>(() => nowMs);
    kept.keep('a', 'first', 1_000);
    nowMs = 999;
    expect(kept.find('a')).toBe('first');
    nowMs = 1_000;
    expect(kept.find('a')).toBeUndefined();
  });

  it('are the last that was kept under a name, or none', () => {
    const kept = createMemo<string>(() => 0);
    kept.keep('a', 'first', 1_000);
    kept.keep('a', 'second', 1_000);
    expect(kept.find('a')).toBe('second');
    kept.forget('a');
    expect(kept.find('a')).toBeUndefined();
  });

  it('do not pile up: the oldest goes first', () => {
    const kept = createMemo<number>(() => 0);
    for (let at = 0; at <= 10_000; at++) kept.keep(String(at), at, 1_000);
    expect([kept.find('0'), kept.find('1'), kept.find('10000')]).toEqual([undefined, 1, 10_000]);
  });
});
