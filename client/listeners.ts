/** Who wants to hear of something. */
export interface Listeners<Event> {
  /** @returns what stops it */
  subscribe(listener: (event: Event) => void): () => void;
  tell(event: Event): void;
}

export function createListeners<Event>(): Listeners<Event> {
  const listeners = new Set<(event: Event) => void>();
  return {
    subscribe(listener) {
      // Somebody who listens twice also stops twice.
      const own = (event: Event) => listener(event);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    tell(event) {
      // Later, each for itself: a listener that throws stops nobody, and none runs in the middle of a change.
      for (const listener of listeners) {
        void Promise.resolve().then(() => listeners.has(listener) && listener(event));
      }
    },
  };
}
