/** A setting whose value stops working at a known time. */
export interface Expiry {
  readonly setting: string;
  readonly startsAt?: Date;
  readonly endsAt: Date;
  /** What to set instead: completes "set it to …". */
  readonly cure: string;
}

/** In days. */
const warningDays = [1, 7, 30] as const;
const DAY_MS = 24 * 60 * 60_000;

/** The smallest number of {@link warningDays} within which the value ends. Undefined if it ends later. */
export function endsWithinDays({ endsAt }: Expiry, now: Date): (typeof warningDays)[number] | undefined {
  const leftMs = endsAt.getTime() - now.getTime();
  return warningDays.find((days) => leftMs <= days * DAY_MS);
}
