import { beforeEach, describe, expect, it } from 'vitest';
import {
  createTokenBreaker,
  createTokenBreakers,
  type TokenBreaker,
} from '../../../src/shared/entra/token-breaker.ts';

let elapsedSeconds: number;
let breaker: TokenBreaker;

beforeEach(() => {
  elapsedSeconds = 1000;
  breaker = createTokenBreaker(() => elapsedSeconds * 1000);
});

const fail = (times: number) => {
  for (let time = 0; time < times; time++) breaker.failed();
};

describe('the token breaker', () => {
  it('lets everything pass while answers come, and forgets failures with the next answer (E1)', () => {
    for (let round = 0; round < 3; round++) {
      fail(4);
      expect(breaker.refuses()).toBeUndefined();
      breaker.answered();
    }
    expect(breaker.refuses()).toBeUndefined();
  });

  it('pauses after five failures in a row; then one asks, and an answer lets all pass (E1)', () => {
    fail(5);
    expect(breaker.refuses()).toBe(5);
    elapsedSeconds += 4.5;
    expect(breaker.refuses()).toBe(1);
    elapsedSeconds += 0.5;
    expect(breaker.refuses()).toBeUndefined();
    expect(breaker.refuses()).toBe(1);
    breaker.answered();
    expect(breaker.refuses()).toBeUndefined();
    expect(breaker.refuses()).toBeUndefined();
  });

  it('pauses again when the probe fails as well (E1)', () => {
    fail(5);
    elapsedSeconds += 5;
    expect(breaker.refuses()).toBeUndefined();
    breaker.failed();
    expect(breaker.refuses()).toBe(5);
  });

  it('sends another probe when nothing was heard of the first (E1)', () => {
    fail(5);
    elapsedSeconds += 5;
    expect(breaker.refuses()).toBeUndefined();
    elapsedSeconds += 10;
    expect(breaker.refuses()).toBeUndefined();
  });

  it('pauses for as long as the first Retry-After says, a minute at the most and never for nothing (E2)', () => {
    for (const [said, kept] of [
      [20, 20],
      [3600, 60],
      [0, 1],
    ]) {
      breaker = createTokenBreaker(() => elapsedSeconds * 1000);
      breaker.failed(said);
      expect(breaker.refuses()).toBe(kept);
    }
  });

  it('keeps the longest pause of several failures at once (E2)', () => {
    breaker.failed(20);
    fail(5);
    breaker.failed(3);
    expect(breaker.refuses()).toBe(20);
  });

  it('is not talked out of a pause by an answer to what was asked before it (E2)', () => {
    breaker.failed(20);
    breaker.answered();
    expect(breaker.refuses()).toBe(20);
    elapsedSeconds += 20;
    expect(breaker.refuses()).toBeUndefined();
  });
});

describe('the breakers of renewals and of sign-ins', () => {
  it('both pause when a renewal was told to; nobody who brings codes makes renewals pause (E2)', () => {
    const byRenewal = createTokenBreakers(() => 0);
    byRenewal.refresh.failed(20);
    expect([byRenewal.refresh.pausedSeconds(), byRenewal.code.pausedSeconds()]).toEqual([20, 20]);
    const byStranger = createTokenBreakers(() => 0);
    byStranger.code.failed(20);
    expect([byStranger.refresh.pausedSeconds(), byStranger.code.pausedSeconds()]).toEqual([undefined, 20]);
  });
});
