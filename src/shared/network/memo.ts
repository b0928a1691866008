/** Results that this worker remembers for a while. */
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
  return {
    find(key) {
      const found = remembered.get(key);
      return found !== undefined && monotonicMs() < found.untilMs ? found.value : undefined;
    },
    remember(key, value, forMs) {
      remembered.delete(key);
      remembered.set(key, { value, untilMs: monotonicMs() + forMs });
      for (const first of remembered.keys()) {
        if (remembered.size <= MAX_VALUES) break;
        remembered.delete(first);
      }
    },
    forget: (key) => void remembered.delete(key),
  };
}
