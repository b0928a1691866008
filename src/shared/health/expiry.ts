/** A setting whose value stops working at a known time. */
export interface Expiry {
  readonly setting: string;
  readonly startsAt?: Date;
  readonly expiresAt: Date;
  /** Completes "set it to …". */
  readonly replacement: string;
}

const warningDays = [1, 7, 30] as const;
const DAY_MS = 24 * 60 * 60_000;

/** The smallest number of {@link warningDays} within which the value expires. Undefined if it expires later. */
function expiresWithinDays({ expiresAt }: Expiry, now: Date): (typeof warningDays)[number] | undefined {
  const leftMs = expiresAt.getTime() - now.getTime();
  return warningDays.find((days) => leftMs <= days * DAY_MS);
}

/** The day in UTC: `2026-06-08`. */
export const toDay = (date: Date): string => date.toISOString().slice(0, 10);

/** `expired on 2026-06-08`, or `expires on 2026-06-08, within 7 days`. Undefined if more than 30 days are left. */
export function describeExpiry(expiry: Expiry, now: Date): string | undefined {
  const { expiresAt } = expiry;
  if (expiresAt <= now) return `expired on ${toDay(expiresAt)}`;
  const days = expiresWithinDays(expiry, now);
  if (days === undefined) return undefined;
  return `expires on ${toDay(expiresAt)}, within ${days === 1 ? 'a day' : `${days} days`}`;
}
