import { Buffer } from 'node:buffer';
import type { KeyRing } from './key-ring.ts';
import { deriveKey, encodeFields, open, type RandomBytes, seal } from './seal.ts';

/** What a sealed text is for. Each purpose has its own derived key, so that one never opens as another. */
export type SealedTextPurpose =
  | 'login-transaction'
  | 'interaction-ticket'
  | 'form-token'
  | 'logout-pending'
  | 'console-link';

/** Seals small JSON values into URL- and cookie-safe text that only this service can open, until they expire. */
export interface TextSealer {
  /** @param boundTo what the value may only be used together with (a cookie slot, a session chain …). */
  seal(value: unknown, boundTo: readonly string[], expiresAt: Date): string;
  /** The value, or undefined: changed, foreign, expired or of another purpose. Which of these is nobody's business. */
  open(text: string, boundTo: readonly string[]): unknown;
}

export interface TextSealerNeeds {
  readonly keyRing: KeyRing;
  readonly purpose: SealedTextPurpose;
  readonly now: () => Date;
  readonly random: RandomBytes;
}

const KEY_ID_BYTES = 4;

export function createTextSealer({ keyRing, purpose, now, random }: TextSealerNeeds): TextSealer {
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
      const { id, bytes } = keyRing.writing;
      const plaintext = Buffer.from(JSON.stringify({ value, expiresAtMs: expiresAt.getTime() }));
      const keyId = Buffer.alloc(KEY_ID_BYTES);
      keyId.writeUInt32BE(id);
      const sealed = seal(keyFor(id, bytes), plaintext, additionalData(id, boundTo), random);
      return Buffer.concat([keyId, sealed]).toString('base64url');
    },
    open(text, boundTo) {
      const bytes = Buffer.from(text, 'base64url');
      // Node's decoder skips what it does not know: only the canonical spelling counts as the same value.
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
  // The bytes are authenticated: they are what `seal` wrote.
  return JSON.parse(plaintext.toString('utf8')) as { value: unknown; expiresAtMs: number };
}
