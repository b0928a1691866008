import { describe, expect, it } from 'vitest';
import { type DocumentedProblems, readDocumentedProblems, toResult } from '../../bench/soak/answer.ts';
import { planFaults } from '../../bench/soak/faults.ts';
import {
  type CallKind,
  type FaultRecord,
  judge,
  type Observations,
  type Tolerance,
} from '../../bench/soak/rules.ts';
import { problemCodes, problems } from '../../src/shared/errors.ts';

const tolerance: Tolerance = { recoveryMs: 1_000, memoryGrowth: 0.1 };
const kinds: readonly CallKind[] = ['read', 'write', 'session', 'cold', 'renewal', 'sign-in', 'sign-out'];

/** Graph was silent from second 10 to second 20. */
const graphFault = (more: Partial<FaultRecord> = {}): FaultRecord => ({
  fault: { system: 'graph', mode: 'unavailable' },
  startedMs: 10_000,
  endedMs: 20_000,
  met: 5,
  announcedUntilMs: new Map(),
  firstServedMs: new Map([
    ['read', 20_100],
    ['write', 20_200],
  ]),
  ...more,
});

/** A run in which every rule holds. */
const sound = (more: Partial<Observations> = {}): Observations => ({
  faults: [graphFault()],
  refusals: [{ kind: 'read', code: 'graph 503', detail: '', startedMs: 12_000, endedMs: 12_010 }],
  breaches: [],
  writes: new Map([['one', 'confirmed']]),
  effects: new Map([['one', 1]]),
  processes: [{ name: 'worker-1', end: undefined, errors: [] }],
  rssBytes: new Map([['worker-1', Array.from({ length: 40 }, () => 200 * 2 ** 20)]]),
  served: new Map(kinds.map((kind) => [kind, 1])),
  arrivals: { planned: 100, started: 100 },
  redeemedRefreshTokens: 1,
  ...more,
});

const rulesOf = (seen: Observations) => judge(seen, tolerance).map(({ rule }) => rule);

describe('the rules of the soak', () => {
  it('hold in a sound run', () => {
    expect(judge(sound(), tolerance)).toEqual([]);
  });

  it('find a write that took effect twice', () => {
    expect(rulesOf(sound({ effects: new Map([['one', 2]]) }))).toEqual(['write-twice']);
  });

  it('find a confirmed write without effect', () => {
    expect(rulesOf(sound({ effects: new Map() }))).toEqual(['lost-write']);
  });

  it('find a write that was reported as not sent and took effect', () => {
    expect(rulesOf(sound({ writes: new Map([['one', 'not-sent']]) }))).toEqual(['lost-write']);
  });

  it('allow both outcomes of a write whose response was lost', () => {
    for (const effects of [new Map([['one', 1]]), new Map()])
      expect(rulesOf(sound({ writes: new Map([['one', 'unknown']]), effects }))).toEqual([]);
  });

  it('find a refusal before, long after, and of another kind than the fault', () => {
    const refusals = [
      { kind: 'read', code: 'graph 503', detail: '', startedMs: 9_000, endedMs: 9_010 },
      { kind: 'read', code: 'graph 503', detail: '', startedMs: 21_001, endedMs: 21_010 },
      { kind: 'read', code: 'storage_unavailable', detail: '', startedMs: 12_000, endedMs: 12_010 },
      { kind: 'session', code: 'upstream_unreachable', detail: '', startedMs: 12_000, endedMs: 12_010 },
      { kind: 'read', code: 'internal_error', detail: '', startedMs: 12_000, endedMs: 12_010 },
    ] as const;
    for (const refusal of refusals)
      expect(rulesOf(sound({ refusals: [refusal] }))).toEqual(['needless-refusal']);
  });

  it('allow a refusal within the announced pause', () => {
    const faults = [graphFault({ announcedUntilMs: new Map([['read', 24_000]]) })];
    const refusals = [
      { kind: 'read', code: 'graph 503', detail: '', startedMs: 24_500, endedMs: 24_510 },
    ] as const;
    expect(rulesOf(sound({ faults, refusals }))).toEqual([]);
  });

  it('find a first success that is late, or missing', () => {
    const late = new Map<CallKind, number>([
      ['read', 21_001],
      ['write', 20_200],
    ]);
    expect(judge(sound({ faults: [graphFault({ firstServedMs: late })] }), tolerance)).toEqual([
      {
        rule: 'late-recovery',
        count: 1,
        examples: ['graph unavailable, read: success after 1.0 s, allowed 1.0 s'],
      },
    ]);
    expect(rulesOf(sound({ faults: [graphFault({ firstServedMs: new Map() })] }))).toEqual(['late-recovery']);
  });

  it('allow a first success within a second of the announced pause of its kind', () => {
    const firstServedMs = new Map<CallKind, number>([
      ['read', 24_900],
      ['write', 20_200],
    ]);
    const announced = (kind: CallKind) => new Map<CallKind, number>([[kind, 24_000]]);
    const faultsWith = (kind: CallKind) => [graphFault({ firstServedMs, announcedUntilMs: announced(kind) })];
    expect(rulesOf(sound({ faults: faultsWith('read') }))).toEqual([]);
    expect(rulesOf(sound({ faults: faultsWith('write') }))).toEqual(['late-recovery']);
  });

  it('do not accept an announced pause that is longer than that of a breaker', () => {
    const firstServedMs = new Map<CallKind, number>([
      ['read', 27_100],
      ['write', 20_200],
    ]);
    const announcedUntilMs = new Map<CallKind, number>([['read', 40_000]]);
    expect(rulesOf(sound({ faults: [graphFault({ firstServedMs, announcedUntilMs })] }))).toEqual([
      'late-recovery',
    ]);
  });

  it('find memory that grows in the last half', () => {
    const growing = Array.from({ length: 40 }, (_unused, second) => (200 + second * 4) * 2 ** 20);
    expect(rulesOf(sound({ rssBytes: new Map([['worker-1', growing]]) }))).toEqual(['growing-memory']);
    const grown = growing.map((bytes, second) => (second < 20 ? bytes : 280 * 2 ** 20));
    expect(rulesOf(sound({ rssBytes: new Map([['worker-1', grown]]) }))).toEqual([]);
  });

  it('find a worker that ended or printed an error', () => {
    const ended = { name: 'worker-1', end: 'exit code 1', errors: [] };
    const printed = { name: 'worker-1', end: undefined, errors: ['Error: planted'] };
    const logged = { name: 'worker-1', end: undefined, errors: ['{"event":"upstream-errors","count":1}\n'] };
    expect(rulesOf(sound({ processes: [logged] }))).toEqual([]);
    for (const one of [ended, printed])
      expect(rulesOf(sound({ processes: [one] }))).toEqual(['unhandled-error']);
  });

  it('find a run that proves nothing', () => {
    const weak: readonly Partial<Observations>[] = [
      { arrivals: { planned: 100, started: 94 } },
      { faults: [graphFault({ met: 0 })] },
      { served: new Map(kinds.filter((kind) => kind !== 'renewal').map((kind) => [kind, 1])) },
      { redeemedRefreshTokens: 0 },
    ];
    for (const more of weak) expect(rulesOf(sound(more))).toEqual(['weak-run']);
  });
});

