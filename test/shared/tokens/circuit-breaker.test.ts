import { beforeEach, describe, expect, it } from 'vitest';
import {
  type CircuitBreaker,
  createCircuitBreaker,
  createCircuitBreakers,
} from '../../../src/shared/tokens/circuit-breaker.ts';

let elapsedSeconds: number;
let breaker: CircuitBreaker;

beforeEach(() => {
  elapsedSeconds = 1000;
  breaker = createCircuitBreaker(() => elapsedSeconds * 1000);
});

const fail = (times: number) => {
  for (let time = 0; time < times; time++) breaker.recordFailure();
};

describe('the token breaker', () => {
  it('lets everything pass while answers come, and forgets failures with the next answer', {
    tags: ['E1'],
  }, () => {
    for (let round = 0; round < 3; round++) {
      fail(4);
      expect(breaker.startRequest()).toBeUndefined();
      breaker.recordSuccess();
    }
    expect(breaker.startRequest()).toBeUndefined();
  });

  it('pauses after five failures in a row; then one asks, and an answer lets all pass', {
    tags: ['E1'],
  }, () => {
    fail(5);
    expect(breaker.startRequest()).toBe(5);
    elapsedSeconds += 4.5;
    expect(breaker.startRequest()).toBe(1);
    elapsedSeconds += 0.5;
    expect(breaker.startRequest()).toBeUndefined();
    expect(breaker.startRequest()).toBe(1);
    breaker.recordSuccess();
    expect(breaker.startRequest()).toBeUndefined();
    expect(breaker.startRequest()).toBeUndefined();
  });

  it('pauses again when the probe fails as well', { tags: ['E1'] }, () => {
    fail(5);
    elapsedSeconds += 5;
    expect(breaker.startRequest()).toBeUndefined();
    breaker.recordFailure();
    expect(breaker.startRequest()).toBe(5);
  });

  it('sends another probe when nothing was heard of the first', { tags: ['E1'] }, () => {
    fail(5);
    elapsedSeconds += 5;
    expect(breaker.startRequest()).toBeUndefined();
    elapsedSeconds += 10;
    expect(breaker.startRequest()).toBeUndefined();
  });

  it('pauses for as long as the first Retry-After says, a minute at the most and never for nothing', {
    tags: ['E2'],
  }, () => {
    for (const [said, kept] of [
      [20, 20],
      [3600, 60],
      [0, 1],
    ]) {
      breaker = createCircuitBreaker(() => elapsedSeconds * 1000);
      breaker.recordFailure(said);
      expect(breaker.startRequest()).toBe(kept);
    }
  });

  it('keeps the longest pause of several failures at once', { tags: ['E2'] }, () => {
    breaker.recordFailure(20);
    fail(5);
    breaker.recordFailure(3);
    expect(breaker.startRequest()).toBe(20);
  });

  it('is not talked out of a pause by an answer to what was asked before it', { tags: ['E2'] }, () => {
    breaker.recordFailure(20);
    breaker.recordSuccess();
    expect(breaker.startRequest()).toBe(20);
    elapsedSeconds += 20;
    expect(breaker.startRequest()).toBeUndefined();
  });
});

