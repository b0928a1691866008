import { setBounded } from '../bounded-map.ts';
import type { RandomBytes } from '../crypto/seal.ts';
import { parseInteractionReason, parseRegistrationFault } from '../entra/errors.ts';
import { RegistrationInvalid } from '../entra/registration-problem.ts';
import { toComparable } from '../entra/scopes.ts';
import { signInServiceUnavailable } from '../errors.ts';
import type { RefreshFailure } from '../session/facts.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/store.ts';
import { describeError } from '../telemetry/describe-error.ts';
import type { Log } from '../telemetry/log.ts';
import type { StoredTokens } from './stored-tokens.ts';
import { TOKEN_REQUEST_DEADLINE_MS } from './token-endpoint.ts';
import { isSameRequest, type TokenAcquisition, type TokenRequest } from './token-request.ts';

/** The outcome of a renewal, and the session's state, from which the next renewal starts. */
export interface RenewalEnd {
  readonly kind: 'settled';
  readonly latest: Session;
  readonly outcome: TokenAcquisition;
}

export type RenewalStep =
  | RenewalEnd
  /** There is no outcome yet. This is the session's latest state. */
  | { readonly kind: 'continue'; readonly latest: Session };

/** The lease that this call holds: the right to redeem the refresh token. `session` is the row with the lease. */
export interface HeldLease {
  readonly leaseId: string;
  readonly session: Session;
}

/**
 * A lease in the session's row, so that usually only one worker redeems the refresh token. A worker that finds
 * another worker's lease uses the result that the holder stores, or adopts the failure that the holder records. The lease is
 * a courtesy and not a lock: after {@link HOLDER_WAIT_MS} the waiting worker redeems too.
 * @throws {BffError} storage_unavailable, from every operation
 */
export interface RenewalLease {
  /**
   * Returns the stored access token if it satisfies the request. If another worker holds the lease, returns the
   * request's current token. If there is no current token, waits for the holder's result: at most
   * {@link HOLDER_WAIT_MS}, and then {@link SUCCESSOR_WAIT_MS} for each new holder.
   * @throws {BffError} registration_invalid if Entra ID refused the holder's redemption for this reason;
   * sign_in_service_unavailable if the redemption failed without a refusal
   */
  awaitResult(session: Session, request: TokenRequest): Promise<RenewalStep>;
  /** Acquires the lease if the row is unchanged since it was read. */
  acquire(session: Session, log: Log): Promise<({ readonly kind: 'acquired' } & HeldLease) | RenewalStep>;
  /**
   * Ends the lease after a redemption. If the outcome is a token, nothing is written: storing the token has already ended
   * the lease. If the token could not be stored, the lease stays.
   */
  end(held: HeldLease, request: TokenRequest, outcome: TokenAcquisition, log: Log): Promise<RenewalStep>;
  /**
   * Records the failure and ends the lease, because the redemption threw this error. If the row cannot be written, the
   * other workers wait for {@link HOLDER_WAIT_MS}.
   */
  fail(held: HeldLease, request: TokenRequest, error: unknown, log: Log): Promise<void>;
}

export interface RenewalLeaseDependencies {
  readonly store: Pick<SessionStore, 'acquireLease' | 'refetch' | 'write'>;
  readonly storedTokens: Pick<StoredTokens, 'find'>;
  readonly random: RandomBytes;
  /** This worker's monotonic time. The clocks of workers differ, but elapsed time does not. */
  readonly monotonicMs: () => number;
  readonly wait: (durationMs: number) => Promise<void>;
}

/**
 * How long a worker waits for the result of a holder, counted from when the worker first saw the lease. After that the
 * holder has probably crashed, and the worker redeems too. If the holder was only slow, both results are merged. Entra ID
 * accepts both redemptions; an issuer that rotates refresh tokens strictly would end the sign-in.
 */
export const HOLDER_WAIT_MS = TOKEN_REQUEST_DEADLINE_MS + 1_000;
/** How long a call waits for a new holder after it has waited {@link HOLDER_WAIT_MS} for earlier ones. */
export const SUCCESSOR_WAIT_MS = 1_000;
/** How many leases of other workers are remembered. If one is evicted, this worker waits for its holder once more. */
const MAX_SIGHTINGS = 1_000;
const POLL_INTERVAL_MS = 150;
const POLL_JITTER_MS = 100;

