import { BffError } from '../errors.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/store.ts';
import type { Refusals } from './refusals.ts';
import type { RenewalStep } from './renewal-lease.ts';
import type { InteractionRequired, TokenRequest } from './token-request.ts';

/**
 * Looks for a remembered refusal before a renewal. Before it repeats the refusal, it reads the row: the user may have
 * consented through another worker since.
 */
export interface RefusalCheck {
  /**
   * @param arrivedAtMs when the call arrived, in this worker's monotonic time
   * @throws {BffError} storage_unavailable if the row belongs to a newer version of the service
   */
  find(session: Session, request: TokenRequest, arrivedAtMs: number): Promise<RenewalStep>;
  /** @param startedAtMs when the refused renewal began. At that time the table held the state in `latest` or an older one. */
  remember(latest: Session, request: TokenRequest, refusal: InteractionRequired, startedAtMs: number): void;
}

export interface RefusalCheckDependencies {
  readonly refusals: Pick<Refusals, 'find' | 'remember'>;
  readonly store: Pick<SessionStore, 'refetch'>;
  readonly monotonicMs: () => number;
}

export function createRefusalCheck({ refusals, store, monotonicMs }: RefusalCheckDependencies): RefusalCheck {
  /** When the table last held this state. Of the calls that arrived before that, only one reads the row. */
  const readAtMs = new WeakMap<Session, number>();

  /** Undefined if the row is gone. If the table does not respond, the session is returned unchanged. */
  const readAgain = async (session: Session, arrivedAtMs: number): Promise<Session | undefined> => {
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
      const latest = await readAgain(session, arrivedAtMs);
      if (latest === undefined) return { kind: 'ended', latest: session, outcome: { kind: 'session-ended' } };
      const refusal = refusals.find(latest, request);
      return refusal === undefined
        ? { kind: 'continue', latest }
        : { kind: 'ended', latest, outcome: refusal };
    },
    remember(latest, request, refusal, startedAtMs) {
      refusals.remember(latest, request, refusal);
      readAtMs.set(latest, startedAtMs);
    },
  };
}
