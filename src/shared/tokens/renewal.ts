import { Buffer } from 'node:buffer';
import { RegistrationInvalid } from '../entra/registration-problem.ts';
import { BffError, signInServiceUnavailable } from '../errors.ts';
import type { Session } from '../session/session.ts';
import type { Log } from '../telemetry/log.ts';
import type { Redeem } from './redemption.ts';
import type { RedemptionPace } from './redemption-pace.ts';
import type { RefusalCheck } from './refusal-check.ts';
import type { HeldLease, RenewalEnd, RenewalLease, RenewalStep } from './renewal-lease.ts';
import type { StoredTokens } from './stored-tokens.ts';
import { isSameRequest, type TokenAcquisition, type TokenRequest } from './token-request.ts';

/**
 * Renews a session's tokens with its refresh token. On each worker, a session has one renewal at a time, and further calls
 * queue. Each renewal starts from the state that the previous one left.
 * - A call that waited while an identical renewal failed adopts that failure. Entra ID is not asked again.
 * - If a renewal is already running, a call whose current token can still be used does not wait. It uses that token.
 * - The failure of a renewal that no call had to wait for is not adopted. The worker may have been frozen during it.
 * @throws {BffError} sign_in_service_unavailable, registration_invalid, storage_unavailable, rate_limited
 */
export type Renew = (session: Session, request: TokenRequest, log: Log) => Promise<TokenAcquisition>;

export interface RenewDependencies {
  readonly storedTokens: Pick<StoredTokens, 'find'>;
  readonly refusalCheck: RefusalCheck;
  readonly pace: RedemptionPace;
  /** Seconds until the circuit breaker allows a token request for this user. Undefined: a request is allowed now. */
  readonly pausedSeconds: (session: Session) => number | undefined;
  readonly lease: RenewalLease;
  readonly redeem: Redeem;
  readonly monotonicMs: () => number;
}

/** After this number of conflicts with other writers of the row, the call fails with 503. */
const MAX_ATTEMPTS = 10;

/** The state that one turn of the queue passes to the next. */
interface QueueState {
  readonly latest: Session;
  readonly failure?: Failure;
  /** The session has ended. The remaining calls in the queue end without a renewal. */
  readonly sessionEnded?: true;
}

interface Failure {
  readonly request: TokenRequest;
  readonly endedAtMs: number;
  /** Returns the outcome of the failed renewal, or throws its error. */
  readonly settle: () => TokenAcquisition;
}

interface TurnResult {
  readonly next: QueueState;
  /** Returns the outcome for the call whose turn it was, or throws its error. */
  readonly settle: () => TokenAcquisition;
}

export function createRenew(dependencies: RenewDependencies): Renew {
  const { monotonicMs } = dependencies;
  const queues = new Map<string, Promise<QueueState>>();
  return async (session, request, log) => {
    const key = queueKey(session);
    const arrivedAtMs = monotonicMs();
    const running = queues.get(key);
    if (running !== undefined && request.current !== undefined) {
      return { kind: 'token', ...request.current, session };
    }
    const previous = running ?? Promise.resolve<QueueState>({ latest: session });
    const turn = previous.then((state) => runTurn(dependencies, state, arrivedAtMs, request, log));
    const after = turn.then(({ next }) => next);
    queues.set(key, after);
    const { settle } = await turn;
    // The last call in the queue removes the queue.
    if (queues.get(key) === after) queues.delete(key);
    return settle();
  };
}

/** Never rejects: `settle` throws the error, and the next call in the queue reads the failure from the state. */
async function runTurn(
  dependencies: RenewDependencies,
  previous: QueueState,
  arrivedAtMs: number,
  request: TokenRequest,
  log: Log,
): Promise<TurnResult> {
  if (previous.sessionEnded) return { next: previous, settle: () => ({ kind: 'session-ended' }) };
  const { storedTokens, monotonicMs } = dependencies;
  const { latest, failure } = previous;
  const failed = (session: Session, settle: () => TokenAcquisition): TurnResult => ({
    next: { latest: session, failure: { request, endedAtMs: monotonicMs(), settle } },
    settle,
  });
  try {
    if (
      failure !== undefined &&
      failure.endedAtMs >= arrivedAtMs &&
      isSameRequest(failure.request, request)
    ) {
      const stored = storedTokens.find(latest, request);
      // `previous` keeps the time at which the renewal failed. If each adoption set a new time, calls that arrive later
      // would adopt the failure too, and Entra ID might never be asked again.
      return stored === undefined
        ? { next: previous, settle: failure.settle }
        : { next: { latest }, settle: () => ({ kind: 'token', ...stored, session: latest }) };
    }
    const end = await renewUnlessRefusalRemembered(dependencies, latest, request, arrivedAtMs, log);
    const settle = () => end.outcome;
    if (end.outcome.kind === 'session-ended')
      return { next: { latest: end.latest, sessionEnded: true }, settle };
    return end.outcome.kind === 'interaction-required'
      ? failed(end.latest, settle)
      : { next: { latest: end.latest }, settle };
  } catch (error) {
    const settle = () => {
      throw error;
    };
    return request.current === undefined ? failed(latest, settle) : { next: { latest }, settle };
  }
}

