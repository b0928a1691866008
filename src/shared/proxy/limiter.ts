/** Limits the cost of all permits in use, by key and in total. It never queues, but refuses what exceeds a limit. */
export interface Limiter {
  acquire(key: string, cost: number): Permit | Refusal;
}

/** Call `release` exactly once. */
export interface Permit {
  readonly kind: 'permit';
  /** Changes the cost. If that is refused, the permit keeps its old cost. */
  resize(cost: number): Refusal | undefined;
  release(): void;
}

export interface Refusal {
  readonly kind: 'refused';
  /** Which of the two limits is reached. */
  readonly limit: 'key' | 'total';
}

export interface LimiterOptions {
  readonly maxPerKey: number;
  readonly maxTotal: number;
}

/**
 * A permit that costs more than a limit is granted if nothing else counts against that limit. Otherwise a call that the
 * settings allow could never be made.
 */
export function createLimiter({ maxPerKey, maxTotal }: LimiterOptions): Limiter {
  const inUse = new Map<string, number>();
  let total = 0;
  const add = (key: string, cost: number) => {
    total += cost;
    const usedByKey = (inUse.get(key) ?? 0) + cost;
    if (usedByKey > 0) inUse.set(key, usedByKey);
    else inUse.delete(key);
  };
  const refusalOf = (key: string, cost: number): Refusal | undefined => {
    if (exceeds(inUse.get(key) ?? 0, cost, maxPerKey)) return { kind: 'refused', limit: 'key' };
    return exceeds(total, cost, maxTotal) ? { kind: 'refused', limit: 'total' } : undefined;
  };
  return {
    acquire(key, initialCost) {
      const refusal = refusalOf(key, initialCost);
      if (refusal !== undefined) return refusal;
      let held = initialCost;
      add(key, held);
      return {
        kind: 'permit',
        resize(cost) {
          add(key, -held);
          const refused = refusalOf(key, cost);
          held = refused === undefined ? cost : held;
          add(key, held);
          return refused;
        },
        release: () => add(key, -held),
      };
    },
  };
}

function exceeds(used: number, cost: number, max: number): boolean {
  return used > 0 && cost > 0 && used + cost > max;
}
