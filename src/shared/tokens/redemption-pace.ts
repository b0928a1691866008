import { setBounded } from '../bounded-map.ts';
import { missingScopes, resourcesOf } from '../entra/scopes.ts';
import { BffError } from '../errors.ts';
import { createPerUser } from '../network/per-user.ts';
import type { Session } from '../session/session.ts';
import { userKey } from './keys.ts';
import type { TokenRequest } from './token-request.ts';

/**
 * Limits how often a user's refresh tokens are redeemed after a redemption has failed. Entra ID throttles clients that
 * send too many requests, and does not name the user who caused the throttling. All sessions of the user on this worker
 * share one redemption per second, with bursts of up to {@link BURST}. A session's first redemption for an API never waits.
 */
export interface RedemptionPace {
  /** Starts the limit for this user. It ends ten minutes after the last call of this method or of {@link waitForTurn}. */
  startLimit(session: Session, request: TokenRequest): void;
  /**
   * Waits for the user's turn, until at most 2 s after the call arrived. A call with a current token does not wait.
   * @param arrivedAtMs when the call arrived, in this worker's monotonic time
   * @throws {BffError} rate_limited if the turn would come later
   */
  waitForTurn(session: Session, request: TokenRequest, arrivedAtMs: number): Promise<void>;
}

export interface RedemptionPaceOptions {
  readonly monotonicMs: () => number;
  readonly wait: (durationMs: number) => Promise<void>;
}

/** A token bucket that refills by one turn per second. */
interface Turns {
  /** Negative while calls wait for their turns. */
  left: number;
  countedAtMs: number;
  /** The pairs of session and API for which a refresh token was redeemed (`paceKey`). */
  readonly redeemedKeys: Map<string, true>;
}

const BURST = 8;
const TURN_MS = 1_000;
const LONGEST_WAIT_MS = 2_000;
/** Reserved for requests for granted permissions, so that a page that repeats refused calls cannot use up all turns. */
const RESERVED_TURNS = 2;
const MAX_REDEEMED_KEYS = 64;

export function createRedemptionPace({ monotonicMs, wait }: RedemptionPaceOptions): RedemptionPace {
  const users = createPerUser<Turns>(monotonicMs, () => ({
    left: BURST,
    countedAtMs: monotonicMs(),
    redeemedKeys: new Map(),
  }));
  return {
    startLimit(session, request) {
      setBounded(
        users.findOrCreate(userKey(session)).redeemedKeys,
        paceKey(session, request),
        true,
        MAX_REDEEMED_KEYS,
      );
    },
    async waitForTurn(session, request, arrivedAtMs) {
      if (users.find(userKey(session)) === undefined) return;
      const turns = users.findOrCreate(userKey(session));
      const { scopes, current } = request;
      const nowMs = monotonicMs();
      turns.left = Math.min(BURST, turns.left + (nowMs - turns.countedAtMs) / TURN_MS);
      turns.countedAtMs = nowMs;
      const key = paceKey(session, request);
      if (!turns.redeemedKeys.has(key)) {
        setBounded(turns.redeemedKeys, key, true, MAX_REDEEMED_KEYS);
        if (turns.left >= 1) turns.left--;
        return;
      }
      const reserved = missingScopes(scopes, session.facts.grantedScopes).length > 0 ? RESERVED_TURNS : 0;
      const waitMs = Math.max(0, (reserved + 1 - turns.left) * TURN_MS);
      const latestTurnMs = current !== undefined ? nowMs : arrivedAtMs + LONGEST_WAIT_MS;
      if (waitMs > 0 && nowMs + waitMs > latestTurnMs) throw tooOften(waitMs);
      turns.left--;
      if (waitMs > 0) await wait(waitMs);
    },
  };
}

/** One key for each session and API. */
function paceKey({ locator: { rowId } }: Session, { scopes }: TokenRequest): string {
  return [rowId.toString('base64url'), ...resourcesOf(scopes)].join(' ');
}

function tooOften(waitMs: number): BffError {
  return new BffError('rate_limited', {
    rules: ['renewals-of-user'],
    detail:
      'Microsoft Entra ID issued no token for this user, so further token requests are limited for a while.',
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  });
}
