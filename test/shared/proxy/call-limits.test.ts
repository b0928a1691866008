import { describe, expect, it } from 'vitest';
import { createCallLimits } from '../../../src/shared/proxy/call-limits.ts';

function enter(limits: ReturnType<typeof createCallLimits>, person: string, times: number) {
  return Array.from({ length: times }, () => limits.enter(person));
}

describe('the limits of calls under way', () => {
  it('admit 64 calls of a person and refuse the next, until one is done (DO-3)', () => {
    const limits = createCallLimits();
    const [first] = enter(limits, 'alice', 64);
    expect(limits.enter('alice')).toEqual({ kind: 'refused', limit: 'person' });
    expect(limits.enter('bob').kind).toBe('admitted');
    if (first?.kind === 'admitted') first.leave();
    expect(limits.enter('alice').kind).toBe('admitted');
    expect(limits.enter('alice').kind).toBe('refused');
  });

  it('admit 512 calls of everybody and refuse the next, whoever makes it (DO-3)', () => {
    const limits = createCallLimits();
    const admissions = Array.from({ length: 8 }, (_, at) => enter(limits, `person ${at}`, 64)).flat();
    expect(limits.enter('another')).toEqual({ kind: 'refused', limit: 'worker' });
    for (const admission of admissions) if (admission.kind === 'admitted') admission.leave();
    expect(enter(limits, 'another', 64).every(({ kind }) => kind === 'admitted')).toBe(true);
  });
});
