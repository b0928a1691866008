/**
 * The largest allowed difference between the clocks of two workers. Each worker's clock may differ from Entra ID's by
 * five minutes. A worker whose clock differs by more reports that it is not ready, and refuses ID tokens.
 */
const MAX_CLOCK_DIFFERENCE_MS = 2 * 5 * 60_000;

/**
 * False for an instant that is further in the future than clocks may differ. No worker writes such an instant, but an
 * attacker with write access to the table could write one into a plain column. As `lastUsedAt`, it would keep a session
 * from becoming idle. As a tombstone's `endedAt`, it would refuse every sign-in of the user.
 */
export function isPlausible(instant: Date, now: Date): boolean {
  return instant.getTime() <= now.getTime() + MAX_CLOCK_DIFFERENCE_MS;
}

/** Sealed instants at which the session was certainly in use. */
export interface SealedInstants {
  readonly signedInAt: Date;
  /** When Entra ID last confirmed the user's identity. */
  readonly claimsAsOf: Date;
}

/** Returns `lastUsedAt`, the plain column, if it is plausible. Otherwise returns the later of the sealed instants. */
export function plausibleLastUse(
  lastUsedAt: Date,
  { signedInAt, claimsAsOf }: SealedInstants,
  now: Date,
): Date {
  if (isPlausible(lastUsedAt, now)) return lastUsedAt;
  return signedInAt > claimsAsOf ? signedInAt : claimsAsOf;
}
