import { randomInt } from 'node:crypto';

/** Random numbers in [0, 1) that a seed reproduces. A test must print the seed in its messages. */
export interface Seeded {
  readonly seed: number;
  next(): number;
  /** Returns an integer from 0 to below `limit`. */
  below(limit: number): number;
}

/** @param seed default: STORE_PROOF_SEED, which repeats an earlier run, or a random seed */
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
