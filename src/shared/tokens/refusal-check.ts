import { BffError } from '../errors.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/store.ts';
import type { Refusals } from './refusals.ts';
import type { RenewalStep } from './renewal-lease.ts';
import type { Refusal, TokenRequest } from './token-request.ts';

/**
 * Looks for a remembered refusal before a renewal. Before the refusal is returned again, the row is read, because the user
 * may have consented through another worker since.
 */
export interface RefusalCheck {
  /**
   * @param arrivedAtMs when the call arrived, in this worker's monotonic time
   * @returns the end of the renewal if a refusal applies or the row is gone, otherwise the latest state
   * @throws {BffError} registration_invalid, if that was the refusal
   */
  find(session: Session, request: TokenRequest, arrivedAtMs: number): Promise<RenewalStep>;
  /**
   * @param latest the state after the refusal
   * @param startedAtMs when the refused renewal began, if `latest` was read later. For calls that arrived before
   * `startedAtMs` the row is then not read again.
   */
  remember(latest: Session, request: TokenRequest, refusal: Refusal, startedAtMs?: number): void;
}

export interface RefusalCheckDependencies {
  readonly refusals: Pick<Refusals, 'find' | 'remember'>;
  readonly store: Pick<SessionStore, 'refetch'>;
  readonly monotonicMs: () => number;
}

export function createRefusalCheck({ refusals, store, monotonicMs }: RefusalCheckDependencies): RefusalCheck {
  /** When the last read of this state was sent. For calls that arrived before that, the row is not read again. */
  const readAtMs = new WeakMap<Session, number>();

  /** @returns undefined if the row is gone; the session unchanged if the row cannot be read at the moment */
  const refetch = async (session: Session, arrivedAtMs: number): Promise<Session | undefined> => {
    const lastReadAtMs = readAtMs.get(session);
    if (lastReadAtMs !== undefined && lastReadAtMs >= arrivedAtMs) return session;
    const startedAtMs = monotonicMs();
    try {
      const found = await store.refetch(session);
      if (found.kind === 'gone') return undefined;
      readAtMs.set(found.session, startedAtMs);
      return found.session;
    } catch (error) {
      if (error instanceof BffError && error.code === 'storage_unavailable') return session;
      throw error;
    }
  };

  return {
    async find(session, request, arrivedAtMs) {
      if (refusals.find(session, request) === undefined) return { kind: 'continue', latest: session };
      const latest = await refetch(session, arrivedAtMs);
      if (latest === undefined)
        return { kind: 'settled', latest: session, outcome: { kind: 'session-ended' } };
      const refusal = refusals.find(latest, request);
      if (refusal === undefined) return { kind: 'continue', latest };
      if (refusal.kind === 'registration-invalid') throw refusal.error;
      return { kind: 'settled', latest, outcome: refusal };
    },
    remember(latest, request, refusal, startedAtMs) {
      refusals.remember(latest, request, refusal);
      if (startedAtMs !== undefined) readAtMs.set(latest, startedAtMs);
    },
  };
}
