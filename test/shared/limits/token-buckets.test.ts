import { beforeEach, describe, expect, it } from 'vitest';
import { createTokenBuckets, type TokenBuckets } from '../../../src/shared/limits/token-buckets.ts';

const budget = { burst: 3, perSecond: 2 };
let nowMs: number;
let buckets: TokenBuckets;

beforeEach(() => {
  nowMs = 1_000;
  buckets = bucketsOf(4);
});

const bucketsOf = (maxBuckets: number) => createTokenBuckets({ maxBuckets, monotonicMs: () => nowMs });
const take = (key: string, tokens = 1, longestWaitMs?: number) =>
  buckets.take(key, budget, tokens, longestWaitMs);
const kindsOf = (key: string, times: number) => Array.from({ length: times }, () => take(key).kind);

describe('a token bucket', () => {
  it('is full at first, and refuses when it is empty', { tags: ['DO-6'] }, () => {
    expect(kindsOf('a', 4)).toEqual(['taken', 'taken', 'taken', 'refused']);
    expect(take('b').kind).toBe('taken');
  });

  it('gets its tokens back over time, up to its size', { tags: ['DO-6'] }, () => {
    kindsOf('a', 4);
    nowMs += 500;
    expect(kindsOf('a', 2)).toEqual(['taken', 'refused']);
    nowMs += 60_000;
    expect(kindsOf('a', 4)).toEqual(['taken', 'taken', 'taken', 'refused']);
  });

  it('loses nothing by a refusal, and returns the time until it has the tokens', () => {
    kindsOf('a', 2);
    expect(take('a', 3)).toMatchObject({ kind: 'refused', retryAfterMs: 1_000 });
    nowMs += 400;
    expect(take('a', 3)).toMatchObject({ kind: 'refused', retryAfterMs: 600 });
    nowMs += 600;
    expect(take('a', 3)).toEqual({ kind: 'taken', waitMs: 0 });
  });

  it('lends tokens to calls that wait, each behind the ones before it', () => {
    kindsOf('a', 3);
    expect(take('a', 1, 1_000)).toEqual({ kind: 'taken', waitMs: 500 });
    expect(take('a', 1, 1_000)).toEqual({ kind: 'taken', waitMs: 1_000 });
    expect(take('a', 1, 1_000)).toMatchObject({ kind: 'refused', retryAfterMs: 500 });
    expect(take('a')).toMatchObject({ kind: 'refused', retryAfterMs: 1_500 });
    nowMs += 1_500;
    expect(take('a')).toEqual({ kind: 'taken', waitMs: 0 });
  });

  it('counts its refusals, and has them recorded at once and then once a minute', { tags: ['ER-3'] }, () => {
    kindsOf('a', 3);
    const refuse = () => {
      const result = take('a', 3);
      return result.kind === 'refused' ? result.refusalsToRecord : undefined;
    };
    expect([refuse(), refuse(), refuse()]).toEqual([1, 0, 0]);
    kindsOf('b', 3);
    expect(take('b')).toMatchObject({ refusalsToRecord: 1 });
    nowMs += 59_999;
    expect(take('a', 4)).toMatchObject({ refusalsToRecord: 0 });
    nowMs += 1;
    expect(take('a', 4)).toMatchObject({ refusalsToRecord: 4 });
  });
});

describe('many token buckets', () => {
  it('stay below their maximum number: the one that was unused for longest is dropped', {
    tags: ['DO-6'],
  }, () => {
    for (const key of ['a', 'b', 'c', 'd']) kindsOf(key, 3);
    expect(take('a').kind).toBe('refused'); // used again, so it is not the next to be dropped
    expect(take('e').kind).toBe('taken');
    expect(buckets.size).toBe(4);
    expect(take('a').kind).toBe('refused');
    expect(take('b').kind).toBe('taken');
  });

  it('refuse no new key if there are as many as there may be', { tags: ['DO-6'] }, () => {
    for (let key = 0; key < 100; key++) expect(take(String(key)).kind).toBe('taken');
    expect(buckets.size).toBe(4);
  });

  it('are dropped once they are full and their refusals are recorded', () => {
    buckets = bucketsOf(100);
    for (const key of ['a', 'b', 'c']) kindsOf(key, 3);
    expect(take('c').kind).toBe('refused');
    nowMs += 1_500;
    take('d');
    expect(buckets.size).toBe(2);
    nowMs += 60_000;
    take('e');
    expect(buckets.size).toBe(1);
  });
});
