import type { SessionFacts } from './facts.ts';
import type { Session } from './session.ts';

/** The session's own objects and its entry in the cache: dates, keys, hashes and the parts of the cookie. */
const BASE_BYTES = 2_500;
const OBJECT_BYTES = 56;
const SLOT_BYTES = 8;
const STRING_BYTES = 24;

/** A session has the same `facts` object until one of them changes, so its size is computed once. */
const factsBytes = new WeakMap<SessionFacts, number>();

/** The bytes that a cached session takes in this worker's memory, without its access tokens. */
export function sessionBytes({ facts, msalCache }: Session): number {
  const counted = factsBytes.get(facts) ?? bytesOf({ ...facts, claims: facts.claims.all });
  factsBytes.set(facts, counted);
  return BASE_BYTES + bytesOf(msalCache) + counted;
}

/** The bytes of a string, number or JSON object in V8's heap. A string takes two bytes per character if one is above U+00FF. */
export function bytesOf(value: unknown): number {
  if (typeof value === 'string') {
    return STRING_BYTES + value.length * (/[\u0100-\uffff]/.test(value) ? 2 : 1);
  }
  if (typeof value !== 'object' || value === null) return 0;
  const members: unknown[] = Object.values(value);
  return members.reduce<number>((sum, member) => sum + SLOT_BYTES + bytesOf(member), OBJECT_BYTES);
}