describe('an answer of the soak', () => {
  const documented: DocumentedProblems = readDocumentedProblems();
  const answer = (status: number, headers: Record<string, string>, body: unknown) =>
    toResult(
      { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) },
      documented,
      () => undefined,
    );
  const problem = (code: string, status: number, more = {}) =>
    answer(status, { 'bff-problem': code, ...more }, { code, status });

  it('may have every documented problem, with its status', () => {
    expect([...documented].toSorted()).toEqual(
      problemCodes.map((code) => [code, problems[code].status]).toSorted(),
    );
  });

  it('is served, refused by a problem, or refused by Graph', () => {
    expect(answer(200, {}, {})).toEqual({ kind: 'served' });
    expect(problem('storage_unavailable', 503, { 'retry-after': '2' })).toEqual({
      kind: 'refused',
      code: 'storage_unavailable',
      detail: '',
      retryAfterSeconds: 2,
    });
    expect(answer(429, {}, { error: { code: 'soakFault' } })).toMatchObject({ code: 'graph 429' });
  });

  it('must not be refused otherwise', () => {
    const refusals = [
      answer(500, {}, ''),
      answer(503, {}, { error: { code: 'another' } }),
      problem('no_such_code', 503),
      problem('storage_unavailable', 500),
      answer(503, { 'bff-problem': 'storage_unavailable' }, { code: 'internal_error', status: 503 }),
      answer(200, {}, '<html>'),
    ];
    for (const refusal of refusals)
      expect(refusal).toMatchObject({ kind: 'breach', rule: 'undocumented-refusal' });
  });

  it('must not ask a signed-in user to sign in', () => {
    for (const [code, status] of [
      ['session_required', 401],
      ['interaction_required', 401],
    ] as const)
      expect(problem(code, status)).toMatchObject({ kind: 'breach', rule: 'lost-session' });
  });
});

it.each([30, 120, 600])('the plan of %d seconds has faults and fills the time', (seconds) => {
  const { leadSeconds, faults, faultSeconds, quietSeconds } = planFaults(seconds);
  expect(leadSeconds + faults.length * (faultSeconds + quietSeconds)).toBeCloseTo(seconds);
  expect(quietSeconds).toBeGreaterThan(6);
  const systems = new Set(faults.map(({ system }) => system));
  expect(systems.size).toBe(Math.min(3, faults.length));
});
