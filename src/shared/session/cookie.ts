import { Buffer } from 'node:buffer';
import { equalBytes, keyedHash } from '../crypto/keyed-hash.ts';
import { deriveKey } from '../crypto/seal.ts';

/** Where a session's row is. */
export interface RowAddress {
  /** Keyed hash of tenant and object id: the user's partition. 32 bytes. */
  readonly userHash: Buffer;
  /** 32 bytes, derived from the login transaction. */
  readonly rowId: Buffer;
}

/** Where a session's row is, and the secret without which nobody can open it. */
export interface SessionAddress extends RowAddress {
  /** Only this cookie holds it. 32 bytes. */
  readonly secret: Buffer;
  /** After this the cookie is not worth a read. The row's own sealed limit decides. */
  readonly expiresAt: Date;
}

/** Writes and reads the session cookie's value. A value that this service did not make costs no storage read. */
export interface SessionCookieCodec {
  write(address: SessionAddress): string;
  /** The address, its deadline perhaps past; undefined when the value is not ours or was changed. */
  read(value: string): SessionAddress | undefined;
}

const VERSION = 1;
const PART_BYTES = 32;
// version | deadline in seconds | user hash | row id | secret | MAC
const DEADLINE_AT = 1;
const USER_HASH_AT = DEADLINE_AT + 6;
const ROW_ID_AT = USER_HASH_AT + PART_BYTES;
const SECRET_AT = ROW_ID_AT + PART_BYTES;
const MAC_AT = SECRET_AT + PART_BYTES;
const TOTAL_BYTES = MAC_AT + PART_BYTES;

/**
 * @param indexKey the key of the table's own keys: like them the cookie must outlive a roll of the sealing keys. Who
 * has it can address rows and opens none.
 */
export function createSessionCookieCodec(indexKey: Buffer): SessionCookieCodec {
  const macKey = deriveKey(indexKey, 'session-cookie');
  const macOf = (payload: Buffer) => keyedHash(macKey, ['session-cookie', payload.toString('base64url')]);

  return {
    write({ userHash, rowId, secret, expiresAt }) {
      const head = Buffer.alloc(USER_HASH_AT);
      head.writeUInt8(VERSION);
      head.writeUIntBE(Math.floor(expiresAt.getTime() / 1000), DEADLINE_AT, 6);
      const payload = Buffer.concat([head, userHash, rowId, secret]);
      return Buffer.concat([payload, macOf(payload)]).toString('base64url');
    },
    read(value) {
      const bytes = Buffer.from(value, 'base64url');
      // Node's decoder skips what it does not know: only the canonical spelling is ours.
      if (bytes.length !== TOTAL_BYTES || bytes.toString('base64url') !== value) return undefined;
      const payload = bytes.subarray(0, MAC_AT);
      if (bytes.readUInt8(0) !== VERSION || !equalBytes(macOf(payload), bytes.subarray(MAC_AT)))
        return undefined;
      const expiresAt = new Date(bytes.readUIntBE(DEADLINE_AT, 6) * 1000);
      return {
        userHash: bytes.subarray(USER_HASH_AT, ROW_ID_AT),
        rowId: bytes.subarray(ROW_ID_AT, SECRET_AT),
        secret: bytes.subarray(SECRET_AT, MAC_AT),
        expiresAt,
      };
    },
  };
}
