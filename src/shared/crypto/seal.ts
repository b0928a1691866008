import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const IV_BYTES = 12; // NIST SP 800-38D 8.2.2: a random 96-bit IV per encryption
const TAG_BYTES = 16;

/** Returns bytes from a cryptographically secure source. Injected, so that tests can repeat a run. */
export type RandomBytes = (size: number) => Buffer;

export const secureRandomBytes: RandomBytes = (size) => randomBytes(size);

/**
 * Encrypts with AES-256-GCM and a random IV. Returns `iv | ciphertext | tag`.
 * @param additionalData binds the value to its use. Opening requires the same data.
 */
export function seal(
  key: Buffer,
  plaintext: Uint8Array,
  additionalData: Buffer,
  random: RandomBytes,
): Buffer {
  const iv = random(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(additionalData);
  return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Returns the plaintext, or undefined if the value was not sealed with this key and this additional data. */
export function open(key: Buffer, sealed: Uint8Array, additionalData: Buffer): Buffer | undefined {
  if (sealed.length < IV_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(additionalData);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    return Buffer.concat([
      decipher.update(sealed.subarray(IV_BYTES, sealed.length - TAG_BYTES)),
      decipher.final(),
    ]);
  } catch {
    return undefined; // a wrong key, wrong additional data, or a changed byte; GCM does not distinguish them
  }
}

/** Derives a 256-bit key for one purpose (HKDF-SHA-256, RFC 5869). Another purpose or salt yields an unrelated key. */
export function deriveKey(keyBytes: Buffer, purpose: string, salt: Uint8Array = new Uint8Array()): Buffer {
  return Buffer.from(hkdfSync('sha256', keyBytes, salt, `entra-bff ${purpose}`, 32));
}

/**
 * Joins fields so that two different lists never yield the same bytes. Each field is preceded by its length, because plain
 * concatenation would yield the same bytes for `['ab', 'c']` and `['a', 'bc']`.
 */
export function encodeFields(fields: readonly (string | number)[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => {
      const bytes = Buffer.from(String(field), 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
