import { RateLimitError, type RateLimitedArea } from '../errors.ts';
import type { ClientAddress } from './client-address.ts';
import { type Budget, createTokenBuckets, type RefusedTokens, type TokenBuckets } from './token-buckets.ts';

/**
 * Limits how many calls per second each session and each client address may make. Each worker counts for itself, so n
 * workers allow up to n times as many.
 */
export interface RateLimits {
  /**
   * Counts a call from this address. Does nothing if the address is not known.
   * @throws {BffError} rate_limited
   */
  countForAddress(area: RateLimitedArea, address: ClientAddress | undefined): void;
  /**
   * Counts calls of a session.
   * @param sessionChainId and not the session's id, because each new sign-in of a browser would bring a new budget
   * @param calls Default: 1.
   * @throws {BffError} rate_limited
   */
  countForSession(area: RateLimitedArea, sessionChainId: string, calls?: number): void;
  /**
   * Like {@link countForAddress}, but a call over the budget first waits until its address has a token again.
   * @throws {BffError} rate_limited if it would wait longer than 10 s, or if too many calls wait already
   */
  waitForAddress(area: RateLimitedArea, address: ClientAddress | undefined): Promise<void>;
}

export interface RateLimitOptions {
  /** How many users may share one address. */
  readonly usersPerAddress: number;
  /** Proxied calls per second that a session may make over time. 0: no limit. */
  readonly callsPerSecond: number;
}

export interface RateLimitDependencies {
  readonly monotonicMs: () => number;
  readonly wait: (durationMs: number) => Promise<void>;
}

/**
 * The budgets of an address with {@link SIZED_FOR} users. Every user is served if they all
 * - sign in within about two minutes: 120 + 125 s × 15 per second = 1,995,
 * - load a page with 20 calls within about a minute: 6,000 + 57 s × 600 per second = 40,200,
 * - sign out at Entra ID within a few seconds: 2,000.
 *
 * A callback may be loaded twice, because its Strict cookies are missing at first. Therefore its budget is twice that of
 * the login.
 */
export const addressBudgets: Readonly<Record<RateLimitedArea, Budget>> = {
  login: { burst: 120, perSecond: 15 },
  callback: { burst: 240, perSecond: 30 },
  'front-channel-logout': { burst: 2_000, perSecond: 20 },
  proxy: { burst: 6_000, perSecond: 600 },
  admin: { burst: 1_200, perSecond: 20 },
};
const SIZED_FOR = 2_000;

/** The proxied calls that a session may make at once: as many as in one minute. */
const PROXY_BURST_SECONDS = 60;

/**
 * A front-channel logout has no cookie and thus no session. A user's sign-ins, consents and views of the admin page come
 * one by one, so only a loop reaches these budgets.
 */
export function sessionBudgets(callsPerSecond: number): Partial<Readonly<Record<RateLimitedArea, Budget>>> {
  return {
    login: { burst: 240, perSecond: 2 },
    callback: { burst: 240, perSecond: 2 },
    ...(callsPerSecond > 0 && {
      proxy: { burst: callsPerSecond * PROXY_BURST_SECONDS, perSecond: callsPerSecond },
    }),
    admin: { burst: 240, perSecond: 4 },
  };
}

/** 20,000 buckets take about 8 MiB (measured). */
const MAX_BUCKETS = 20_000;

/** By then, the browser has left Entra ID's sign-out page. */
const LONGEST_WAIT_MS = 10_000;
const MAX_WAITING = 1_000;

export function createRateLimits(
  { usersPerAddress, callsPerSecond }: RateLimitOptions,
  { monotonicMs, wait }: RateLimitDependencies,
): RateLimits {
  const bucketOptions = { maxBuckets: MAX_BUCKETS, monotonicMs };
  const ofAddresses = createTokenBuckets(bucketOptions);
  const ofSessions = createTokenBuckets(bucketOptions);
  const budgetsOfSession = sessionBudgets(callsPerSecond);
  const budgetsOfAddress = scaled(addressBudgets, usersPerAddress / SIZED_FOR);
  let waiting = 0;

  const takeForAddress = (area: RateLimitedArea, address: ClientAddress, longestWaitMs: number): number =>
    take(
      ofAddresses,
      'rate-of-address',
      { area, key: address, calls: 1 },
      budgetsOfAddress[area],
      longestWaitMs,
    );

  return {
    countForAddress(area, address) {
      if (address !== undefined) takeForAddress(area, address, 0);
    },
    countForSession(area, sessionChainId, calls = 1) {
      const budget = budgetsOfSession[area];
      if (budget !== undefined)
        take(ofSessions, 'rate-of-session', { area, key: sessionChainId, calls }, budget, 0);
    },
    async waitForAddress(area, address) {
      if (address === undefined) return;
      const waitMs = takeForAddress(area, address, waiting < MAX_WAITING ? LONGEST_WAIT_MS : 0);
      if (waitMs === 0) return;
      waiting++;
      try {
        await wait(waitMs);
      } finally {
        waiting--;
      }
    },
  };
}

function scaled<Area extends string>(
  budgets: Readonly<Record<Area, Budget>>,
  factor: number,
): Readonly<Record<Area, Budget>> {
  const entries = Object.entries<Budget>(budgets).map(([area, { burst, perSecond }]) => [
    area,
    { burst: Math.ceil(burst * factor), perSecond: perSecond * factor },
  ]);
  return Object.fromEntries(entries) as Record<Area, Budget>;
}

interface CountedCalls {
  readonly area: RateLimitedArea;
  readonly key: string;
  readonly calls: number;
}

/**
 * @returns the time after which the calls may go on
 * @throws {BffError} rate_limited
 */
function take(
  buckets: TokenBuckets,
  rule: 'rate-of-session' | 'rate-of-address',
  { area, key, calls }: CountedCalls,
  budget: Budget,
  longestWaitMs: number,
): number {
  const result = buckets.take(`${area} ${key}`, budget, calls, longestWaitMs);
  if (result.kind === 'refused') throw rateLimited(rule, area, result);
  return result.waitMs;
}

function rateLimited(
  rule: 'rate-of-session' | 'rate-of-address',
  area: RateLimitedArea,
  { retryAfterMs, refusalsToRecord }: RefusedTokens,
): RateLimitError {
  const retryAfterSeconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  const origin = rule === 'rate-of-session' ? 'this browser' : 'this network';
  const time = retryAfterSeconds === 1 ? 'a second' : `${retryAfterSeconds} seconds`;
  return new RateLimitError(area, refusalsToRecord, {
    rules: [rule],
    detail: `Too many requests came from ${origin} in a short time. Try again in ${time}.`,
    retryAfterSeconds,
  });
}
