import { BffError } from '../errors.ts';
import type { RowAddress } from '../session/address.ts';
import type { CallLimits, CallRefusal } from './limiter.ts';

/** A call that counts for as long as it is under way. */
export interface CountedCall {
  /**
   * Counts this call as several calls, once that is known.
   * @throws {BffError} rate_limited
   */
  standsFor(calls: number): void;
}

/**
 * Does some work for a user and counts it until it is over, whatever its result. Reading the call must be a part of
 * that work, because a limit that is checked afterwards protects nothing.
 * @param bodyBytes the length that the request declares, before the body is read
 * @throws {BffError} rate_limited, before any of the work is done
 */
export type CountCall = <Result>(
  user: { readonly address: Pick<RowAddress, 'userHash'> },
  bodyBytes: number,
  work: (counted: CountedCall) => Promise<Result>,
) => Promise<Result>;

export function createCountCall(limits: CallLimits): CountCall {
  return async ({ address }, bodyBytes, work) => {
    const entry = limits.enter(address.userHash.toString('base64url'), bodyBytes);
    if (entry.kind === 'refused') throw rateLimited(entry);
    try {
      return await work({
        standsFor(calls) {
          const growth = entry.grow(calls);
          if (growth.kind === 'refused') throw rateLimited(growth);
        },
      });
    } finally {
      entry.leave();
    }
  };
}

function rateLimited({ limit }: CallRefusal): BffError {
  const whose = limit === 'person' ? 'of this person' : 'on this worker';
  return new BffError('rate_limited', {
    rules: [limit === 'person' ? 'calls-of-user' : 'calls-of-worker'],
    detail: `Too many calls, or too large ones, ${whose} are under way. Try again when some of them are done.`,
    retryAfterSeconds: 1,
  });
}
