import type { RandomBytes } from '../crypto/seal.ts';
import { parseInteractionReason } from '../entra/errors.ts';
import { signInServiceUnavailable } from '../errors.ts';
import type { RefreshFailure } from '../session/facts.ts';
import type { Session, SessionStore } from '../session/store.ts';
import { describeError } from '../telemetry/describe-error.ts';
import type { Log } from '../telemetry/log.ts';
import type { StoredTokens } from './stored-tokens.ts';
import { isSameRequest, type TokenAcquisition, type TokenRequest } from './token-request.ts';

/** The outcome of a renewal, and the session's state for the next one. */
export interface RenewalEnd {
  readonly kind: 'ended';
  readonly latest: Session;
  readonly outcome: TokenAcquisition;
}

export type RenewalStep =
  | RenewalEnd
  /** There is no outcome yet. This is the session's latest state. */
  | { readonly kind: 'continue'; readonly latest: Session };

/** The right to redeem the refresh token, as it stands in the row. */
export interface HeldLease {
  readonly leaseId: string;
  readonly session: Session;
}

/**
 * A lease in the session's row, so that one worker at a time redeems the refresh token. A worker that finds
 * another's lease uses the result that its holder stores, or adopts the failure that it leaves.
 * @throws {BffError} storage_unavailable, from every operation
 */
export interface RenewalLease {
  /**
   * Returns the stored access token if it answers the request. Waits for another worker's result while that
   * worker holds the lease.
   * @throws {BffError} sign_in_service_unavailable if the holder left this failure
   */
  awaitResult(session: Session, request: TokenRequest): Promise<RenewalStep>;
  /** Takes the lease if the row is still as it was read. */
  take(session: Session, log: Log): Promise<({ readonly kind: 'taken' } & HeldLease) | RenewalStep>;
  /** Ends the lease after a redemption. A token has ended it already, because it was stored with it. */
  end(held: HeldLease, request: TokenRequest, outcome: TokenAcquisition, log: Log): Promise<RenewalStep>;
  /** Ends the lease because the redemption threw. If that fails as well, the lease ends by its time. */
  fail(held: HeldLease, request: TokenRequest, log: Log): Promise<void>;
}

export interface RenewalLeaseDependencies {
  readonly store: Pick<SessionStore, 'takeLease' | 'refetch' | 'write'>;
  readonly storedTokens: Pick<StoredTokens, 'find'>;
  readonly random: RandomBytes;
  /** This worker's monotonic time. Clocks of workers differ, elapsed time does not. */
  readonly monotonicMs: () => number;
  readonly wait: (durationMs: number) => Promise<void>;
}

/**
 * Longest time a live holder can take: 4 s to learn that it holds the lease, 8 s token request, 5 s for the keys
 * that verify the ID token, 4 s for the write, and 2 s + 4 s to read and write once more after a conflict.
 * Then the holder is taken for dead. If it is only slow, Entra ID issues tokens to both workers; an issuer that
 * rotates refresh tokens strictly ends the sign-in.
 */
export const LEASE_MS = (4 + 8 + 5 + 4 + 2 + 4) * 1000;
const READ_AGAIN_MS = 150;
const READ_AGAIN_JITTER_MS = 100;

