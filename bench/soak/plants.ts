/**
 * Faults of the product that a run can simulate, to show that the soak finds them. Each of them breaks one rule.
 * - `another-user`: Graph's response has another user's identity
 * - `write-twice`: a write reaches Graph twice
 * - `lost-write`: a write is confirmed and has no effect
 * - `lost-session`: a row of a session disappears
 * - `ended-session`: a sign-out ends nothing
 * - `bare-refusal`: a worker refuses without a problem document
 * - `needless-refusal`: a call is refused although nothing fails
 * - `late-recovery`: a fault ends seconds later than the soak records
 * - `no-answer`: a worker breaks the connection of a call
 * - `growing-memory`: a worker's memory grows by five megabytes a second
 * - `unhandled-rejection`: a promise of a worker rejects, and no code handles it
 */
export const plants = [
  'another-user',
  'write-twice',
  'lost-write',
  'lost-session',
  'ended-session',
  'bare-refusal',
  'needless-refusal',
  'late-recovery',
  'no-answer',
  'growing-memory',
  'unhandled-rejection',
] as const;

export type Plant = (typeof plants)[number];

/** True for one in `every` calls of the returned function, if the fault is planted. */
export function planted(active: readonly Plant[], plant: Plant, every: number): () => boolean {
  let count = 0;
  return () => active.includes(plant) && ++count % every === 0;
}
