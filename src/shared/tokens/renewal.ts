import { Buffer } from 'node:buffer';
import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { SilentAttempt, TokenAcquisition } from './msal-silent.ts';
import type { LeasedRefresh } from './renewal-lease.ts';
import { isSameWish, type TokenWish } from './token-request.ts';

/**
 * One refresh of a session at a time in this worker. Each in turn starts from what the one before it left, without
 * another read; whoever waited while a refresh failed adopts its failure instead of asking Entra the same again.
 * @throws {BffError} sign_in_service_unavailable, storage_unavailable, rate_limited
 */
export type RefreshInTurn = (session: Session, wish: TokenWish, log: Log) => Promise<TokenAcquisition>;

export interface RefreshQueueNeeds {
  readonly attempt: SilentAttempt;
  readonly refresh: LeasedRefresh;
  readonly monotonicMs: () => number;
}

/** What one turn leaves for the next. */
interface Left {
  readonly latest: Session;
  readonly failure?: Failure;
  /** The session is over: whoever is still in the queue need not ask. */
  readonly ended?: true;
}

interface Failure {
  readonly wish: TokenWish;
  readonly endedAtMs: number;
  /** The failed refresh's end: an outcome, or the error it threw. */
  readonly repeat: () => TokenAcquisition;
}

/** A turn's end: what it leaves, and how its own caller is answered. */
interface Turn {
  readonly left: Left;
  readonly settle: () => TokenAcquisition;
}

export function createRefreshQueue({ attempt, refresh, monotonicMs }: RefreshQueueNeeds): RefreshInTurn {
  const queues = new Map<string, Promise<Left>>();

  return async (session, wish, log) => {
    const key = queueKey(session);
    const queuedAtMs = monotonicMs();
    const before = queues.get(key) ?? Promise.resolve<Left>({ latest: session });
    const turn = before.then((left) => takeTurn(left, queuedAtMs, wish, log));
    const after = turn.then(({ left }) => left);
    queues.set(key, after);
    const { settle } = await turn;
    // The last in the queue clears it away.
    if (queues.get(key) === after) queues.delete(key);
    return settle();
  };

  /** Never rejects: what goes wrong is for `settle` to throw, and for the next in the queue to know. */
  async function takeTurn(before: Left, queuedAtMs: number, wish: TokenWish, log: Log): Promise<Turn> {
    const { latest, failure } = before;
    const failed = (session: Session, repeat: () => TokenAcquisition): Turn => ({
      left: { latest: session, failure: { wish, endedAtMs: monotonicMs(), repeat } },
      settle: repeat,
    });
    if (before.ended) return { left: before, settle: () => ({ kind: 'session-ended' }) };
    try {
      if (failure !== undefined && failure.endedAtMs >= queuedAtMs && isSameWish(failure.wish, wish)) {
        const cached = await attempt(latest, wish, log);
        // An adopted failure keeps the time at which it was new: else it would be handed on for ever.
        return cached.kind === 'refresh-needed'
          ? { left: before, settle: failure.repeat }
          : { left: { latest }, settle: () => cached };
      }
      const end = await refresh(latest, wish, log, queuedAtMs);
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
}

/** The whole address: a cookie with the right keys and a wrong secret waits in nobody's queue. */
function queueKey({ address: { userHash, rowId, secret } }: Session): string {
  return Buffer.concat([userHash, rowId, secret]).toString('base64url');
}
