import { Buffer } from 'node:buffer';
import type { KeyRing } from './key-ring.ts';
import { deriveKey, encodeFields, open, type RandomBytes, seal } from './seal.ts';

/** Each purpose has a separate derived key, so that a text sealed for one purpose never opens for another. */
export type SealedTextPurpose =
  | 'login-transaction'
  | 'interaction-ticket'
  | 'form-token'
  | 'logout-pending'
  | 'console-link';

/** Seals small JSON values into texts for URLs, cookies and forms. Only this service opens them, until they expire. */
export interface TextSealer {
  /** @param boundTo binds the text to its use, such as a cookie slot or a session chain. `open` requires the same. */
  seal(value: unknown, boundTo: readonly string[], expiresAt: Date): string;
  /**
   * Returns the value, or undefined if the text was changed, has expired, is bound to something else, or was sealed with
   * an unknown key or for another purpose.
   */
  open(text: string, boundTo: readonly string[]): unknown;
}

export interface TextSealerOptions {
  readonly keyRing: KeyRing;
  readonly purpose: SealedTextPurpose;
  readonly now: () => Date;
  readonly random: RandomBytes;
}

const KEY_ID_BYTES = 4;

export function createTextSealer({ keyRing, purpose, now, random }: TextSealerOptions): TextSealer {
  const additionalData = (keyId: number, boundTo: readonly string[]) =>
    encodeFields([purpose, 1, keyId, ...boundTo]);
  const derivedKeys = new Map<number, Buffer>();
  const keyFor = (id: number, bytes: Buffer) => {
    const derived = derivedKeys.get(id) ?? deriveKey(bytes, purpose);
    derivedKeys.set(id, derived);
    return derived;
  };

  return {
    seal(value, boundTo, expiresAt) {
      const { id, bytes } = keyRing.sealingKey;
      const plaintext = Buffer.from(JSON.stringify({ value, expiresAtMs: expiresAt.getTime() }));
      const keyId = Buffer.alloc(KEY_ID_BYTES);
      keyId.writeUInt32BE(id);
      const sealed = seal(keyFor(id, bytes), plaintext, additionalData(id, boundTo), random);
      return Buffer.concat([keyId, sealed]).toString('base64url');
    },
    open(text, boundTo) {
      const bytes = Buffer.from(text, 'base64url');
      // Node's decoder ignores unknown characters, but only the canonical spelling is accepted.
      if (bytes.length <= KEY_ID_BYTES || bytes.toString('base64url') !== text) return undefined;
      const found = keyRing.find(bytes.readUInt32BE(0));
      if (found.kind !== 'known') return undefined;
      const { id } = found.key;
      const plaintext = open(
        keyFor(id, found.key.bytes),
        bytes.subarray(KEY_ID_BYTES),
        additionalData(id, boundTo),
      );
      if (plaintext === undefined) return undefined;
      const { value, expiresAtMs } = parseEnvelope(plaintext);
      return expiresAtMs > now().getTime() ? value : undefined;
    },
  };
}

function parseEnvelope(plaintext: Buffer): { value: unknown; expiresAtMs: number } {
  // The bytes are authenticated, so `seal` wrote them.
  return JSON.parse(plaintext.toString('utf8')) as { value: unknown; expiresAtMs: number };
}
