import { Buffer } from 'node:buffer';

/** A key of the ring. A higher id means a newer key. */
export interface ServerKey {
  readonly id: number;
  readonly bytes: Buffer;
}

export type KeyLookup =
  | { readonly kind: 'known'; readonly key: ServerKey }
  /** The id is higher than all ids of the ring. During a roll-out, other workers already have the key. */
  | { readonly kind: 'newer' }
  /** The ring no longer has the key, or never had it. Nothing that it sealed can be opened. */
  | { readonly kind: 'retired' };

/** The keys of `SESSION_KEYS`. The first one seals, and every one opens. */
export interface KeyRing {
  readonly sealingKey: ServerKey;
  readonly keys: readonly ServerKey[];
  find(id: number): KeyLookup;
}

/**
 * @param keys the sealing key first. To rotate, add the new key as the last one and deploy to every worker. Then move it to
 * the front and deploy again.
 */
export function createKeyRing(keys: readonly ServerKey[]): KeyRing {
  const [sealingKey] = keys;
  if (sealingKey === undefined) throw new TypeError('a key ring needs at least one key');
  const byId = new Map(keys.map((key) => [key.id, key]));
  if (byId.size !== keys.length) throw new TypeError('the ids of a key ring are unique');
  const newestId = Math.max(...byId.keys());
  return {
    sealingKey,
    keys,
    find(id) {
      const key = byId.get(id);
      if (key) return { kind: 'known', key };
      return id > newestId ? { kind: 'newer' } : { kind: 'retired' };
    },
  };
}

const KEY_BYTES = 32; // for every session key and for the index key

/** Returns the 32 bytes of a base64url key, or undefined for any other text. */
export function parseKeyBytes(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === KEY_BYTES && bytes.toString('base64url') === text ? bytes : undefined;
}
