import { Buffer } from 'node:buffer';
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

const IV_BYTES = 12; // NIST SP 800-38D 8.2.2: a random 96-bit IV per encryption
const TAG_BYTES = 16;
const LENGTH_BYTES = 4; // before each field

/** Returns bytes from a cryptographically secure source. Injected, so that tests can repeat a run. */
export type RandomBytes = (size: number) => Buffer;

export const secureRandomBytes: RandomBytes = (size) => randomBytes(size);

/** By the bytes of a key that is used many times. The bytes never change. */
const keyObjects = new WeakMap<Buffer, KeyObject>();

/** A key as Node.js needs it. If Node.js has to convert the bytes at each use, an HMAC takes five times as long (measured). */
export function toKeyObject(bytes: Buffer): KeyObject {
  const known = keyObjects.get(bytes) ?? createSecretKey(bytes);
  keyObjects.set(bytes, known);
  return known;
}

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
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(key), iv);
  cipher.setAAD(additionalData);
  return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Returns the plaintext, or undefined if the value was not sealed with this key and this additional data. */
export function open(key: Buffer, sealed: Uint8Array, additionalData: Buffer): Buffer | undefined {
  if (sealed.length < IV_BYTES + TAG_BYTES) return undefined;
  const iv = sealed.subarray(0, IV_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', createSecretKey(key), iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(additionalData);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    const plaintext = decipher.update(sealed.subarray(IV_BYTES, sealed.length - TAG_BYTES));
    // Throws unless the tag matches. It returns no bytes, because GCM has no padding.
    decipher.final();
    return plaintext;
  } catch {
    return undefined; // a wrong key, wrong additional data, or a changed byte; GCM does not distinguish them
  }
}

/** Derives a 256-bit key for one purpose (HKDF-SHA-256, RFC 5869). Another purpose or salt yields an unrelated key. */
export function deriveKey(keyBytes: Buffer, purpose: string, salt: Uint8Array = new Uint8Array()): Buffer {
  return Buffer.from(hkdfSync('sha256', toKeyObject(keyBytes), salt, `entra-bff ${purpose}`, 32));
}

/**
 * Joins fields so that two different lists never yield the same bytes. Each field is preceded by its length, because plain
 * concatenation would yield the same bytes for `['ab', 'c']` and `['a', 'bc']`.
 */
export function encodeFields(fields: readonly (string | number)[]): Buffer {
  const texts = fields.map(String);
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const encoded = Buffer.alloc(lengths.reduce((sum, length) => sum + LENGTH_BYTES + length, 0));
  let at = 0;
  for (const [index, text] of texts.entries()) {
    at = encoded.writeUInt32BE(lengths[index] ?? 0, at);
    at += encoded.write(text, at);
  }
  return encoded;
}
