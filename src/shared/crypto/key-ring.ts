import { Buffer } from 'node:buffer';

/** One sealing key of the ring. Ids increase: a higher id is a newer key. */
export interface ServerKey {
  readonly id: number;
  readonly bytes: Buffer;
}

export type KeyLookup =
  | { readonly kind: 'known'; readonly key: ServerKey }
  /** A newer key, which other workers already have. The cookie stays until the roll-out is complete. */
  | { readonly kind: 'newer' }
  /** Not in the ring any more, or never was. What it sealed cannot be opened. */
  | { readonly kind: 'retired' };

/** The sealing keys. The writing key seals; every key opens. */
export interface KeyRing {
  readonly writing: ServerKey;
  readonly keys: readonly ServerKey[];
  find(id: number): KeyLookup;
}

/**
 * @param keys the writing key first. To rotate, add the new key last and deploy everywhere; then move it to the front and
 * deploy again.
 */
export function createKeyRing(keys: readonly ServerKey[]): KeyRing {
  const [writing] = keys;
  if (writing === undefined) throw new TypeError('a key ring needs at least one key');
  const byId = new Map(keys.map((key) => [key.id, key]));
  if (byId.size !== keys.length) throw new TypeError('the ids of a key ring are unique');
  const newestId = Math.max(...byId.keys());
  return {
    writing,
    keys,
    find(id) {
      const key = byId.get(id);
      if (key) return { kind: 'known', key };
      return id > newestId ? { kind: 'newer' } : { kind: 'retired' };
    },
  };
}

const KEY_BYTES = 32; // AES-256 and HMAC-SHA-256 alike

/** The 32 bytes of a base64url key; undefined for any other text. */
export function parseKeyBytes(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === KEY_BYTES && bytes.toString('base64url') === text ? bytes : undefined;
}
