/**
 * By how much the clocks of two workers may differ. Beyond it a worker is not ready, and Entra's tokens are refused there.
 */
const MAX_CLOCK_DIFFERENCE_MS = 5 * 60_000;

/**
 * Instants in plain columns can be written by anyone who can write to the table. No worker of ours has written one that is
 * further ahead than clocks differ: it would keep a session from ending idle, or a user from signing in, for ever.
 */
export function isBelievable(instant: Date, now: Date): boolean {
  return instant.getTime() <= now.getTime() + MAX_CLOCK_DIFFERENCE_MS;
}

/** What is sealed in a row and says that the session was in use. */
export interface SealedUse {
  readonly signedInAt: Date;
  /** When Entra last said who the user is. */
  readonly saidAt: Date;
}

/** When a session was last used: by its plain column, or where that is not believable, by what is sealed. */
export function believedUse(lastUsedAt: Date, { signedInAt, saidAt }: SealedUse, now: Date): Date {
  if (isBelievable(lastUsedAt, now)) return lastUsedAt;
  return signedInAt > saidAt ? signedInAt : saidAt;
}
