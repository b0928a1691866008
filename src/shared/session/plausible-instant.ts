/**
 * The largest clock difference allowed between two workers. Beyond it a worker is not ready and refuses Entra
 * ID's tokens.
 */
const MAX_CLOCK_DIFFERENCE_MS = 5 * 60_000;

/**
 * Anyone with write access to the table can change the instants in plain columns. No worker writes an instant
 * further ahead than clocks may differ. Such an instant would keep a session from becoming idle, or a user from
 * signing in, forever.
 */
export function isBelievable(instant: Date, now: Date): boolean {
  return instant.getTime() <= now.getTime() + MAX_CLOCK_DIFFERENCE_MS;
}

/** The sealed part of a row that shows when the session was used. */
export interface SealedUse {
  readonly signedInAt: Date;
  /** When Entra ID last confirmed the user's identity. */
  readonly saidAt: Date;
}

/** When a session was last used: the plain column, or the sealed value if the column is not believable. */
export function believedUse(lastUsedAt: Date, { signedInAt, saidAt }: SealedUse, now: Date): Date {
  if (isBelievable(lastUsedAt, now)) return lastUsedAt;
  return signedInAt > saidAt ? signedInAt : saidAt;
}
