import type { RandomBytes } from '../crypto/seal.ts';
import { parseInteractionReason } from '../entra/errors.ts';
import { BffError, signInServiceUnavailable } from '../errors.ts';
import type { RefreshFailure } from '../session/facts.ts';
import type { Session, SessionStore } from '../session/store.ts';
import { describeError } from '../telemetry/describe-error.ts';
import type { Log } from '../telemetry/log.ts';
import type { SilentAttempt, TokenAcquisition } from './msal-silent.ts';
import type { RedemptionPace } from './redemption-pace.ts';
import { isSameWish, type TokenWish } from './token-request.ts';

/** How a refresh ended, and the session as whoever comes next should look at it. */
export interface RefreshEnd {
  readonly latest: Session;
  readonly outcome: TokenAcquisition;
}

/**
 * One redemption of a session's refresh token at a time across workers, by a lease in the row. Whoever finds another's
 * lease uses what the holder stores, or adopts the failure it leaves.
 * @throws {BffError} sign_in_service_unavailable, storage_unavailable, rate_limited
 */
export type LeasedRefresh = (
  session: Session,
  wish: TokenWish,
  log: Log,
  /** When the call that wants the token arrived, on this worker's monotonic clock. */
  askedAtMs: number,
) => Promise<RefreshEnd>;

export interface LeasedRefreshNeeds {
  readonly store: SessionStore;
  readonly attempt: SilentAttempt;
  /** How many seconds to leave the token endpoint alone for this user; undefined if it may be asked now. */
  readonly pausedSeconds: (session: Session) => number | undefined;
  readonly pace: RedemptionPace;
  readonly random: RandomBytes;
  /** This worker's own clock, which nobody sets: clocks of workers differ, elapsed time does not. */
  readonly monotonicMs: () => number;
  readonly wait: (durationMs: number) => Promise<void>;
}

// Others see the lease before its holder hears of it. Then it is taken for dead: 4 s for that answer, 8 s for the token
// request, 5 s for the keys that the ID token is verified with, 4 s for the write, and 2 + 4 s for once more on a conflict.
// A holder that is slower still is overtaken: Entra gives both of them tokens, a strict issuer ends the sign-in.
export const LEASE_MS = (4 + 8 + 5 + 4 + 2 + 4) * 1000;
const LOOK_AGAIN_MS = 150;
const LOOK_AGAIN_JITTER_MS = 100;
const ATTEMPTS = 10; // whoever lost the row to others this often is told to come back

