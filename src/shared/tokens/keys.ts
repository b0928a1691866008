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
