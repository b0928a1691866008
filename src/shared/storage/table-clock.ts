/**
 * The clock of the storage service, as far as the table's responses have shown it. All workers share this clock, so
 * instants by it can be compared across workers. Before the first response, it is assumed to equal this worker's clock.
 */
export interface TableClock {
  /** The earliest that this clock may have shown at `instant`, which is by this worker's clock. */
  earliest(instant: Date): Date;
  /** The latest that this clock may have shown at `instant`, which is by this worker's clock. */
  latest(instant: Date): Date;
}

export interface ObservedTableClock extends TableClock {
  /** Learns from the `Date` of a response. */
  observe(response: DatedResponse): void;
}

export interface DatedResponse {
  /** The header `Date`. */
  readonly date: string;
  /** By this worker's clock. */
  readonly sentAt: Date;
  /** By this worker's clock. */
  readonly receivedAt: Date;
}

/** The limits of the time by which the table's clock is ahead of this worker's clock. */
interface Lead {
  readonly minMs: number;
  readonly maxMs: number;
  readonly learnedAtMs: number;
}

/** `Date` has whole seconds, rounded down. */
const DATE_STEP_MS = 1000;
/** Two clocks drift apart by less than this part of the elapsed time, even while one of them is being adjusted. */
const MAX_DRIFT = 0.001;

export function createTableClock(): ObservedTableClock {
  let lead: Lead | undefined;
  return {
    earliest: (instant) => new Date(instant.getTime() + (lead?.minMs ?? 0)),
    latest: (instant) => new Date(instant.getTime() + (lead?.maxMs ?? 0)),
    observe(response) {
      const measured = measureLead(response);
      if (measured !== undefined) lead = lead === undefined ? measured : combine(lead, measured);
    },
  };
}

/** The server wrote `Date` at an unknown moment between the request and the response. */
function measureLead({ date, sentAt, receivedAt }: DatedResponse): Lead | undefined {
  const dateMs = Date.parse(date);
  const minMs = dateMs - receivedAt.getTime();
  const maxMs = dateMs + DATE_STEP_MS - sentAt.getTime();
  // False if `Date` is invalid, or if this worker's clock was set back by more than a second during the request.
  return minMs <= maxMs ? { minMs, maxMs, learnedAtMs: receivedAt.getTime() } : undefined;
}

/** Narrows the limits. If the two measurements contradict each other, a clock was set, and the newer one holds. */
function combine(before: Lead, measured: Lead): Lead {
  const driftMs = Math.abs(measured.learnedAtMs - before.learnedAtMs) * MAX_DRIFT;
  const minMs = Math.max(before.minMs - driftMs, measured.minMs);
  const maxMs = Math.min(before.maxMs + driftMs, measured.maxMs);
  return minMs <= maxMs ? { ...measured, minMs, maxMs } : measured;
}
