import { Buffer } from 'node:buffer';
import { equalBytes, keyedHash } from '../crypto/keyed-hash.ts';
import { deriveKey } from '../crypto/seal.ts';
import { ownBytes } from '../own-bytes.ts';
import type { SessionLocator } from './locator.ts';

/**
 * Writes and reads the session cookie's value. Its MAC shows without a read of the table whether this service wrote it.
 */
export interface SessionCookieCodec {
  write(locator: SessionLocator): string;
  /** Returns the locator, even if it has expired. Returns undefined if this service did not write the value. */
  read(value: string): SessionLocator | undefined;
}

const VERSION = 1;
const PART_BYTES = 32;
// version | expiry in seconds | user hash | row id | secret | MAC
const EXPIRY_AT = 1;
const USER_HASH_AT = EXPIRY_AT + 6;
const ROW_ID_AT = USER_HASH_AT + PART_BYTES;
const SECRET_AT = ROW_ID_AT + PART_BYTES;
const MAC_AT = SECRET_AT + PART_BYTES;
const TOTAL_BYTES = MAC_AT + PART_BYTES;

/**
 * @param indexKey the table's row keys are derived from it too. It is not rotated, so cookies outlive a rotation of the
 * sealing keys. It cannot open a row.
 */
export function createSessionCookieCodec(indexKey: Buffer): SessionCookieCodec {
  const macKey = deriveKey(indexKey, 'session-cookie');
  const macOf = (payload: Buffer) => keyedHash(macKey, ['session-cookie', payload.toString('base64url')]);

  return {
    write({ userHash, rowId, secret, expiresAt }) {
      const head = Buffer.alloc(USER_HASH_AT);
      head.writeUInt8(VERSION);
      head.writeUIntBE(Math.floor(expiresAt.getTime() / 1000), EXPIRY_AT, 6);
      const payload = Buffer.concat([head, userHash, rowId, secret]);
      return Buffer.concat([payload, macOf(payload)]).toString('base64url');
    },
    read(value) {
      const bytes = Buffer.from(value, 'base64url');
      // Node's decoder skips unknown characters. Only the canonical spelling is accepted.
      if (bytes.length !== TOTAL_BYTES || bytes.toString('base64url') !== value) return undefined;
      const payload = bytes.subarray(0, MAC_AT);
      if (bytes.readUInt8(0) !== VERSION || !equalBytes(macOf(payload), bytes.subarray(MAC_AT)))
        return undefined;
      const expiresAt = new Date(bytes.readUIntBE(EXPIRY_AT, 6) * 1000);
      return {
        userHash: ownBytes(bytes.subarray(USER_HASH_AT, ROW_ID_AT)),
        rowId: ownBytes(bytes.subarray(ROW_ID_AT, SECRET_AT)),
        secret: ownBytes(bytes.subarray(SECRET_AT, MAC_AT)),
        expiresAt,
      };
    },
  };
}
