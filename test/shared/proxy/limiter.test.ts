import { describe, expect, it } from 'vitest';
import { createCallLimits } from '../../../src/shared/proxy/limiter.ts';

const MIB = 1024 * 1024;

function enter(limits: ReturnType<typeof createCallLimits>, person: string, times: number) {
  return Array.from({ length: times }, () => limits.enter(person, 0));
}

describe('the limits of calls under way', () => {
  it('admit 64 calls of a person and refuse the next, until one is done', { tags: ['DO-3'] }, () => {
    const limits = createCallLimits();
    const [first] = enter(limits, 'alice', 64);
    expect(limits.enter('alice', 0)).toEqual({ kind: 'refused', limit: 'person' });
    expect(limits.enter('bob', 0).kind).toBe('admitted');
    if (first?.kind === 'admitted') first.leave();
    expect(limits.enter('alice', 0).kind).toBe('admitted');
    expect(limits.enter('alice', 0).kind).toBe('refused');
  });

  it('admit 512 calls of everybody and refuse the next, whoever makes it', { tags: ['DO-3'] }, () => {
    const limits = createCallLimits();
    const admissions = Array.from({ length: 8 }, (_, at) => enter(limits, `person ${at}`, 64)).flat();
    expect(limits.enter('another', 0)).toEqual({ kind: 'refused', limit: 'worker' });
    for (const admission of admissions) if (admission.kind === 'admitted') admission.leave();
    expect(enter(limits, 'another', 64).every(({ kind }) => kind === 'admitted')).toBe(true);
  });

  it('refuse bodies beyond 64 MiB of a person and 128 MiB of everybody, and let calls without one pass', {
    tags: ['DO-3'],
  }, () => {
    const limits = createCallLimits();
    const first = limits.enter('alice', 40 * MIB);
    expect(limits.enter('alice', 25 * MIB)).toEqual({ kind: 'refused', limit: 'person' });
    expect(limits.enter('alice', 24 * MIB).kind).toBe('admitted');
    expect(limits.enter('alice', 0).kind).toBe('admitted');
    expect(limits.enter('ben', 64 * MIB).kind).toBe('admitted');
    expect(limits.enter('mia', 1)).toEqual({ kind: 'refused', limit: 'worker' });
    expect(limits.enter('mia', 0).kind).toBe('admitted');
    if (first.kind === 'admitted') first.leave();
    expect(limits.enter('mia', 40 * MIB).kind).toBe('admitted');
  });

  it('count what is sent in one call as the calls that it stands for', { tags: ['DO-3'] }, () => {
    const limits = createCallLimits();
    const batches = [20, 20, 20].map((weight) => limits.enter('alice', 0, weight));
    expect(limits.enter('alice', 0, 5)).toEqual({ kind: 'refused', limit: 'person' });
    expect(limits.enter('alice', 0, 4).kind).toBe('admitted');
    expect(limits.enter('alice', 0)).toEqual({ kind: 'refused', limit: 'person' });
    for (const admission of batches) if (admission.kind === 'admitted') admission.leave();
    expect(enter(limits, 'alice', 60).every(({ kind }) => kind === 'admitted')).toBe(true);
    expect(limits.enter('alice', 0).kind).toBe('refused');
  });

  it('let one call of a person pass whatever it stands for, and leave room for others', () => {
    const limits = createCallLimits();
    expect(limits.enter('alice', 0, 100).kind).toBe('admitted');
    expect(limits.enter('alice', 0).kind).toBe('refused');
    expect(limits.enter('bob', 0).kind).toBe('admitted');
  });

  it('let a body pass that is larger than they are, when it is the only one', () => {
    const limits = createCallLimits();
    const only = limits.enter('alice', 200 * MIB);
    expect(only.kind).toBe('admitted');
    expect(limits.enter('ben', 1).kind).toBe('refused');
    if (only.kind === 'admitted') only.leave();
    expect(limits.enter('ben', 1).kind).toBe('admitted');
  });
});
