import type { Result } from './answer.ts';
import type { Fault } from './faults.ts';
import {
  type CallKind,
  type FaultRecord,
  kindsThatNeed,
  type Observations,
  type Refusal,
  type Rule,
  type WriteState,
} from './rules.ts';

/** A call and what came of it. */
export interface Outcome {
  readonly kind: CallKind;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly result: Result;
}

/** Collects what the load has seen. */
export interface Ledger extends Pick<Observations, 'faults' | 'refusals' | 'breaches' | 'writes' | 'served'> {
  record(outcome: Outcome): void;
  recordBreach(rule: Rule, what: string): void;
  recordWrite(id: string, result: Result): void;
  /** Begins a fault. It has not ended until `endedMs` is set. */
  startFault(fault: Fault): FaultRecord;
  endFault(record: FaultRecord): void;
  /** Whether the first success of a call of this kind after the latest fault is still awaited. */
  isAwaited(kind: CallKind): boolean;
  /** Durations of successful reads, by phase. */
  readonly latenciesMs: ReadonlyMap<string, readonly number[]>;
  phase: string;
}

/** With these problems, the service states that it has not sent the write. */
const notSent: readonly string[] = [
  'rate_limited',
  'upstream_unavailable',
  'storage_unavailable',
  'sign_in_service_unavailable',
  'graph 429',
  'graph 503',
];
/** Without a limit, the records would fill the memory if every call fails. */
const MAX_BREACHES = 100_000;

export function createLedger(): Ledger {
  const faults: FaultRecord[] = [];
  const refusals: Refusal[] = [];
  const breaches: { rule: Rule; what: string }[] = [];
  const writes = new Map<string, WriteState>();
  const served = new Map<CallKind, number>();
  const latenciesMs = new Map<string, number[]>();

  const recordServed = ({ kind, startedMs, endedMs }: Outcome, phase: string) => {
    served.set(kind, (served.get(kind) ?? 0) + 1);
    for (const { fault, endedMs: faultEndedMs, firstServedMs } of faults)
      if (startedMs >= faultEndedMs && kindsThatNeed[fault.system].includes(kind) && !firstServedMs.has(kind))
        firstServedMs.set(kind, endedMs);
    if (kind !== 'read') return;
    const durations = latenciesMs.get(phase) ?? [];
    durations.push(endedMs - startedMs);
    latenciesMs.set(phase, durations);
  };
  const recordBreach = (rule: Rule, what: string) => {
    if (breaches.length < MAX_BREACHES) breaches.push({ rule, what });
  };

  return {
    faults,
    refusals,
    breaches,
    writes,
    served,
    latenciesMs,
    phase: 'quiet',
    record(outcome) {
      const { kind, startedMs, endedMs, result } = outcome;
      if (result.kind === 'served') return recordServed(outcome, this.phase);
      if (result.kind === 'breach') return recordBreach(result.rule, `${kind}: ${result.what}`);
      const { code, detail, retryAfterSeconds } = result;
      refusals.push({ kind, code, detail, startedMs, endedMs });
      const current = faults.at(-1);
      if (retryAfterSeconds === undefined || current === undefined || endedMs > current.endedMs) return;
      const untilMs = endedMs + retryAfterSeconds * 1000;
      const { announcedUntilMs } = current;
      announcedUntilMs.set(kind, Math.max(announcedUntilMs.get(kind) ?? 0, untilMs));
    },
    recordBreach,
    recordWrite(id, result) {
      const isNotSent = result.kind === 'refused' && notSent.includes(result.code);
      writes.set(id, result.kind === 'served' ? 'confirmed' : isNotSent ? 'not-sent' : 'unknown');
    },
    startFault(fault) {
      const record: FaultRecord = {
        fault,
        startedMs: performance.now(),
        endedMs: Number.POSITIVE_INFINITY,
        met: 0,
        announcedUntilMs: new Map(),
        firstServedMs: new Map(),
      };
      faults.push(record);
      return record;
    },
    endFault(record) {
      record.endedMs = performance.now();
    },
    isAwaited(kind) {
      const latest = faults.at(-1);
      if (latest === undefined || latest.endedMs === Number.POSITIVE_INFINITY) return false;
      return kindsThatNeed[latest.fault.system].includes(kind) && !latest.firstServedMs.has(kind);
    },
  };
}
