import { BffError } from '../errors.ts';
import type { RowAddress } from '../session/session-cookie.ts';
import type { CallLimits, CallRefusal } from './call-limits.ts';

/** A call that counts for as long as it is under way. */
export interface CountedCall {
  /**
   * What was counted as one call turned out to be more.
   * @throws {BffError} rate_limited
   */
  standsFor(calls: number): void;
}

/**
 * Does some work of a user that counts until it is over, whatever becomes of it. What it costs to read a call has to be
 * inside of it: a limit that looks after that protects nothing.
 * @param bodyBytes of the request, as it says itself before the body is read
 * @throws {BffError} rate_limited, before anything of the work was done
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
    rules: [limit === 'person' ? 'calls-of-person' : 'calls-of-worker'],
    detail: `Too many calls, or too large ones, ${whose} are under way. Try again when some of them are done.`,
    retryAfterSeconds: 1,
  });
}
