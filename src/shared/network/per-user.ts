import { setBounded } from '../bounded-map.ts';
import { createExpiryTimer } from './expiry-timer.ts';

/**
 * This worker's state of users whose requests to another server fail: of at most {@link MAX_USERS} users, and of each user
 * until {@link RETENTION_MS} after the last update. A timer removes expired states, even if no further request arrives.
 */
export interface PerUser<State> {
  find(user: string): State | undefined;
  /** For an update: returns the state, creates it if the user has none, and restarts its retention. */
  findOrCreate(user: string): State;
}

/** Beyond this number, the user with the oldest update is evicted. The only cost is additional requests to that server. */
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
  // The first entry is always the oldest.
  const expiry = createExpiryTimer(monotonicMs, () => {
    for (const [first, { updatedAtMs }] of states) {
      if (!isExpired(updatedAtMs)) return updatedAtMs + RETENTION_MS;
      states.delete(first);
    }
    return undefined;
  });
  return {
    find,
    findOrCreate(user) {
      const state = find(user) ?? make();
      const updatedAtMs = monotonicMs();
      setBounded(states, user, { state, updatedAtMs }, MAX_USERS);
      expiry.expectAt(updatedAtMs + RETENTION_MS);
      return state;
    },
  };
}