export function createLeasedRefresh(needs: LeasedRefreshNeeds): LeasedRefresh {
  const { store, attempt, pausedSeconds, pace, random, monotonicMs, wait } = needs;
  // The queue lets one refresh of a session at a time come here: a lease of this worker that is found in the row has no
  // holder. The answer to it was lost, or what should have ended it could not be written.
  const ownPrefix = `${random(9).toString('base64url')}.`;
  return refresh;

  /** Looks again, then takes the lease or watches the one there is, until one of them ends the matter. */
  async function refresh(
    session: Session,
    wish: TokenWish,
    log: Log,
    askedAtMs: number,
  ): Promise<RefreshEnd> {
    let current = session;
    let watched: { readonly leaseId: string; readonly sinceMs: number } | undefined;
    let attemptsLeft = ATTEMPTS;
    for (;;) {
      const cached = await attempt(current, wish, log);
      if (cached.kind !== 'refresh-needed') return { latest: current, outcome: cached };
      const { leaseId } = current;
      const isOwn = leaseId?.startsWith(ownPrefix) ?? false;
      if (leaseId === undefined || isOwn || (watched?.leaseId === leaseId && hasExpired(watched))) {
        if (attemptsLeft-- === 0) throw neverTheLatest();
        const ended = await refreshUnderLease(current, wish, log, askedAtMs);
        if (ended.kind === 'ended') return ended;
        current = ended.session;
        continue;
      }
      if (watched?.leaseId !== leaseId) watched = { leaseId, sinceMs: monotonicMs() };
      await wait(LOOK_AGAIN_MS + (random(1).readUInt8(0) % LOOK_AGAIN_JITTER_MS));
      const found = await store.refetch(current);
      if (found.kind === 'gone') return { latest: current, outcome: { kind: 'session-ended' } };
      current = found.session;
      const failure = current.refreshFailure;
      if (failure?.leaseId === leaseId && isSameWish(wishOf(failure), wish)) {
        return { latest: current, outcome: adopt(failure) };
      }
    }
  }

  /** `again`: somebody else was faster, or wrote meanwhile: this is the session to look at. */
  async function refreshUnderLease(
    session: Session,
    wish: TokenWish,
    log: Log,
    askedAtMs: number,
  ): Promise<
    ({ readonly kind: 'ended' } & RefreshEnd) | { readonly kind: 'again'; readonly session: Session }
  > {
    // Before the lease: what cannot be asked now is not worth two writes to the row.
    const leftSeconds = pausedSeconds(session);
    if (leftSeconds !== undefined) throw pausedFor(leftSeconds);
    await pace.turn(session, wish, askedAtMs);
    const leaseId = ownPrefix + random(16).toString('base64url');
    const taking = await takeLease(session, leaseId);
    if (taking.kind === 'gone') return sessionEnded(session);
    if (taking.kind === 'changed') return { kind: 'again', session: taking.session };
    const held = taking.session;
    if (session.leaseId !== undefined) log('warn', { event: 'lease-taken-over' });
    try {
      const outcome = await attempt(held, wish, log, leaseId);
      if (outcome.kind === 'token') return { kind: 'ended', latest: outcome.session, outcome };
      if (outcome.kind !== 'interaction-required') return sessionEnded(held);
      // Entra's refusal is believed only while the row is as it was: if somebody redeemed the token meanwhile, it is
      // this worker's copy that is old, not the sign-in.
      const now = await store.refetch(held);
      if (now.kind === 'gone') return sessionEnded(held);
      // What this lease itself stored is no news: tokens came, and not for what was asked.
      const { tokenGeneration } = now.session;
      const isAsLeft = now.session.leaseId === leaseId && tokenGeneration === held.tokenGeneration;
      if (!isAsLeft && tokenGeneration !== held.generation) {
        return { kind: 'again', session: await release(now.session, leaseId) };
      }
      const { reason, claims, correlationId } = outcome;
      const failure = {
        ...failureOf(wish, leaseId),
        reason,
        ...(claims === undefined ? {} : { claims }),
        ...(correlationId === undefined ? {} : { correlationId }),
      };
      const left = await leaveFailure(now.session, failure, log);
      // A holder that was taken for dead may have stored its tokens between that look and this write.
      if (left.tokenGeneration !== tokenGeneration) return { kind: 'again', session: left };
      return { kind: 'ended', latest: left, outcome };
    } catch (error) {
      await leaveFailure(held, failureOf(wish, leaseId), log);
      throw error;
    }
  }

  /** Ends our own lease and nothing else, so that nobody waits for a holder that has gone on. */
  async function release(session: Session, leaseId: string): Promise<Session> {
    const written = await store.write(session, session, leaseId);
    return written.kind === 'written' ? written.session : session;
  }

  /**
   * A write whose answer was lost is sent again by the table's library and then finds the row changed, by itself: without
   * another look everybody would wait out a lease that nobody knows to be theirs.
   */
  async function takeLease(session: Session, leaseId: string) {
    const taking = await store.takeLease(session, leaseId);
    if (taking.kind !== 'changed') return taking;
    const found = await store.refetch(session);
    if (found.kind === 'gone') return found;
    return { kind: found.session.leaseId === leaseId ? 'taken' : 'changed', session: found.session } as const;
  }

  /** Ends the lease and tells those who wait. If that fails as well, the lease ends by its time. */
  async function leaveFailure(session: Session, refreshFailure: RefreshFailure, log: Log): Promise<Session> {
    try {
      const { facts, msalCache, tokenGeneration } = session;
      const content = { facts, msalCache, tokenGeneration, refreshFailure };
      const written = await store.write(session, content, refreshFailure.leaseId);
      return written.kind === 'written' ? written.session : session;
    } catch (error) {
      log('warn', { event: 'refresh-failure-not-stored', error: describeError(error) });
      return session;
    }
  }

  function hasExpired({ sinceMs }: { readonly sinceMs: number }): boolean {
    return monotonicMs() - sinceMs >= LEASE_MS;
  }
}

function sessionEnded(latest: Session): { readonly kind: 'ended' } & RefreshEnd {
  return { kind: 'ended', latest, outcome: { kind: 'session-ended' } };
}

function pausedFor(seconds: number): BffError {
  const detail = 'Microsoft Entra ID did not renew the access. Try again in a moment.';
  return signInServiceUnavailable(detail, undefined, seconds);
}

function neverTheLatest(): BffError {
  return new BffError('storage_unavailable', {
    detail: 'Too many requests wrote to this session at once.',
    retryAfterSeconds: 1,
  });
}

/** @throws {BffError} sign_in_service_unavailable */
function adopt({ reason, claims, correlationId }: RefreshFailure): TokenAcquisition {
  const known = parseInteractionReason(reason);
  if (known === undefined) {
    throw signInServiceUnavailable('Microsoft Entra ID did not renew the access. Try again in a moment.');
  }
  return {
    kind: 'interaction-required',
    reason: known,
    ...(claims === undefined ? {} : { claims }),
    ...(correlationId === undefined ? {} : { correlationId }),
  };
}

function failureOf({ scopes, challenge, identityNotBefore }: TokenWish, leaseId: string): RefreshFailure {
  return {
    leaseId,
    scopes,
    ...(challenge === undefined ? {} : { challengedWith: challenge.claims }),
    ...(identityNotBefore === undefined ? {} : { ofIdentity: true }),
  };
}

function wishOf({ scopes, challengedWith: claims, ofIdentity }: RefreshFailure): TokenWish {
  return {
    scopes,
    ...(claims === undefined ? {} : { challenge: { claims, refusedToken: '' } }),
    ...(ofIdentity === undefined ? {} : { identityNotBefore: new Date(0) }),
  };
}
