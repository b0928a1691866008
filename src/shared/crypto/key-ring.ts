import { Buffer } from 'node:buffer';

/** One sealing key of the ring. Ids increase: a higher id is a newer key. */
export interface ServerKey {
  readonly id: number;
  readonly bytes: Buffer;
}

export type KeyLookup =
  | { readonly kind: 'known'; readonly key: ServerKey }
  /** Written by a worker that already has a key this one lacks: wait for the roll-out, keep the cookie. */
  | { readonly kind: 'newer' }
  /** Not in the ring any more, or never was: what it sealed is gone. */
  | { readonly kind: 'retired' };

/** The sealing keys: the writing one seals, all of them open. */
export interface KeyRing {
  readonly writing: ServerKey;
  readonly keys: readonly ServerKey[];
  find(id: number): KeyLookup;
}

/**
 * A key ring from its keys, the writing key first.
 * Rolling in two steps: add the new key last and deploy everywhere, then move it first and deploy.
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

/** The 32 bytes of a base64url key, or undefined when it is anything else. */
export function parseKeyBytes(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === KEY_BYTES && bytes.toString('base64url') === text ? bytes : undefined;
}