describe('the breakers of a worker', () => {
  const workerBreakers = () => {
    const breakers = createCircuitBreakers(() => elapsedSeconds * 1000);
    const [ben, mia, alice] = ['ben', 'mia', 'alice'].map((user) => breakers.forUser(user));
    if (!ben || !mia || !alice) throw new Error('three users');
    const paused = () => [ben, mia, alice, breakers.forSignIns].map((one) => one.pausedSeconds());
    return { ...breakers, ben, mia, alice, paused };
  };
  const failNow = (one: CircuitBreaker, retryAfterSeconds?: number) => {
    expect(one.startRequest()).toBeUndefined();
    one.recordFailure(retryAfterSeconds);
  };

  it('hold back the user whom Entra told to wait, and nobody else', { tags: ['E2'] }, () => {
    const { ben, mia, forSignIns: code, paused } = workerBreakers();
    failNow(ben, 20);
    expect(paused()).toEqual([20, undefined, undefined, undefined]);
    for (let round = 0; round < 3; round++) {
      elapsedSeconds += 20;
      failNow(ben, 20);
      expect(paused()).toEqual([20, undefined, undefined, undefined]);
      expect([mia.startRequest(), code.startRequest()]).toEqual([undefined, undefined]);
    }
  });

  it('hold back everybody, sign-ins too, for as long as two users have been told to wait', {
    tags: ['E2'],
  }, () => {
    const { ben, mia, paused } = workerBreakers();
    failNow(ben, 20);
    elapsedSeconds += 5;
    failNow(mia, 60);
    expect(paused()).toEqual([15, 15, 15, 15]);
    elapsedSeconds += 15;
    expect(paused()).toEqual([undefined, 45, undefined, undefined]);
  });

  it('take two users whose times do not meet for two users', { tags: ['E2'] }, () => {
    const { ben, mia, paused } = workerBreakers();
    failNow(ben, 20);
    elapsedSeconds += 20;
    failNow(mia, 20);
    expect(paused()).toEqual([undefined, 20, undefined, undefined]);
  });

  it('let one probe out after such a pause; one user who is told again does not prolong it for others', {
    tags: ['E2'],
  }, () => {
    const { ben, mia, alice, forSignIns: code } = workerBreakers();
    failNow(ben, 20);
    failNow(mia, 20);
    elapsedSeconds += 20;
    expect(ben.startRequest()).toBeUndefined();
    expect([mia.startRequest(), alice.startRequest()]).toEqual([1, 1]);
    ben.recordFailure(20);
    expect(alice.startRequest()).toBeUndefined();
    expect(mia.startRequest()).toBe(1);
    alice.recordSuccess();
    expect([mia.startRequest(), code.startRequest()]).toEqual([undefined, undefined]);
    expect(ben.startRequest()).toBe(20);
  });

  it('hold back a user whose five requests in a row failed, and everybody when others failed too', {
    tags: ['E1'],
  }, () => {
    const { ben, mia, alice, paused } = workerBreakers();
    for (let time = 0; time < 5; time++) failNow(ben);
    expect(paused()).toEqual([5, undefined, undefined, undefined]);
    failNow(mia);
    expect(paused()).toEqual([5, 5, 5, 5]);
    elapsedSeconds += 5;
    // Two failed probes of different users are needed to go on waiting.
    expect(ben.startRequest()).toBeUndefined();
    ben.recordFailure();
    failNow(alice);
    expect(mia.pausedSeconds()).toBe(5);
  });

  it('let others go on as long as anyone gets an answer between the failures of one user', {
    tags: ['E1'],
  }, () => {
    const { ben, mia, alice, paused } = workerBreakers();
    for (let round = 0; round < 20; round++) {
      failNow(mia);
      mia.recordSuccess();
      if (ben.startRequest() === undefined) ben.recordFailure();
      elapsedSeconds += 1;
    }
    expect(alice.startRequest()).toBeUndefined();
    expect(paused().slice(1)).toEqual([undefined, undefined, undefined]);
  });

  it('let sign-ins go on, however many of them are throttled', { tags: ['E2'] }, () => {
    const { forSignIns: code, paused } = workerBreakers();
    for (let time = 0; time < 50; time++) {
      expect(code.startRequest()).toBeUndefined();
      code.recordThrottling(60);
    }
    expect([code.startRequest(), code.startRequest()]).toEqual([undefined, undefined]);
    expect(paused()).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('let sign-ins out one at a time while none is answered: nobody who brings codes holds others back', {
    tags: ['E1'],
  }, () => {
    const { forSignIns: code, ben } = workerBreakers();
    for (let time = 0; time < 50; time++) failNow(code, 60);
    expect(code.startRequest()).toBeUndefined();
    expect(code.startRequest()).toBe(1);
    code.recordFailure(60);
    expect(code.startRequest()).toBeUndefined();
    code.recordSuccess();
    expect([code.startRequest(), code.startRequest()]).toEqual([undefined, undefined]);
    expect(ben.startRequest()).toBeUndefined();
  });
});