export function createRenewalLease(dependencies: RenewalLeaseDependencies): RenewalLease {
  const { store, storedTokens, random, monotonicMs, wait } = dependencies;
  // One renewal of a session at a time comes here in this worker. A lease of this worker that is found in the row
  // therefore has no holder: the answer to it was lost, or the write that should have ended it failed.
  const ownPrefix = `${random(9).toString('base64url')}.`;
  const isAnothers = (leaseId: string | undefined): leaseId is string =>
    leaseId !== undefined && !leaseId.startsWith(ownPrefix);

  return {
    async awaitResult(session, request) {
      let latest = session;
      let watched: { readonly leaseId: string; readonly sinceMs: number } | undefined;
      for (;;) {
        const stored = storedTokens.find(latest, request);
        if (stored !== undefined) return ended(latest, { kind: 'token', ...stored, session: latest });
        const { leaseId } = latest;
        if (!isAnothers(leaseId)) return { kind: 'continue', latest };
        if (watched?.leaseId !== leaseId) watched = { leaseId, sinceMs: monotonicMs() };
        if (monotonicMs() - watched.sinceMs >= LEASE_MS) return { kind: 'continue', latest };
        await wait(READ_AGAIN_MS + (random(1).readUInt8(0) % READ_AGAIN_JITTER_MS));
        const found = await store.refetch(latest);
        if (found.kind === 'gone') return ended(latest, { kind: 'session-ended' });
        latest = found.session;
        const failure = latest.refreshFailure;
        if (failure?.leaseId === leaseId && isSameRequest(toRequest(failure), request)) {
          return ended(latest, adopt(failure));
        }
      }
    },
    async take(session, log) {
      const leaseId = ownPrefix + random(16).toString('base64url');
      const taking = await store.takeLease(session, leaseId);
      if (taking.kind === 'gone') return ended(session, { kind: 'session-ended' });
      if (taking.kind === 'taken') {
        if (session.leaseId !== undefined) log('warn', { event: 'lease-taken-over' });
        return { kind: 'taken', leaseId, session: taking.session };
      }
      // If the answer to a write was lost, the table's library repeats it, and the row has then been changed by the
      // first write. Without reading again, every worker would wait for a lease that no worker knows it holds.
      const found = await store.refetch(session);
      if (found.kind === 'gone') return ended(session, { kind: 'session-ended' });
      return found.session.leaseId === leaseId
        ? { kind: 'taken', leaseId, session: found.session }
        : { kind: 'continue', latest: found.session };
    },
    end: (held, request, outcome, log) => endLease(store, held, request, outcome, log),
    async fail({ session, leaseId }, request, log) {
      await leaveFailure(store, session, toFailure(request, leaseId), log);
    },
  };
}

type Writer = Pick<SessionStore, 'refetch' | 'write'>;

async function endLease(
  store: Writer,
  { leaseId, session: held }: HeldLease,
  request: TokenRequest,
  outcome: TokenAcquisition,
  log: Log,
): Promise<RenewalStep> {
  if (outcome.kind === 'token') return ended(outcome.session, outcome);
  if (outcome.kind === 'session-ended') return ended(held, outcome);
  // A refusal is believed only if the row has not changed. If another worker redeemed the token meanwhile, this
  // worker's copy is outdated, and the sign-in is fine.
  const found = await store.refetch(held);
  if (found.kind === 'gone') return ended(held, { kind: 'session-ended' });
  const { tokenGeneration } = found.session;
  // What this lease itself stored changes nothing: tokens came, but not for what was requested.
  const isUnchanged = found.session.leaseId === leaseId && tokenGeneration === held.tokenGeneration;
  if (!isUnchanged && tokenGeneration !== held.generation) {
    const written = await store.write(found.session, found.session, leaseId);
    return { kind: 'continue', latest: written.kind === 'written' ? written.session : found.session };
  }
  const { reason, claims, correlationId } = outcome;
  const failure = {
    ...toFailure(request, leaseId),
    reason,
    ...(claims === undefined ? {} : { claims }),
    ...(correlationId === undefined ? {} : { correlationId }),
  };
  const latest = await leaveFailure(store, found.session, failure, log);
  // A slow holder may have stored its tokens between the read and this write.
  return latest.tokenGeneration === tokenGeneration ? ended(latest, outcome) : { kind: 'continue', latest };
}

/** Ends the lease and leaves the failure for the workers that wait. */
async function leaveFailure(
  store: Writer,
  session: Session,
  refreshFailure: RefreshFailure,
  log: Log,
): Promise<Session> {
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

function ended(latest: Session, outcome: TokenAcquisition): RenewalEnd {
  return { kind: 'ended', latest, outcome };
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

function toFailure({ scopes, challenge, identityNotBefore }: TokenRequest, leaseId: string): RefreshFailure {
  return {
    leaseId,
    scopes,
    ...(challenge === undefined ? {} : { challengedWith: challenge.claims }),
    ...(identityNotBefore === undefined ? {} : { ofIdentity: true }),
  };
}

function toRequest({ scopes, challengedWith: claims, ofIdentity }: RefreshFailure): TokenRequest {
  return {
    scopes,
    ...(claims === undefined ? {} : { challenge: { claims, refusedToken: '' } }),
    ...(ofIdentity === undefined ? {} : { identityNotBefore: new Date(0) }),
  };
}
