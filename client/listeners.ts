export interface Listeners<Event> {
  /** @returns a function that unsubscribes the listener */
  subscribe(listener: (event: Event) => void): () => void;
  notify(event: Event): void;
}

export function createListeners<Event>(): Listeners<Event> {
  const listeners = new Set<(event: Event) => void>();
  return {
    subscribe(listener) {
      // A listener that subscribes twice is called twice and unsubscribes twice.
      const subscription = (event: Event) => listener(event);
      listeners.add(subscription);
      return () => void listeners.delete(subscription);
    },
    notify(event) {
      // Each listener runs in its own microtask: an exception stops no other listener, and no listener runs in the
      // middle of a state change.
      for (const listener of listeners) {
        void Promise.resolve().then(() => listeners.has(listener) && listener(event));
      }
    },
  };
}
