const MAX_RETRY_AFTER_SECONDS = 60 * 60;

/** As servers write it today; what else `Date.parse` takes for a date would be read as one by nobody (RFC 9110, 5.6.7). */
const httpDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Whole seconds from a Retry-After header (seconds, decimals included, or a date), an hour at most; undefined when it has neither. */
export function parseRetryAfterSeconds(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(header)
    ? Number(header)
    : httpDate.test(header)
      ? (Date.parse(header) - now.getTime()) / 1000
      : Number.NaN;
  if (Number.isNaN(seconds)) return undefined;
  return Math.min(Math.max(Math.ceil(seconds), 0), MAX_RETRY_AFTER_SECONDS);
}
