import type { Buffer } from 'node:buffer';
import { keyedHash } from '../crypto/keyed-hash.ts';
import type { UserId } from '../identity/principal.ts';
import type { RowLocator } from './locator.ts';

/** Stands for a user in the table and in the log, which therefore do not name the user. 32 bytes. */
export function hashUser(indexKey: Buffer, { tenantId, objectId }: UserId): Buffer {
  return keyedHash(indexKey, ['user', tenantId, objectId]);
}

const PSEUDONYM_LENGTH = 16; // 96 bits: no two users of an organization have the same pseudonym

/** The user's pseudonym in audit records. It is the same on every worker and in every session. */
export function auditPseudonym({ userHash }: Pick<RowLocator, 'userHash'>): string {
  return userHash.toString('base64url').slice(0, PSEUDONYM_LENGTH);
}

/** The same pseudonym for a user without a session. */
export function auditPseudonymOf(indexKey: Buffer, user: UserId): string {
  return auditPseudonym({ userHash: hashUser(indexKey, user) });
}
