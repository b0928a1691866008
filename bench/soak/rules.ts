import { median } from '../support/statistics.ts';
import type { Fault, System } from './faults.ts';

/** The rules that a run checks. */
export const rules = {
  'another-user': 'a response has the identity of the user and of the call',
  'lost-session': 'no user has to sign in again',
  'ended-session': 'no session is served after its sign-out',
  'write-twice': 'no write takes effect twice',
  'lost-write': 'a confirmed write has taken effect, and one that was not sent has not',
  'undocumented-refusal': 'every refusal is a problem with a documented code',
  'needless-refusal': 'every refusal is explained by a system that fails',
  'no-answer': 'every call is answered',
  'unhandled-error': 'no worker ends, and none prints an unhandled error',
  'late-recovery': 'a call succeeds within a second of the end of a fault, or of the announced pause',
  'growing-memory': 'the resident memory of the workers stays the same in the last half',
  'weak-run': 'the load was reached, and every fault met calls',
} as const;

export type Rule = keyof typeof rules;

export interface Violation {
  readonly rule: Rule;
  readonly count: number;
  /** The first {@link MAX_EXAMPLES} of them. */
  readonly examples: readonly string[];
}

/**
 * - `read`, `write`: of Graph, with a session that the workers cache
 * - `session`: who is signed in
 * - `cold`: a read whose session the worker has to read from the table
 * - `renewal`: a read whose access token has expired, so that Entra ID has to issue another
 */
export type CallKind = 'read' | 'write' | 'session' | 'cold' | 'renewal' | 'sign-in' | 'sign-out';

/** A problem that a call got, or a response of Graph itself. */
export interface Refusal {
  readonly kind: CallKind;
  readonly code: string;
  /** The `outcome` or `reason` of the problem. */
  readonly detail: string;
  readonly startedMs: number;
  readonly endedMs: number;
}

/** A fault, from the time when the system was told to fail. */
export interface FaultRecord {
  readonly fault: Fault;
  readonly startedMs: number;
  endedMs: number;
  /** Requests that arrived during the fault. */
  met: number;
  /** By kind of call: the latest time until which a refusal during the fault asked its caller to wait. */
  readonly announcedUntilMs: Map<CallKind, number>;
  /** By kind of call: when the first call that began after the end of the fault succeeded. */
  readonly firstServedMs: Map<CallKind, number>;
}

export type WriteState = 'confirmed' | 'not-sent' | 'unknown';

export interface Observations {
  readonly faults: readonly FaultRecord[];
  readonly refusals: readonly Refusal[];
  readonly breaches: readonly { readonly rule: Rule; readonly what: string }[];
  readonly writes: ReadonlyMap<string, WriteState>;
  /** How often each write took effect. */
  readonly effects: ReadonlyMap<string, number>;
  readonly processes: readonly {
    readonly name: string;
    readonly end: string | undefined;
    readonly errors: readonly string[];
  }[];
  /** Resident memory of each worker, one sample a second, during the load. */
  readonly rssBytes: ReadonlyMap<string, readonly number[]>;
  readonly served: ReadonlyMap<CallKind, number>;
  readonly arrivals: { readonly planned: number; readonly started: number };
  readonly redeemedRefreshTokens: number;
}

export interface Tolerance {
  /** The time that a first success may take after the end of a fault or of the announced pause. */
  readonly recoveryMs: number;
  /** By which share the last quarter may exceed the one before. */
  readonly memoryGrowth: number;
}

/** The kinds of calls that cannot succeed without the system. */
export const kindsThatNeed: Readonly<Record<System, readonly CallKind[]>> = {
  graph: ['read', 'write'],
  entra: ['renewal', 'sign-in'],
  table: ['cold', 'sign-in'],
};

/** Less growth than this may be noise of the garbage collector. */
const NOTABLE_BYTES = 16 * 2 ** 20;
const MAX_EXAMPLES = 8;
const MIN_ARRIVALS = 0.95;

export function judge(seen: Observations, tolerance: Tolerance): readonly Violation[] {
  const found = new Map<Rule, string[]>();
  const add = (rule: Rule, what: string) => {
    const list = found.get(rule) ?? [];
    list.push(what);
    found.set(rule, list);
  };
  for (const { rule, what } of seen.breaches) add(rule, what);
  judgeRefusals(seen, tolerance, add);
  judgeWrites(seen, add);
  judgeRecoveries(seen, tolerance, add);
  judgeMemory(seen, tolerance, add);
  judgeStrength(seen, add);
  for (const { name, end, errors } of seen.processes) {
    if (end !== undefined) add('unhandled-error', `${name}: ${end}`);
    const printed = withoutLogLines(errors);
    if (printed !== '') add('unhandled-error', `${name}: ${printed.slice(0, 400)}`);
  }
  return [...found].map(([rule, list]) => ({
    rule,
    count: list.length,
    examples: list.slice(0, MAX_EXAMPLES),
  }));
}

/** What a worker logs outside of an invocation is printed too. */
function withoutLogLines(printed: readonly string[]): string {
  return printed
    .join('')
    .split('\n')
    .filter((line) => line !== '' && !/^\{"event":.*\}$/.test(line))
    .join('\n');
}

type Add = (rule: Rule, what: string) => void;

/** The codes with which a fault of a system may be reported, and the kinds of calls that it may affect. */
const explanations: Readonly<
  Record<System, { readonly codes: readonly string[]; readonly kinds: readonly CallKind[] | 'all' }>
