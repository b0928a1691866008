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

describe('a circuit breaker', () => {
  it('stays closed while answers arrive, and forgets failures after a success', {
    tags: ['E1'],
  }, () => {
    for (let round = 0; round < 3; round++) {
      fail(4);
      expect(breaker.startRequest()).toBeUndefined();
      breaker.recordSuccess();
    }
    expect(breaker.startRequest()).toBeUndefined();
  });

  it('opens after five failures in a row, then sends one probe, whose success closes it', {
    tags: ['E1'],
  }, () => {
    fail(5);
    expect(breaker.startRequest()).toBe(5);
    elapsedSeconds += 4.5;
    expect(breaker.startRequest()).toBe(1);
    elapsedSeconds += 0.5;
    expect(breaker.startRequest()).toBeUndefined();
    expect(breaker.startRequest()).toBe(2);
    breaker.recordSuccess();
    expect(breaker.startRequest()).toBeUndefined();
    expect(breaker.startRequest()).toBeUndefined();
  });

  it('opens again if the probe fails', { tags: ['E1'] }, () => {
    fail(5);
    elapsedSeconds += 5;
    expect(breaker.startRequest()).toBeUndefined();
    breaker.recordFailure();
    expect(breaker.startRequest()).toBe(5);
  });

  it('sends another probe if the first gets no answer', { tags: ['E1'] }, () => {
    fail(5);
    elapsedSeconds += 5;
    expect(breaker.startRequest()).toBeUndefined();
    elapsedSeconds += 10;
    expect(breaker.startRequest()).toBeUndefined();
  });

  it('opens for the time of the first Retry-After, at most a minute and never for 0 seconds', {
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

  it('uses the longest pause of concurrent failures', { tags: ['E2'] }, () => {
    breaker.recordFailure(20);
    fail(5);
    breaker.recordFailure(3);
    expect(breaker.startRequest()).toBe(20);
  });

  it('is not closed by an answer to an earlier request', { tags: ['E2'] }, () => {
    breaker.recordFailure(20);
    breaker.recordSuccess();
    expect(breaker.startRequest()).toBe(20);
    elapsedSeconds += 20;
    expect(breaker.startRequest()).toBeUndefined();
  });
});

describe('the circuit breakers of a worker', () => {
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

  it('pause the throttled user only', { tags: ['E2'] }, () => {
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

  it('pause all users and sign-ins while two users are throttled', {
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

  it('pause only one user at a time if the pauses of two users do not overlap', { tags: ['E2'] }, () => {
    const { ben, mia, paused } = workerBreakers();
    failNow(ben, 20);
    elapsedSeconds += 20;
    failNow(mia, 20);
    expect(paused()).toEqual([undefined, 20, undefined, undefined]);
  });

  it('send one probe after a common pause, which one throttled user does not prolong for others', {
    tags: ['E2'],
  }, () => {
    const { ben, mia, alice, forSignIns: code } = workerBreakers();
    failNow(ben, 20);
    failNow(mia, 20);
    elapsedSeconds += 20;
    expect(ben.startRequest()).toBeUndefined();
    expect([mia.startRequest(), alice.startRequest()]).toEqual([2, 2]);
    ben.recordFailure(20);
    expect(alice.startRequest()).toBeUndefined();
    expect(mia.startRequest()).toBe(2);
    alice.recordSuccess();
    expect([mia.startRequest(), code.startRequest()]).toEqual([undefined, undefined]);
    expect(ben.startRequest()).toBe(20);
  });

  it('pause a user after five failures in a row, and all users if another user fails too', {
    tags: ['E1'],
  }, () => {
    const { ben, mia, alice, paused } = workerBreakers();
    for (let time = 0; time < 5; time++) failNow(ben);
    expect(paused()).toEqual([5, undefined, undefined, undefined]);
    failNow(mia);
    expect(paused()).toEqual([5, 5, 5, 5]);
    elapsedSeconds += 5;
    // Two failed probes of different users are needed to prolong the pause.
    expect(ben.startRequest()).toBeUndefined();
    ben.recordFailure();
    failNow(alice);
    expect(mia.pausedSeconds()).toBe(5);
  });

  it('do not pause other users if they get answers between the failures of one user', {
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

  it('do not pause sign-ins if many of them are throttled', { tags: ['E2'] }, () => {
    const { forSignIns: code, paused } = workerBreakers();
    for (let time = 0; time < 50; time++) {
      expect(code.startRequest()).toBeUndefined();
      code.recordThrottling(60);
    }
    expect([code.startRequest(), code.startRequest()]).toEqual([undefined, undefined]);
    expect(paused()).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('allow one sign-in at a time while none is answered, and do not pause users', {
    tags: ['E1'],
  }, () => {
    const { forSignIns: code, ben } = workerBreakers();
    for (let time = 0; time < 50; time++) failNow(code, 60);
    expect(code.startRequest()).toBeUndefined();
    expect(code.startRequest()).toBe(2);
    code.recordFailure(60);
    expect(code.startRequest()).toBeUndefined();
    code.recordSuccess();
    expect([code.startRequest(), code.startRequest()]).toEqual([undefined, undefined]);
    expect(ben.startRequest()).toBeUndefined();
  });

  it('send another probe after two seconds without an answer', { tags: ['E1'] }, () => {
    const { alice, ben, mia } = workerBreakers();
    for (let time = 0; time < 3; time++) failNow(alice);
    for (let time = 0; time < 2; time++) failNow(ben);
    elapsedSeconds += 5;
    expect([mia.startRequest(), ben.startRequest()]).toEqual([undefined, 2]);
    elapsedSeconds += 2;
    expect([ben.startRequest(), mia.startRequest()]).toEqual([undefined, 2]);
    ben.recordSuccess();
    // The deadline of the first probe.
    mia.recordFailure();
    expect([alice.startRequest(), mia.startRequest()]).toEqual([undefined, undefined]);
  });

  it('do not pause again for requests that were sent before the pause or before the latest probe', {
    tags: ['E1'],
  }, () => {
    const { alice, ben, mia, paused } = workerBreakers();
    // Eight requests hang, and the first five reach their deadline.
    for (const user of [alice, ben, mia, alice, ben, mia, alice, ben])
      expect(user.startRequest()).toBeUndefined();
    for (const user of [alice, ben, mia, alice, ben]) user.recordFailure();
    elapsedSeconds += 4;
    for (const user of [mia, alice]) user.recordFailure();
    expect(paused()).toEqual([1, 1, 1, 1]);
    elapsedSeconds += 1;
    expect(mia.startRequest()).toBeUndefined();
    ben.recordFailure();
    elapsedSeconds += 2;
    expect(alice.startRequest()).toBeUndefined();
    mia.recordFailure();
    expect(ben.startRequest()).toBe(2);
    alice.recordSuccess();
    expect([alice.startRequest(), ben.startRequest(), mia.startRequest()]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('let another sign-in follow after two seconds without an answer', { tags: ['E1'] }, () => {
    const { forSignIns: code } = workerBreakers();
    for (let time = 0; time < 5; time++) failNow(code);
    expect([code.startRequest(), code.startRequest()]).toEqual([undefined, 2]);
    elapsedSeconds += 2;
    expect([code.startRequest(), code.startRequest()]).toEqual([undefined, 2]);
    code.recordSuccess();
    expect([code.startRequest(), code.startRequest()]).toEqual([undefined, undefined]);
    // The deadline of the first one.
    code.recordFailure();
    expect([code.startRequest(), code.startRequest()]).toEqual([undefined, undefined]);
  });
});
