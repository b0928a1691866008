import type { Session } from '../session/session.ts';

/**
 * State that a worker holds only for users whose token requests fail: for at most {@link MAX_USERS} users, each until
 * {@link RETENTION_MS} after its last update.
 */
export interface PerUser<State> {
  find(user: string): State | undefined;
  /** For an update: returns the user's state, creates it if there is none, and restarts its retention. */
  findOrCreate(user: string): State;
}

/** Beyond this number, the user with the oldest update is evicted. The only cost is further requests. */
const MAX_USERS = 1_000;
const RETENTION_MS = 10 * 60_000;

export function createPerUser<State>(monotonicMs: () => number, make: () => State): PerUser<State> {
  // A Map iterates its keys in insertion order.
  const states = new Map<string, { readonly state: State; readonly updatedAtMs: number }>();
  const isExpired = (updatedAtMs: number) => monotonicMs() - updatedAtMs >= RETENTION_MS;
  const find = (user: string) => {
    const found = states.get(user);
    return found === undefined || isExpired(found.updatedAtMs) ? undefined : found.state;
  };
  return {
    find,
    findOrCreate(user) {
      const state = find(user) ?? make();
      states.delete(user);
      states.set(user, { state, updatedAtMs: monotonicMs() });
      for (const [first, { updatedAtMs }] of states) {
        if (states.size <= MAX_USERS && !isExpired(updatedAtMs)) break;
        states.delete(first);
      }
      return state;
    },
  };
}

/** Returns the same key for all sessions of a user. */
export function userKey({ locator: { userHash } }: Pick<Session, 'locator'>): string {
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
