import { Buffer } from 'node:buffer';
import type { KeyRing } from '../crypto/key-ring.ts';
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

export type SessionCookieRead =
  | { readonly kind: 'valid'; readonly address: SessionAddress }
  /** Not ours, changed, of a retired key or past its deadline. */
  | { readonly kind: 'invalid' }
  /** Made with a key that this worker does not have yet. */
  | { readonly kind: 'newer' };

/** Writes and reads the session cookie's value. A value that this service did not make costs no storage read. */
export interface SessionCookieCodec {
  write(address: SessionAddress): string;
  read(value: string): SessionCookieRead;
}

const VERSION = 1;
const PART_BYTES = 32;
// version | key id | deadline in seconds | user hash | row id | secret | MAC
const KEY_ID_AT = 1;
const DEADLINE_AT = KEY_ID_AT + 4;
const USER_HASH_AT = DEADLINE_AT + 6;
const ROW_ID_AT = USER_HASH_AT + PART_BYTES;
const SECRET_AT = ROW_ID_AT + PART_BYTES;
const MAC_AT = SECRET_AT + PART_BYTES;
const TOTAL_BYTES = MAC_AT + PART_BYTES;

export function createSessionCookieCodec(keyRing: KeyRing, now: () => Date): SessionCookieCodec {
  const macKeys = new Map<number, Buffer>();
  const macOf = (keyId: number, keyBytes: Buffer, payload: Buffer) => {
    const macKey = macKeys.get(keyId) ?? deriveKey(keyBytes, 'session-cookie');
    macKeys.set(keyId, macKey);
    return keyedHash(macKey, ['session-cookie', payload.toString('base64url')]);
  };

  return {
    write({ userHash, rowId, secret, expiresAt }) {
      const { id, bytes } = keyRing.writing;
      const head = Buffer.alloc(USER_HASH_AT);
      head.writeUInt8(VERSION);
      head.writeUInt32BE(id, KEY_ID_AT);
      head.writeUIntBE(Math.floor(expiresAt.getTime() / 1000), DEADLINE_AT, 6);
      const payload = Buffer.concat([head, userHash, rowId, secret]);
      return Buffer.concat([payload, macOf(id, bytes, payload)]).toString('base64url');
    },
    read(value) {
      const bytes = Buffer.from(value, 'base64url');
      // Node's decoder skips what it does not know: only the canonical spelling is ours (SC-5).
      if (bytes.length !== TOTAL_BYTES || bytes.toString('base64url') !== value) return { kind: 'invalid' };
      if (bytes.readUInt8(0) !== VERSION) return { kind: 'invalid' };
      const found = keyRing.find(bytes.readUInt32BE(KEY_ID_AT));
      if (found.kind === 'newer') return { kind: 'newer' };
      if (found.kind === 'retired') return { kind: 'invalid' };
      const payload = bytes.subarray(0, MAC_AT);
      if (!equalBytes(macOf(found.key.id, found.key.bytes, payload), bytes.subarray(MAC_AT)))
        return { kind: 'invalid' };
      const expiresAt = new Date(bytes.readUIntBE(DEADLINE_AT, 6) * 1000);
      if (expiresAt.getTime() <= now().getTime()) return { kind: 'invalid' };
      return {
        kind: 'valid',
        address: {
          userHash: bytes.subarray(USER_HASH_AT, ROW_ID_AT),
          rowId: bytes.subarray(ROW_ID_AT, SECRET_AT),
          secret: bytes.subarray(SECRET_AT, MAC_AT),
          expiresAt,
        },
      };
    },
  };
}
