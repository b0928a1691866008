/**
 * The largest clock difference allowed between two workers. Beyond it a worker is not ready and refuses Entra
 * ID's tokens.
 */
const MAX_CLOCK_DIFFERENCE_MS = 5 * 60_000;

/**
 * False for an instant that lies further in the future than clocks may differ. No worker writes such an instant. An attacker
 * with write access to the table could write one in a plain column. A session would then never become idle, or a user could
 * never sign in again.
 */
export function isPlausible(instant: Date, now: Date): boolean {
  return instant.getTime() <= now.getTime() + MAX_CLOCK_DIFFERENCE_MS;
}

/** Sealed instants at which the session was in use. */
export interface SealedInstants {
  readonly signedInAt: Date;
  /** When Entra ID last confirmed the user's identity. */
  readonly claimsAsOf: Date;
}

/** When a session was last used: the plain column, or the latest sealed instant if the column is not plausible. */
export function plausibleLastUse(
  lastUsedAt: Date,
  { signedInAt, claimsAsOf }: SealedInstants,
  now: Date,
): Date {
  if (isPlausible(lastUsedAt, now)) return lastUsedAt;
  return signedInAt > claimsAsOf ? signedInAt : claimsAsOf;
}
