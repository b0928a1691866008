import type { Buffer } from 'node:buffer';
import { keyedHash } from '../crypto/keyed-hash.ts';
import type { Principal } from '../identity/principal.ts';
import type { RowAddress } from './cookie.ts';

/** The identity is tenant and object id, hashed with a key so that the table and the log name nobody. */
export function hashUser(
  indexKey: Buffer,
  { tenantId, objectId }: Pick<Principal, 'tenantId' | 'objectId'>,
): Buffer {
  return keyedHash(indexKey, ['user', tenantId, objectId]);
}

const KEY_LENGTH = 16; // 96 bits: no two people of an organization meet

/** The same, of somebody who has no session at hand. */
export function auditPseudonymOf(indexKey: Buffer, person: Pick<Principal, 'tenantId' | 'objectId'>): string {
  return auditPseudonym({ userHash: hashUser(indexKey, person) });
}

/** A person in audit records: the same on every worker and in every session, and told to nobody without the index key. */
export function auditPseudonym({ userHash }: Pick<RowAddress, 'userHash'>): string {
  return userHash.toString('base64url').slice(0, KEY_LENGTH);
}
