import { missingScopes, resourcesOf } from '../entra/scopes.ts';
import { BffError } from '../errors.ts';
import type { Session } from '../session/session.ts';
import { createPerUser, setBounded, userOf } from './per-user.ts';
import type { TokenRequest } from './token-request.ts';

/**
 * Limits how often a user's refresh tokens are redeemed after one redemption was in vain. Entra ID throttles
 * clients that ask too often and does not say which user it means. All sessions of the user on this worker
 * share one redemption a second, plus a burst. The first redemption of a session for an API never waits.
 */
export interface RedemptionPace {
  /** Starts the limit for this user. It ends when nothing was redeemed or refused for ten minutes. */
  refused(session: Session, request: TokenRequest): void;
  /**
   * Waits for the user's turn.
   * @param askedAtMs when the call arrived; the turn comes within 2 s of it, whatever the call waited for
   * before
   * @throws {BffError} rate_limited
   */
  turn(session: Session, request: TokenRequest, askedAtMs: number): Promise<void>;
}

export interface RedemptionPaceOptions {
  readonly monotonicMs: () => number;
  readonly wait: (durationMs: number) => Promise<void>;
}

interface Turns {
  /** Below 0 while calls wait for their turns. */
  left: number;
  countedAtMs: number;
  /** The sessions that have redeemed, each with its API. */
  readonly redeemed: Map<string, true>;
}

const BURST = 8;
const TURN_MS = 1_000;
const LONGEST_WAIT_MS = 2_000;
/** Reserved for granted permissions, so that a page that repeats refused calls does not block the rest. */
const RESERVED_TURNS = 2;
const MAX_REDEEMED = 64;

export function createRedemptionPace({ monotonicMs, wait }: RedemptionPaceOptions): RedemptionPace {
  const users = createPerUser<Turns>(monotonicMs, () => ({
    left: BURST,
    countedAtMs: monotonicMs(),
    redeemed: new Map(),
  }));
  return {
    refused(session, request) {
      setBounded(users.findOrCreate(userOf(session)).redeemed, nameOf(session, request), true, MAX_REDEEMED);
    },
    async turn(session, request, askedAtMs) {
      if (users.find(userOf(session)) === undefined) return;
      const turns = users.findOrCreate(userOf(session));
      const { scopes, current } = request;
      const nowMs = monotonicMs();
      turns.left = Math.min(BURST, turns.left + (nowMs - turns.countedAtMs) / TURN_MS);
      turns.countedAtMs = nowMs;
      const name = nameOf(session, request);
      if (!turns.redeemed.has(name)) {
        setBounded(turns.redeemed, name, true, MAX_REDEEMED);
        if (turns.left >= 1) turns.left--;
        return;
      }
      const reserved = missingScopes(scopes, session.facts.grantedScopes).length > 0 ? RESERVED_TURNS : 0;
      const waitMs = Math.max(0, (reserved + 1 - turns.left) * TURN_MS);
      const mayWaitUntilMs = current !== undefined ? nowMs : askedAtMs + LONGEST_WAIT_MS;
      if (waitMs > 0 && nowMs + waitMs > mayWaitUntilMs) throw tooOften(waitMs);
      turns.left--;
      if (waitMs > 0) await wait(waitMs);
    },
  };
}

/** A session and an API. */
function nameOf({ address: { rowId } }: Session, { scopes }: TokenRequest): string {
  return [rowId.toString('base64url'), ...resourcesOf(scopes)].join(' ');
}

function tooOften(waitMs: number): BffError {
  return new BffError('rate_limited', {
    rules: ['renewals-of-user'],
    detail: 'Microsoft Entra ID refused tokens for this user, so new requests to it are limited.',
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  });
}
