import { describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import { type CallLimits, createCallLimits } from '../../../src/shared/proxy/call-limits.ts';
import { toCaller } from '../../../src/shared/session/caller.ts';
import { openedSession, sessionContent } from '../../support/session-content.ts';

const MIB = 1024 * 1024;
const now = new Date('2026-08-01T12:00:00Z');
const callerOf = (user: string) => toCaller(openedSession(sessionContent(), { user, now }));

function acquire(limits: CallLimits, user: string, { bodyBytes = 0, calls = 1 } = {}) {
  try {
    const permit = limits.acquire(callerOf(user), bodyBytes);
    try {
      permit.countAs(calls);
    } catch (error) {
      permit[Symbol.dispose]();
      throw error;
    }
    return { outcome: 'permit', release: () => permit[Symbol.dispose]() };
  } catch (error) {
    if (!(error instanceof BffError)) throw error;
    return { outcome: error.rules.join(), release: () => undefined };
  }
}

const acquireMany = (limits: CallLimits, user: string, times: number) =>
  Array.from({ length: times }, () => acquire(limits, user));
const outcomesOf = (permits: readonly { outcome: string }[]) =>
  [...new Set(permits.map(({ outcome }) => outcome))].join();

describe('the limits of calls in progress', () => {
  it('admit 64 calls of a user and refuse the next one until one is done', { tags: ['DO-3'] }, () => {
    const limits = createCallLimits();
    const [first] = acquireMany(limits, 'alice', 64);
    expect(acquire(limits, 'alice').outcome).toBe('calls-of-user');
    expect(acquire(limits, 'bob').outcome).toBe('permit');
    first?.release();
    expect(acquire(limits, 'alice').outcome).toBe('permit');
    expect(acquire(limits, 'alice').outcome).toBe('calls-of-user');
  });

  it('admit 512 calls of all users and refuse the next one of any user', { tags: ['DO-3'] }, () => {
    const limits = createCallLimits();
    const permits = Array.from({ length: 8 }, (_, at) => acquireMany(limits, `user ${at}`, 64)).flat();
    expect(acquire(limits, 'another').outcome).toBe('calls-of-worker');
    for (const permit of permits) permit.release();
    expect(outcomesOf(acquireMany(limits, 'another', 64))).toBe('permit');
  });

  it('refuse bodies beyond 64 MiB of a user and 128 MiB of all users, and admit calls without a body', {
    tags: ['DO-3'],
  }, () => {
    const limits = createCallLimits();
    const outcomeOf = (user: string, bodyBytes: number) => acquire(limits, user, { bodyBytes }).outcome;
    const first = acquire(limits, 'alice', { bodyBytes: 40 * MIB });
    expect(outcomeOf('alice', 25 * MIB)).toBe('calls-of-user');
    expect(outcomeOf('alice', 24 * MIB)).toBe('permit');
    expect(outcomeOf('alice', 0)).toBe('permit');
    expect(outcomeOf('ben', 64 * MIB)).toBe('permit');
    expect(outcomeOf('mia', 1)).toBe('calls-of-worker');
    expect(outcomeOf('mia', 0)).toBe('permit');
    first.release();
    expect(outcomeOf('mia', 40 * MIB)).toBe('permit');
  });

  it('do not count a call whose body is refused', { tags: ['DO-3'] }, () => {
    const limits = createCallLimits();
    acquire(limits, 'alice', { bodyBytes: 64 * MIB });
    for (let at = 0; at < 100; at++) acquire(limits, 'alice', { bodyBytes: 1 });
    expect(outcomesOf(acquireMany(limits, 'alice', 63))).toBe('permit');
  });

  it('count a batch as the number of its calls', { tags: ['DO-3'] }, () => {
    const limits = createCallLimits();
    const batches = [20, 20, 20].map((calls) => acquire(limits, 'alice', { calls }));
    expect(acquire(limits, 'alice', { calls: 5 }).outcome).toBe('calls-of-user');
    expect(acquire(limits, 'alice', { calls: 4 }).outcome).toBe('permit');
    expect(acquire(limits, 'alice').outcome).toBe('calls-of-user');
    for (const batch of batches) batch.release();
    expect(outcomesOf(acquireMany(limits, 'alice', 60))).toBe('permit');
    expect(acquire(limits, 'alice').outcome).toBe('calls-of-user');
  });

  it('admit the only call of a user at any cost, and leave permits to others', () => {
    const limits = createCallLimits();
    expect(acquire(limits, 'alice', { calls: 100 }).outcome).toBe('permit');
    expect(acquire(limits, 'alice').outcome).toBe('calls-of-user');
    expect(acquire(limits, 'bob').outcome).toBe('permit');
  });

  it('admit a body that is larger than the limit if it is the only one', () => {
    const limits = createCallLimits();
    const only = acquire(limits, 'alice', { bodyBytes: 200 * MIB });
    expect(only.outcome).toBe('permit');
    expect(acquire(limits, 'ben', { bodyBytes: 1 }).outcome).toBe('calls-of-worker');
    only.release();
    expect(acquire(limits, 'ben', { bodyBytes: 1 }).outcome).toBe('permit');
  });
});
