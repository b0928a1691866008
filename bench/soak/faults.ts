/** What the service depends on, and what fails in turns. */
export type System = 'graph' | 'entra' | 'table';

/**
 * How a system fails.
 * - `refuses`: nothing listens at its address
 * - `silent`: it accepts requests and never responds
 * - `unavailable`: it responds with 503
 * - `throttles`: it responds with 429 and a `Retry-After`
 * - `slow`: it handles each request late
 * - `resets`: it handles each request and breaks the connection instead of responding
 */
export type FaultMode = 'refuses' | 'silent' | 'unavailable' | 'throttles' | 'slow' | 'resets';

export interface Fault {
  readonly system: System;
  readonly mode: FaultMode;
}

/** What a throttling system asks for, in seconds. */
export const THROTTLED_SECONDS = 2;
export const SLOW_MS = { graph: 1_000, entra: 3_000, table: 1_000 } as const satisfies Record<System, number>;

/** A short run has only the first of these: every system, and modes of each that differ most. */
const allFaults: readonly Fault[] = [
  { system: 'graph', mode: 'silent' },
  { system: 'table', mode: 'unavailable' },
  { system: 'entra', mode: 'silent' },
  { system: 'graph', mode: 'resets' },
  { system: 'table', mode: 'resets' },
  { system: 'entra', mode: 'throttles' },
  { system: 'graph', mode: 'refuses' },
  { system: 'table', mode: 'silent' },
  { system: 'entra', mode: 'refuses' },
  { system: 'graph', mode: 'unavailable' },
  { system: 'table', mode: 'refuses' },
  { system: 'entra', mode: 'resets' },
  { system: 'graph', mode: 'throttles' },
  { system: 'table', mode: 'slow' },
  { system: 'entra', mode: 'unavailable' },
  { system: 'graph', mode: 'slow' },
  { system: 'table', mode: 'throttles' },
  { system: 'entra', mode: 'slow' },
];

/** Time for a fault and the quiet time after it. A quiet time shorter than a breaker's pause would prove nothing. */
const SHORTEST_TURN_SECONDS = 12;
const FAULT_SHARE = 0.4;

export interface FaultPlan {
  /** The load before the first fault. */
  readonly leadSeconds: number;
  readonly faults: readonly Fault[];
  readonly faultSeconds: number;
  readonly quietSeconds: number;
}

/** Divides the time of the load into turns: a fault, and a quiet time in which everything must work again. */
export function planFaults(seconds: number): FaultPlan {
  const count = Math.min(allFaults.length, Math.max(1, Math.floor(seconds / SHORTEST_TURN_SECONDS) - 1));
  const turnSeconds = seconds / (count + 0.5);
  return {
    leadSeconds: turnSeconds / 2,
    faults: allFaults.slice(0, count),
    faultSeconds: turnSeconds * FAULT_SHARE,
    quietSeconds: turnSeconds * (1 - FAULT_SHARE),
  };
}
