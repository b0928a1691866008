import type { Session } from '../session/session.ts';

/**
 * State that a worker holds only for users whose token requests fail. It is bounded, and a user's state expires
 * if nothing is added for a while.
 */
export interface PerUser<State> {
  find(user: string): State | undefined;
  /** Returns the user's state, creating it if there is none, and extends its lifetime. */
  touch(user: string): State;
}

/** The user with the oldest update is evicted first. The only cost is further requests. */
const MAX_USERS = 1_000;
const KEPT_MS = 10 * 60_000;

export function createPerUser<State>(monotonicMs: () => number, make: () => State): PerUser<State> {
  // A Map iterates its keys in insertion order.
  const states = new Map<string, { readonly state: State; readonly touchedAtMs: number }>();
  const isOld = (touchedAtMs: number) => monotonicMs() - touchedAtMs >= KEPT_MS;
  const find = (user: string) => {
    const found = states.get(user);
    return found === undefined || isOld(found.touchedAtMs) ? undefined : found.state;
  };
  return {
    find,
    touch(user) {
      const state = find(user) ?? make();
      states.delete(user);
      states.set(user, { state, touchedAtMs: monotonicMs() });
      for (const [first, { touchedAtMs }] of states) {
        if (states.size <= MAX_USERS && !isOld(touchedAtMs)) break;
        states.delete(first);
      }
      return state;
    },
  };
}

/** Returns the same key for all sessions of a user. */
export function userOf({ address: { userHash } }: Pick<Session, 'address'>): string {
  return userHash.toString('base64url');
}

/** Sets an entry and evicts the entries that were set longest ago. */
export function setBounded<Value>(
  map: Map<string, Value>,
  name: string,
  value: Value,
  maxSize: number,
): void {
  map.delete(name);
  map.set(name, value);
  for (const first of map.keys()) {
    if (map.size <= maxSize) break;
    map.delete(first);
  }
}
