import { randomInt } from 'node:crypto';

/** Numbers in [0, 1) that a seed repeats. Name the seed in every message of a test that uses them. */
export interface Seeded {
  readonly seed: number;
  next(): number;
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
}

/** @param seed STORE_PROOF_SEED repeats an earlier run; else every run is another */
export function createSeeded(seed = Number(process.env['STORE_PROOF_SEED'] ?? randomInt(2 ** 31))): Seeded {
  let state = seed;
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, next, below: (limit) => Math.floor(next() * limit) };
}