/** Returns a remembered refusal again, or renews and remembers a new refusal. */
async function renewUnlessRefusalRemembered(
  dependencies: RenewDependencies,
  session: Session,
  request: TokenRequest,
  arrivedAtMs: number,
  log: Log,
): Promise<RenewalEnd> {
  const { refusalCheck, pace, monotonicMs } = dependencies;
  const checked = await refusalCheck.find(session, request, arrivedAtMs);
  if (checked.kind === 'settled') return checked;
  const { latest } = checked;
  const startedAtMs = monotonicMs();
  try {
    const end = await adoptResultOrRedeem(dependencies, latest, request, arrivedAtMs, log);
    if (end.outcome.kind === 'interaction-required') {
      refusalCheck.remember(end.latest, request, end.outcome, startedAtMs);
    }
    return end;
  } catch (error) {
    // `remember` limits the user's redemptions after a refusal. A temporary failure or an unusable client credential
    // limits them too, because a page may repeat the call in a loop.
    if (isUnavailable(error)) pace.startLimit(latest, request);
    if (error instanceof RegistrationInvalid) {
      refusalCheck.remember(latest, request, { kind: 'registration-invalid', error });
    }
    throw error;
  }
}

/** Uses the result of another call or worker if there is one, else redeems the refresh token. */
async function adoptResultOrRedeem(
  dependencies: RenewDependencies,
  session: Session,
  request: TokenRequest,
  arrivedAtMs: number,
  log: Log,
): Promise<RenewalEnd> {
  const { pace, pausedSeconds, lease } = dependencies;
  let latest = session;
  for (let attempt = 0; ; attempt++) {
    const awaited = await lease.awaitResult(latest, request);
    if (awaited.kind === 'settled') return awaited;
    if (attempt === MAX_ATTEMPTS) throw tooManyConflicts();
    // Checked before the lease is acquired, because acquiring and ending it costs two writes to the row.
    const seconds = pausedSeconds(awaited.latest);
    if (seconds !== undefined) throw breakerOpen(seconds);
    await pace.waitForTurn(awaited.latest, request, arrivedAtMs);
    const acquired = await lease.acquire(awaited.latest, log);
    const step =
      acquired.kind === 'acquired' ? await redeemUnderLease(dependencies, acquired, request, log) : acquired;
    if (step.kind === 'settled') return step;
    latest = step.latest;
  }
}

async function redeemUnderLease(
  { redeem, lease }: RenewDependencies,
  held: HeldLease,
  request: TokenRequest,
  log: Log,
): Promise<RenewalStep> {
  try {
    const outcome = await redeem(held.session, request, held.leaseId, log);
    return await lease.end(held, request, outcome, log);
  } catch (error) {
    await lease.fail(held, request, error, log);
    throw error;
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof BffError && error.code === 'sign_in_service_unavailable';
}

function breakerOpen(seconds: number): BffError {
  const detail =
    'Microsoft Entra ID recently failed or throttled token requests, so it was not asked. Try again in a moment.';
  return signInServiceUnavailable(detail, undefined, seconds);
}

function tooManyConflicts(): BffError {
  return new BffError('storage_unavailable', {
    detail: 'Too many requests changed this session at the same time. Try again in a moment.',
    retryAfterSeconds: 1,
  });
}

/**
 * Includes the cookie's secret: a call continues with the session that the previous call in the queue left, so only calls
 * with the same secret may share a queue.
 */
function queueKey({ locator: { userHash, rowId, secret } }: Session): string {
  return Buffer.concat([userHash, rowId, secret]).toString('base64url');
}
