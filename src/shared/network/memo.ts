import { setBounded } from '../bounded-map.ts';
import { createExpiryTimer } from './expiry-timer.ts';

/** Results that this worker remembers for a while. Expired ones are removed within a second, even if nothing is looked up. */
export interface Memo<Value> {
  /** @returns undefined if there is no value or it has expired */
  find(key: string): Value | undefined;
  remember(key: string, value: Value, forMs: number): void;
  forget(key: string): void;
}

/** Beyond this number, the value that was remembered longest ago is removed. */
const MAX_VALUES = 10_000;

export function createMemo<Value>(monotonicMs: () => number): Memo<Value> {
  // A Map iterates over its keys in the order of insertion.
  const remembered = new Map<string, { readonly value: Value; readonly untilMs: number }>();
  const expiry = createExpiryTimer(monotonicMs, () => {
    let nextMs: number | undefined;
    for (const [key, { untilMs }] of remembered) {
      if (untilMs <= monotonicMs()) remembered.delete(key);
      else nextMs = Math.min(nextMs ?? untilMs, untilMs);
    }
    return nextMs;
  });
  return {
    find(key) {
      const found = remembered.get(key);
      return found !== undefined && monotonicMs() < found.untilMs ? found.value : undefined;
    },
    remember(key, value, forMs) {
      const untilMs = monotonicMs() + forMs;
      setBounded(remembered, key, { value, untilMs }, MAX_VALUES);
      expiry.expectAt(untilMs);
    },
    forget: (key) => void remembered.delete(key),
  };
}
