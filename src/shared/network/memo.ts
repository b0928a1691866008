/** Answers that are given again for a while instead of asking anew, in this worker. */
export interface Memo<Answer> {
  /** Undefined when there is none, or its time is over. */
  find(name: string): Answer | undefined;
  keep(name: string, answer: Answer, forMs: number): void;
  forget(name: string): void;
}

/** The one that was kept first goes first. */
const MAX_KEPT = 10_000;

export function createMemo<Answer>(monotonicMs: () => number): Memo<Answer> {
  // A Map gives its keys in the order of their insertion.
  const kept = new Map<string, { readonly answer: Answer; readonly untilMs: number }>();
  return {
    find(name) {
      const found = kept.get(name);
      return found !== undefined && monotonicMs() < found.untilMs ? found.answer : undefined;
    },
    keep(name, answer, forMs) {
      kept.delete(name);
      kept.set(name, { answer, untilMs: monotonicMs() + forMs });
      for (const first of kept.keys()) {
        if (kept.size <= MAX_KEPT) break;
        kept.delete(first);
      }
    },
    forget: (name) => void kept.delete(name),
  };
}
