import { Buffer } from 'node:buffer';
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
 * Renews a session's tokens with its refresh token, one renewal of a session at a time in this worker. Each renewal
 * starts from the state that the previous one left. A call that waited while a renewal failed adopts that failure
 * instead of repeating the request to Entra ID. A call with a current token does not wait for another call's
 * renewal.
 * @throws {BffError} sign_in_service_unavailable, storage_unavailable, rate_limited
 */
export type Renew = (session: Session, request: TokenRequest, log: Log) => Promise<TokenAcquisition>;

export interface RenewDependencies {
  readonly storedTokens: Pick<StoredTokens, 'find'>;
  readonly refusalCheck: RefusalCheck;
  readonly pace: RedemptionPace;
  /** Seconds for which to leave the token endpoint alone for this user. Undefined: it may be asked now. */
  readonly pausedSeconds: (session: Session) => number | undefined;
  readonly lease: RenewalLease;
  readonly redeem: Redeem;
  readonly monotonicMs: () => number;
}

/** A call that so often finds the row changed by other writers is told to come back. */
const ATTEMPTS = 10;

/** What a turn leaves for the next. */
interface Left {
  readonly latest: Session;
  readonly failure?: Failure;
  /** The session has ended, so the remaining calls in the queue need not ask. */
  readonly ended?: true;
}

interface Failure {
  readonly request: TokenRequest;
  readonly endedAtMs: number;
  /** Returns the outcome of the failed renewal, or throws its error. */
  readonly repeat: () => TokenAcquisition;
}

/** The end of a turn. */
interface Turn {
  readonly left: Left;
  /** Returns the outcome to the turn's own caller, or throws its error. */
  readonly settle: () => TokenAcquisition;
}

export function createRenew(dependencies: RenewDependencies): Renew {
  const { monotonicMs } = dependencies;
  const queues = new Map<string, Promise<Left>>();
  return async (session, request, log) => {
    const key = queueKey(session);
    const queuedAtMs = monotonicMs();
    const waitingFor = queues.get(key);
    if (waitingFor !== undefined && request.current !== undefined) {
      return { kind: 'token', ...request.current, session };
    }
    const previous = waitingFor ?? Promise.resolve<Left>({ latest: session });
    const turn = previous.then((left) => takeTurn(dependencies, left, queuedAtMs, request, log));
    const after = turn.then(({ left }) => left);
    queues.set(key, after);
    const { settle } = await turn;
    // The last in the queue removes it.
    if (queues.get(key) === after) queues.delete(key);
    return settle();
  };
}

/** Never rejects: `settle` throws the error, and the next in the queue sees the failure. */
async function takeTurn(
  dependencies: RenewDependencies,
  previous: Left,
  queuedAtMs: number,
  request: TokenRequest,
  log: Log,
): Promise<Turn> {
  if (previous.ended) return { left: previous, settle: () => ({ kind: 'session-ended' }) };
  const { storedTokens, monotonicMs } = dependencies;
  const { latest, failure } = previous;
  const failed = (session: Session, repeat: () => TokenAcquisition): Turn => ({
    left: { latest: session, failure: { request, endedAtMs: monotonicMs(), repeat } },
    settle: repeat,
  });
  try {
    if (failure !== undefined && failure.endedAtMs >= queuedAtMs && isSameRequest(failure.request, request)) {
      const stored = storedTokens.find(latest, request);
      // An adopted failure keeps its time. Otherwise it would be handed on forever.
      return stored === undefined
        ? { left: previous, settle: failure.repeat }
        : { left: { latest }, settle: () => ({ kind: 'token', ...stored, session: latest }) };
    }
    const end = await renewUnlessRefused(dependencies, latest, request, queuedAtMs, log);
    const settle = () => end.outcome;
    if (end.outcome.kind === 'session-ended') return { left: { latest: end.latest, ended: true }, settle };
    return end.outcome.kind === 'interaction-required'
      ? failed(end.latest, settle)
      : { left: { latest: end.latest }, settle };
  } catch (error) {
    return failed(latest, () => {
      throw error;
    });
  }
}

/** Repeats a remembered refusal, else renews and remembers how that ended. */
async function renewUnlessRefused(
  dependencies: RenewDependencies,
  session: Session,
  request: TokenRequest,
  queuedAtMs: number,
  log: Log,
): Promise<RenewalEnd> {
  const { refusalCheck, pace, monotonicMs } = dependencies;
  const checked = await refusalCheck.find(session, request, queuedAtMs);
  if (checked.kind === 'ended') return checked;
  const { latest } = checked;
  const startedAtMs = monotonicMs();
  try {
    const end = await renewWithOtherWorkers(dependencies, latest, request, queuedAtMs, log);
    if (end.outcome.kind === 'interaction-required') {
      refusalCheck.keep(end.latest, request, end.outcome, startedAtMs);
    }
    return end;
  } catch (error) {
    // This includes temporary failures and our own configuration errors, because a page that loops on them is a
    // loop too.
    if (isUnavailable(error)) pace.refused(latest, request);
    throw error;
  }
}

/** Uses another worker's result if there is one, else redeems the refresh token. */
async function renewWithOtherWorkers(
  dependencies: RenewDependencies,
  session: Session,
  request: TokenRequest,
  queuedAtMs: number,
  log: Log,
): Promise<RenewalEnd> {
  const { pace, pausedSeconds, lease } = dependencies;
  let latest = session;
  for (let attempt = 0; ; attempt++) {
    const found = await lease.awaitResult(latest, request);
    if (found.kind === 'ended') return found;
    if (attempt === ATTEMPTS) throw neverTheLatest();
    // Before the lease: a redemption that is not allowed now is not worth two writes to the row.
    const seconds = pausedSeconds(found.latest);
    if (seconds !== undefined) throw pausedFor(seconds);
    await pace.turn(found.latest, request, queuedAtMs);
    const taken = await lease.take(found.latest, log);
    const step = taken.kind === 'taken' ? await redeemUnderLease(dependencies, taken, request, log) : taken;
    if (step.kind === 'ended') return step;
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
    await lease.fail(held, request, log);
    throw error;
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof BffError && error.code === 'sign_in_service_unavailable';
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

/** The whole address: a cookie with the right keys and a wrong secret does not share the queue. */
function queueKey({ address: { userHash, rowId, secret } }: Session): string {
  return Buffer.concat([userHash, rowId, secret]).toString('base64url');
}
