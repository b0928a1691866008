import { BffError } from '../errors.ts';
import { type Caller, sessionOf } from '../session/caller.ts';
import { createLimiter, type Limiter, type Permit } from './limiter.ts';

/**
 * Limits the calls in progress on one worker. All users share its memory, its outbound ports and the API's limits for this
 * app registration. No user may use up what the others need.
 */
export interface CallLimits {
  /**
   * Acquire a permit before the body is read, because a limit that is checked afterwards protects nothing.
   * @param bodyBytes declared length of the request's body, which stays in memory until the call is over
   * @throws {BffError} rate_limited
   */
  acquire(caller: Caller, bodyBytes: number): CallPermit;
}

/** Counts a call until it is disposed of. */
export interface CallPermit extends Disposable {
  /**
   * Counts this call as several calls, as soon as their number is known.
   * @throws {BffError} rate_limited
   */
  countAs(calls: number): void;
}

const MIB = 1024 * 1024;

/**
 * A browser opens 6 connections, or a hundred streams, for all tabs of an origin. Eight such users fill a worker, which has
 * as many calls as the sender opens connections to one host. A further call would only wait and hold its memory.
 */
const CALLS = { maxPerKey: 64, maxTotal: 512 };
/**
 * The host and its library hold three copies of each body, which makes 384 MiB on the smallest instance. One user may have
 * half of it.
 */
const BODY_BYTES = { maxPerKey: 64 * MIB, maxTotal: 128 * MIB };

export function createCallLimits(): CallLimits {
  const calls = createLimiter(CALLS);
  const bodies = createLimiter(BODY_BYTES);
  return {
    acquire(caller, bodyBytes) {
      const user = userKeyOf(caller);
      const call = requirePermit(calls, user, 1);
      const body = requirePermit(bodies, user, bodyBytes, call);
      return {
        countAs(count) {
          const refusal = call.resize(count);
          if (refusal !== undefined) throw rateLimited(refusal.limit);
        },
        [Symbol.dispose]() {
          call.release();
          body.release();
        },
      };
    },
  };
}

/** The same key for all sessions of a user. */
export function userKeyOf(caller: Caller): string {
  return sessionOf(caller).locator.userHash.toString('base64url');
}

/** @param acquired released if the permit is refused */
function requirePermit(limiter: Limiter, key: string, cost: number, acquired?: Permit): Permit {
  const permit = limiter.acquire(key, cost);
  if (permit.kind === 'permit') return permit;
  acquired?.release();
  throw rateLimited(permit.limit);
}

function rateLimited(limit: 'key' | 'total'): BffError {
  const scope = limit === 'key' ? 'of this user' : 'on this worker';
  return new BffError('rate_limited', {
    rules: [limit === 'key' ? 'calls-of-user' : 'calls-of-worker'],
    detail: `Too many or too large calls ${scope} are in progress. Try again when some of them are done.`,
    retryAfterSeconds: 1,
  });
}
