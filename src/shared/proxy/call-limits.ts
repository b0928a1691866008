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

/** Counts a call until the permit is disposed of. */
export interface CallPermit extends Disposable {
  /**
   * Counts this call as several calls, as soon as their number is known.
   * @throws {BffError} rate_limited
   */
  countAs(calls: number): void;
}

const MIB = 1024 * 1024;

/**
 * For all tabs of an origin, a browser opens 6 connections (HTTP/1.1) or about 100 streams (HTTP/2). A user may have 64
 * calls, so eight users at their limit fill a worker. Its 512 calls are as many as the connections that the sender opens to
 * one host. Any further call would only wait and occupy memory.
 */
const CALLS = { maxPerKey: 64, maxTotal: 512 };
/**
 * The host and its library hold three copies of each body: at most 3 × 128 = 384 MiB, which fits into the smallest
 * instance. One user may have half of that.
 */
const BODY_BYTES = { maxPerKey: 64 * MIB, maxTotal: 128 * MIB };

export function createCallLimits(): CallLimits {
  const calls = createLimiter(CALLS);
  const bodies = createLimiter(BODY_BYTES);
  return {
    acquire(caller, bodyBytes) {
      const user = userKeyOf(caller);
      const call = requirePermit(calls, user, 1);
      const body = bodyBytes === 0 ? undefined : requirePermit(bodies, user, bodyBytes, call);
      return {
        countAs(count) {
          const refusal = call.resize(count);
          if (refusal !== undefined) throw rateLimited(refusal.limit);
        },
        [Symbol.dispose]() {
          call.release();
          body?.release();
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
  const place = limit === 'key' ? 'for this user' : 'on this worker';
  return new BffError('rate_limited', {
    rules: [limit === 'key' ? 'calls-of-user' : 'calls-of-worker'],
    detail: `Too many calls are in progress ${place}, or their bodies are too large in total. Try again when some have finished.`,
    retryAfterSeconds: 1,
  });
}
