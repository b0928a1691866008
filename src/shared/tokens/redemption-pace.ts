import { missingScopes, resourcesOf } from '../entra/scopes.ts';
import { BffError } from '../errors.ts';
import type { Session } from '../session/session.ts';
import { createPerUser, setBounded, userKey } from './per-user.ts';
import type { TokenRequest } from './token-request.ts';

/**
 * Limits how often a user's refresh tokens are redeemed after a redemption has failed. Entra ID throttles clients that
 * send too many requests, and does not say which user caused it. All sessions of the user on this worker share one
 * redemption per second and a burst of {@link BURST}. The first redemption of a session for an API never waits.
 */
export interface RedemptionPace {
  /** Starts the limit for this user. It ends ten minutes after the last redemption. */
  startLimit(session: Session, request: TokenRequest): void;
  /**
   * Waits for the user's turn.
   * @param arrivedAtMs when the call arrived. A turn that would come more than 2 s after that is refused.
   * @throws {BffError} rate_limited
   */
  waitForTurn(session: Session, request: TokenRequest, arrivedAtMs: number): Promise<void>;
}

export interface RedemptionPaceOptions {
  readonly monotonicMs: () => number;
  readonly wait: (durationMs: number) => Promise<void>;
}

interface Turns {
  /** Negative while calls wait for their turns. */
  left: number;
  countedAtMs: number;
  /** Keys of the sessions and APIs for which a refresh token was redeemed. */
  readonly redeemed: Map<string, true>;
}

const BURST = 8;
const TURN_MS = 1_000;
const LONGEST_WAIT_MS = 2_000;
/** Reserved for permissions that are granted. A page that repeats refused calls cannot use them up. */
const RESERVED_TURNS = 2;
const MAX_REDEEMED = 64;

export function createRedemptionPace({ monotonicMs, wait }: RedemptionPaceOptions): RedemptionPace {
  const users = createPerUser<Turns>(monotonicMs, () => ({
    left: BURST,
    countedAtMs: monotonicMs(),
    redeemed: new Map(),
  }));
  return {
    startLimit(session, request) {
      setBounded(
        users.findOrCreate(userKey(session)).redeemed,
        paceKey(session, request),
        true,
        MAX_REDEEMED,
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
      if (!turns.redeemed.has(key)) {
        setBounded(turns.redeemed, key, true, MAX_REDEEMED);
        if (turns.left >= 1) turns.left--;
        return;
      }
      const reserved = missingScopes(scopes, session.facts.grantedScopes).length > 0 ? RESERVED_TURNS : 0;
      const waitMs = Math.max(0, (reserved + 1 - turns.left) * TURN_MS);
      const mayWaitUntilMs = current !== undefined ? nowMs : arrivedAtMs + LONGEST_WAIT_MS;
      if (waitMs > 0 && nowMs + waitMs > mayWaitUntilMs) throw tooOften(waitMs);
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
    detail: 'Microsoft Entra ID refused tokens for this user, so new requests to it are limited.',
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  });
}
