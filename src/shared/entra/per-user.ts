import type { Session } from '../session/session-store.ts';

/** What a worker keeps of users in trouble, and of no others: bounded, and forgotten when nothing was added for a while. */
export interface PerUser<State> {
  find(user: string): State | undefined;
  /** The same, made where there is none, and kept for another while. */
  touch(user: string): State;
}

/** The one that nothing was added to for longest goes first. It then costs requests again, and nothing else. */
const MAX_USERS = 1_000;
const KEPT_MS = 10 * 60_000;

export function createPerUser<State>(monotonicMs: () => number, make: () => State): PerUser<State> {
  // A Map gives its keys in the order of their insertion.
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

/** The same for all sessions of a user. */
export function userOf({ address: { userHash } }: Pick<Session, 'address'>): string {
  return userHash.toString('base64url');
}

/** A map that forgets what was set longest ago. */
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
