/** A setting whose value stops working at a known time. */
export interface Expiry {
  readonly setting: string;
  readonly startsAt?: Date;
  readonly expiresAt: Date;
  /** What to set instead: completes "set it to …". */
  readonly cure: string;
}

/** In days. */
const warningDays = [1, 7, 30] as const;
const DAY_MS = 24 * 60 * 60_000;

/** The smallest number of {@link warningDays} within which the value expires. Undefined if it expires later. */
export function expiresWithinDays(
  { expiresAt }: Expiry,
  now: Date,
): (typeof warningDays)[number] | undefined {
  const leftMs = expiresAt.getTime() - now.getTime();
  return warningDays.find((days) => leftMs <= days * DAY_MS);
}

/** The day in UTC: `2026-06-08`. */
export const toDay = (date: Date): string => date.toISOString().slice(0, 10);
