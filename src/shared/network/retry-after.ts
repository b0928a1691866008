const MAX_RETRY_AFTER_SECONDS = 60 * 60;

/** The form that servers must send (RFC 9110, section 5.6.7). `Date.parse` would accept many others. */
const httpDatePattern = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Parses a `Retry-After` header, which is a number of seconds or a date. Some servers send decimals.
 * @returns whole seconds, at most an hour; undefined if the header is neither
 */
export function parseRetryAfterSeconds(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(header)
    ? Number(header)
    : httpDatePattern.test(header)
      ? (Date.parse(header) - now.getTime()) / 1000
      : Number.NaN;
  if (Number.isNaN(seconds)) return undefined;
  return Math.min(Math.max(Math.ceil(seconds), 0), MAX_RETRY_AFTER_SECONDS);
}
