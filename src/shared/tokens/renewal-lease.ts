import type { RandomBytes } from '../crypto/seal.ts';
import { parseInteractionReason } from '../entra/errors.ts';
import { signInServiceUnavailable } from '../errors.ts';
import type { RefreshFailure } from '../session/facts.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/store.ts';
import { describeError } from '../telemetry/describe-error.ts';
import type { Log } from '../telemetry/log.ts';
import { setBounded } from './per-user.ts';
import type { StoredTokens } from './stored-tokens.ts';
import { TOKEN_REQUEST_DEADLINE_MS } from './token-endpoint.ts';
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
 * A lease in the session's row, so that usually one worker redeems the refresh token. A worker that finds another's
 * lease uses the result that its holder stores, or adopts the failure that it leaves. The lease is a courtesy: a
 * worker that has waited long enough redeems too.
 * @throws {BffError} storage_unavailable, from every operation
 */
export interface RenewalLease {
  /**
   * Returns the stored access token if it answers the request. While another worker holds the lease, waits at most
   * {@link HOLDER_WAIT_MS} for its result, or returns the request's current token without waiting.
   * @throws {BffError} sign_in_service_unavailable if the holder left this failure
   */
  awaitResult(session: Session, request: TokenRequest): Promise<RenewalStep>;
  /** Takes the lease if the row is still as it was read. */
  take(session: Session, log: Log): Promise<({ readonly kind: 'taken' } & HeldLease) | RenewalStep>;
  /** Ends the lease after a redemption. A token has ended it already, because it was stored with it. */
  end(held: HeldLease, request: TokenRequest, outcome: TokenAcquisition, log: Log): Promise<RenewalStep>;
  /** Ends the lease because the redemption threw. If that fails too, other workers wait for their full time. */
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
 * How long a worker waits for the result of a holder that it has seen. Then the holder is probably dead, so the
 * worker redeems as well. If the holder is only slow, both results are merged: Entra ID issues tokens to both, but
 * an issuer that rotates refresh tokens strictly ends the sign-in.
 */
export const HOLDER_WAIT_MS = TOKEN_REQUEST_DEADLINE_MS + 1_000;
/** How long a call that has waited so long for one holder waits for the worker that redeems in its place. */
export const SUCCESSOR_WAIT_MS = 1_000;
/** A forgotten lease is waited for once more. */
const MAX_SIGHTINGS = 1_000;
const READ_AGAIN_MS = 150;
const READ_AGAIN_JITTER_MS = 100;

export function createRenewalLease(dependencies: RenewalLeaseDependencies): RenewalLease {
  const { store, storedTokens, random, monotonicMs, wait } = dependencies;
  // One renewal of a session at a time comes here in this worker. A lease of this worker that is found in the row
  // therefore has no holder: the answer to it was lost, or the write that should have ended it failed.
  const ownPrefix = `${random(9).toString('base64url')}.`;
  const isAnothers = (leaseId: string | undefined): leaseId is string =>
    leaseId !== undefined && !leaseId.startsWith(ownPrefix);

  /** When this worker first saw a lease of another. */
  const firstSeenMs = new Map<string, number>();

  /** How long a call is still to wait for the holder of this lease; 0 or less: it waits no longer. */
  const leftMs = (leaseId: string, waitingSinceMs: number): number => {
    const nowMs = monotonicMs();
    const seenSinceMs = firstSeenMs.get(leaseId) ?? nowMs;
    setBounded(firstSeenMs, leaseId, seenSinceMs, MAX_SIGHTINGS);
    const [seenForMs, waitedMs] = [nowMs - seenSinceMs, nowMs - waitingSinceMs];
    return Math.min(
      HOLDER_WAIT_MS - seenForMs,
      Math.max(HOLDER_WAIT_MS - waitedMs, SUCCESSOR_WAIT_MS - seenForMs),
    );
  };

  return {
    async awaitResult(session, request) {
      const waitingSinceMs = monotonicMs();
      let latest = session;
      for (;;) {
        const stored = storedTokens.find(latest, request);
        if (stored !== undefined) return ended(latest, { kind: 'token', ...stored, session: latest });
        const { leaseId } = latest;
        if (!isAnothers(leaseId)) return { kind: 'continue', latest };
        const waitMs = leftMs(leaseId, waitingSinceMs);
        if (waitMs <= 0) return { kind: 'continue', latest };
        const { current } = request;
        if (current !== undefined) return ended(latest, { kind: 'token', ...current, session: latest });
        const jitterMs = random(1).readUInt8(0) % READ_AGAIN_JITTER_MS;
        await wait(Math.min(READ_AGAIN_MS + jitterMs, waitMs));
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
