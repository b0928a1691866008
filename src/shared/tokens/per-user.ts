import { createHash } from 'node:crypto';
import type { Session } from '../session/session.ts';

/** Returns the same key for all sessions of a user. */
export function userKey({ locator: { userHash } }: Pick<Session, 'locator'>): string {
  return userHash.toString('base64url');
}

/** Returns a key of this session alone. A new sign-in creates another row and secret, and so another key. */
export function sessionKey({ locator: { userHash, rowId, secret } }: Pick<Session, 'locator'>): string {
  return createHash('sha256').update(userHash).update(rowId).update(secret).digest('base64');
}

/** Sets an entry. If the map then has more than `maxSize` entries, those that were set longest ago are evicted. */
export function setBounded<Value>(map: Map<string, Value>, key: string, value: Value, maxSize: number): void {
  map.delete(key);
  map.set(key, value);
  for (const first of map.keys()) {
    if (map.size <= maxSize) break;
    map.delete(first);
  }
}