> = {
  graph: {
    codes: [
      'upstream_unreachable',
      'upstream_timeout',
      'upstream_unavailable',
      'upstream_answer_refused',
      'rate_limited',
      'graph 429',
      'graph 503',
    ],
    kinds: ['read', 'write', 'cold', 'renewal'],
  },
  entra: { codes: ['sign_in_service_unavailable', 'rate_limited'], kinds: ['renewal', 'sign-in'] },
  table: { codes: ['storage_unavailable', 'sign_in_service_unavailable', 'rate_limited'], kinds: 'all' },
};

/** How long a call waits for a system that does not respond. */
const WAIT_MS: Readonly<Record<System, number>> = {
  graph: 5_000, // GRAPH_TIMEOUT_MS of the run
  entra: 9_000, // 8 s for the request, and 1 s more for the holder of a lease
  table: 4_000, // the deadline of a write
};

/** Until when a fault explains refusals. */
function settledMs(record: FaultRecord, { recoveryMs }: Tolerance): number {
  const { fault, endedMs, announcedUntilMs } = record;
  const waitMs = fault.mode === 'silent' || fault.mode === 'slow' ? WAIT_MS[fault.system] : 0;
  return Math.max(endedMs, ...announcedUntilMs.values()) + waitMs + recoveryMs;
}

function judgeRefusals({ refusals, faults }: Observations, tolerance: Tolerance, add: Add): void {
  for (const { kind, code, detail, startedMs, endedMs } of refusals) {
    const isExplained = faults.some((record) => {
      const { codes, kinds } = explanations[record.fault.system];
      return (
        codes.includes(code) &&
        (kinds === 'all' || kinds.includes(kind)) &&
        record.startedMs <= endedMs &&
        startedMs <= settledMs(record, tolerance)
      );
    });
    if (isExplained) continue;
    const before = faults.findLast((record) => record.startedMs <= endedMs);
    const place =
      before === undefined
        ? 'before the first fault'
        : `${seconds(startedMs - before.endedMs)} after ${nameOf(before.fault)}`;
    add('needless-refusal', `${kind}: ${code} ${detail}, ${place}`);
  }
}

function judgeWrites({ writes, effects }: Observations, add: Add): void {
  for (const [id, count] of effects) if (count > 1) add('write-twice', `${id}: ${count} times`);
  for (const [id, state] of writes) {
    const count = effects.get(id) ?? 0;
    if (state === 'confirmed' && count === 0) add('lost-write', `${id}: confirmed, no effect`);
    if (state === 'not-sent' && count > 0) add('lost-write', `${id}: reported as not sent, took effect`);
  }
}

/** The longest pause of a circuit breaker, with some margin. A longer `Retry-After` allows no later recovery. */
const MAX_PAUSE_MS = 6_000;

/** When calls of this kind must succeed again after a fault. */
function recoversByMs(record: FaultRecord, kind: CallKind, { recoveryMs }: Tolerance): number {
  const { endedMs, announcedUntilMs } = record;
  const pausedUntilMs = Math.min(announcedUntilMs.get(kind) ?? 0, endedMs + MAX_PAUSE_MS);
  return Math.max(endedMs, pausedUntilMs) + recoveryMs;
}

function judgeRecoveries({ faults }: Observations, tolerance: Tolerance, add: Add): void {
  for (const record of faults) {
    for (const kind of kindsThatNeed[record.fault.system]) {
      const firstMs = record.firstServedMs.get(kind);
      const limitMs = recoversByMs(record, kind, tolerance);
      if (firstMs !== undefined && firstMs <= limitMs) continue;
      const when =
        firstMs === undefined ? 'no success' : `success after ${seconds(firstMs - record.endedMs)}`;
      add(
        'late-recovery',
        `${nameOf(record.fault)}, ${kind}: ${when}, allowed ${seconds(limitMs - record.endedMs)}`,
      );
    }
  }
}

/** The medians of the third and of the last quarter. */
export function lastHalf(samples: readonly number[]): { readonly third: number; readonly last: number } {
  const quarter = Math.floor(samples.length / 4);
  return {
    third: median(samples.slice(2 * quarter, 3 * quarter)),
    last: median(samples.slice(3 * quarter)),
  };
}

function judgeMemory({ rssBytes }: Observations, { memoryGrowth }: Tolerance, add: Add): void {
  for (const [worker, samples] of rssBytes) {
    const { third, last } = lastHalf(samples);
    if (last - third > Math.max(NOTABLE_BYTES, third * memoryGrowth))
      add(
        'growing-memory',
        `${worker}: ${mebibytes(third)} in the third quarter, ${mebibytes(last)} in the last`,
      );
  }
}

/** A run that did not load the service, or in which nothing failed, proves nothing. */
function judgeStrength(seen: Observations, add: Add): void {
  const { arrivals, faults, served, redeemedRefreshTokens, refusals } = seen;
  if (arrivals.started < arrivals.planned * MIN_ARRIVALS)
    add('weak-run', `${arrivals.started} of ${arrivals.planned} calls were made`);
  for (const { fault, met, startedMs, endedMs } of faults) {
    const hasRefused = refusals.some(
      (refusal) => startedMs <= refusal.endedMs && refusal.startedMs <= endedMs,
    );
    // Refused connections cannot be counted.
    if (met === 0 && !(fault.mode === 'refuses' && hasRefused))
      add('weak-run', `${nameOf(fault)} met no request`);
  }
  const kinds: readonly CallKind[] = ['read', 'write', 'session', 'cold', 'renewal', 'sign-in', 'sign-out'];
  for (const kind of kinds) if ((served.get(kind) ?? 0) === 0) add('weak-run', `no ${kind} succeeded`);
  if (redeemedRefreshTokens === 0) add('weak-run', 'no token was renewed');
}

export const nameOf = ({ system, mode }: Fault) => `${system} ${mode}`;
export const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