export function createRenewalLease(dependencies: RenewalLeaseDependencies): RenewalLease {
  const { store, storedTokens, random, monotonicMs, wait } = dependencies;
  // This worker runs one renewal of a session at a time. A lease of this worker that a renewal finds in the row therefore
  // has no holder: the response to the write of the lease was lost, or the write that should have ended it failed.
  const workerPrefix = `${random(9).toString('base64url')}.`;
  const isOtherWorkersLease = (leaseId: string | undefined): leaseId is string =>
    leaseId !== undefined && !leaseId.startsWith(workerPrefix);

  /** By lease id: when this worker first saw the lease of another worker. */
  const firstSeenMs = new Map<string, number>();

  /** How much longer a call waits for the holder of this lease. 0 or less: it waits no longer. */
  const remainingWaitMs = (leaseId: string, waitingSinceMs: number): number => {
    const nowMs = monotonicMs();
    const seenAtMs = firstSeenMs.get(leaseId) ?? nowMs;
    setBounded(firstSeenMs, leaseId, seenAtMs, MAX_SIGHTINGS);
    const [seenForMs, waitedMs] = [nowMs - seenAtMs, nowMs - waitingSinceMs];
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
        if (stored !== undefined) return settled(latest, { kind: 'token', ...stored, session: latest });
        const { leaseId } = latest;
        if (!isOtherWorkersLease(leaseId)) return { kind: 'continue', latest };
        const waitMs = remainingWaitMs(leaseId, waitingSinceMs);
        if (waitMs <= 0) return { kind: 'continue', latest };
        const { current } = request;
        if (current !== undefined) return settled(latest, { kind: 'token', ...current, session: latest });
        const jitterMs = random(1).readUInt8(0) % POLL_JITTER_MS;
        await wait(Math.min(POLL_INTERVAL_MS + jitterMs, waitMs));
        const found = await store.refetch(latest);
        if (found.kind === 'gone') return settled(latest, { kind: 'session-ended' });
        latest = found.session;
        const failure = latest.refreshFailure;
        if (failure?.leaseId === leaseId && isSameRequest(toRequest(failure), request)) {
          return settled(latest, adoptFailure(failure));
        }
      }
    },
    async acquire(session, log) {
      const leaseId = workerPrefix + random(16).toString('base64url');
      const acquired = await store.acquireLease(session, leaseId);
      if (acquired.kind === 'gone') return settled(session, { kind: 'session-ended' });
      if (acquired.kind === 'acquired') {
        if (isOtherWorkersLease(session.leaseId)) log('warn', { event: 'lease-taken-over' });
        return { kind: 'acquired', leaseId, session: acquired.session };
      }
      // If the response to the write is lost, the SDK repeats the write, which then conflicts with the first one. Without
      // this read, this worker would not know that it holds the lease, and the others would wait for its result.
      const found = await store.refetch(session);
      if (found.kind === 'gone') return settled(session, { kind: 'session-ended' });
      return found.session.leaseId === leaseId
        ? { kind: 'acquired', leaseId, session: found.session }
        : { kind: 'continue', latest: found.session };
    },
    end: (held, request, outcome, log) => endLease(store, held, request, outcome, log),
    async fail({ session, leaseId }, request, error, log) {
      const failure = { ...toFailure(request, leaseId), ...registrationFaultOf(error) };
      await recordFailure(store, session, failure, log);
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
  if (outcome.kind === 'token') return settled(outcome.session, outcome);
  if (outcome.kind === 'session-ended') return settled(held, outcome);
  // A refusal counts only if the row has not changed. If another worker has redeemed the refresh token meanwhile, this
  // worker used an outdated one, and the sign-in is still valid.
  const found = await store.refetch(held);
  if (found.kind === 'gone') return settled(held, { kind: 'session-ended' });
  const { tokenGeneration } = found.session;
  // A write under this lease does not count as a change. It stored tokens, but not for all requested scopes.
  const isUnchanged = found.session.leaseId === leaseId && tokenGeneration === held.tokenGeneration;
  if (!isUnchanged && tokenGeneration !== held.generation) {
    const written = await store.write(found.session, found.session, leaseId);
    return { kind: 'continue', latest: written.kind === 'written' ? written.session : found.session };
  }
  const { reason, claims, correlationId, entraErrorCode, withheldScopes = [] } = outcome;
  const failure = {
    ...toFailure(request, leaseId),
    reason,
    ...(claims === undefined ? {} : { claims }),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(entraErrorCode === undefined ? {} : { entraErrorCode }),
  };
  const latest = await recordFailure(store, withoutScopes(found.session, withheldScopes), failure, log);
  // Another worker may have stored its tokens between the read and this write.
  return latest.tokenGeneration === tokenGeneration ? settled(latest, outcome) : { kind: 'continue', latest };
}

/** Records the failure for the workers that wait. The same write ends the lease. */
async function recordFailure(
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

function settled(latest: Session, outcome: TokenAcquisition): RenewalEnd {
  return { kind: 'settled', latest, outcome };
}

/** Removes scopes that Entra ID no longer grants. */
function withoutScopes(session: Session, scopes: readonly string[]): Session {
  if (scopes.length === 0) return session;
  const { facts } = session;
  const withheld = new Set(scopes.map(toComparable));
  const grantedScopes = facts.grantedScopes.filter((scope) => !withheld.has(toComparable(scope)));
  return { ...session, facts: { ...facts, grantedScopes } };
}

function registrationFaultOf(
  error: unknown,
): Pick<RefreshFailure, 'fault' | 'entraErrorCode' | 'correlationId'> {
  if (!(error instanceof RegistrationInvalid)) return {};
  const { fault, extensions } = error;
  const { entra_error_code: entraErrorCode, correlation_id: correlationId } = extensions;
  return {
    fault,
    ...(entraErrorCode === undefined ? {} : { entraErrorCode }),
    ...(correlationId === undefined ? {} : { correlationId }),
  };
}

/** @throws {BffError} sign_in_service_unavailable, registration_invalid */
function adoptFailure(failure: RefreshFailure): TokenAcquisition {
  const { reason, claims, correlationId, entraErrorCode, scopes } = failure;
  const fault = parseRegistrationFault(failure.fault);
  if (fault !== undefined) throw new RegistrationInvalid({ fault, scopes, entraErrorCode, correlationId });
  const parsed = parseInteractionReason(reason);
  if (parsed === undefined) {
    throw signInServiceUnavailable('Microsoft Entra ID did not renew the tokens. Try again in a moment.');
  }
  return {
    kind: 'interaction-required',
    reason: parsed,
    ...(claims === undefined ? {} : { claims }),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(entraErrorCode === undefined ? {} : { entraErrorCode }),
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
