import { BffError } from '../errors.ts';
import type { Session, SessionStore } from '../session/store.ts';
import type { RedemptionPace } from './redemption-pace.ts';
import type { Refusals } from './refusals.ts';
import type { LeasedRefresh } from './renewal-lease.ts';

export interface RememberedRefreshNeeds {
  readonly refresh: LeasedRefresh;
  readonly refusals: Refusals;
  readonly pace: Pick<RedemptionPace, 'refused'>;
  readonly store: Pick<SessionStore, 'refetch'>;
  readonly monotonicMs: () => number;
}

/**
 * Skips a refresh that was refused a short time ago. It reads the row first, so that consent given through
 * another worker counts at once.
 */
export function createRememberedRefresh(needs: RememberedRefreshNeeds): LeasedRefresh {
  const { refresh, refusals, pace, store, monotonicMs } = needs;
  /**
   * When the table was last known to hold this state. Of many calls that arrived before that time, only one
   * reads the row.
   */
  const lookedAtMs = new WeakMap<Session, number>();

  return async (session, wish, log, askedAtMs) => {
    let current = session;
    const known = refusals.find(session, wish);
    if (known !== undefined) {
      const looked = await look(session, askedAtMs);
      if (looked === undefined) return { latest: session, outcome: { kind: 'session-ended' } };
      const still = refusals.find(looked, wish);
      if (still !== undefined) return { latest: looked, outcome: still };
      current = looked;
    }
    const startedAtMs = monotonicMs();
    const end = await refresh(current, wish, log, askedAtMs).catch((error: unknown) => {
      // This includes temporary failures and our own configuration errors, because a page that loops on them is
      // a loop too.
      if (isUnavailable(error)) pace.refused(current, wish);
      throw error;
    });
    if (end.outcome.kind === 'interaction-required') {
      refusals.keep(end.latest, wish, end.outcome);
      lookedAtMs.set(end.latest, startedAtMs);
    }
    return end;
  };

  /** Returns undefined if the row is gone. If the table does not answer, the session is returned unchanged. */
  async function look(session: Session, askedAtMs: number): Promise<Session | undefined> {
    const lookedAt = lookedAtMs.get(session);
    if (lookedAt !== undefined && lookedAt >= askedAtMs) return session;
    const startedAtMs = monotonicMs();
    try {
      const found = await store.refetch(session);
      if (found.kind === 'gone') return undefined;
      lookedAtMs.set(found.session, startedAtMs);
      return found.session;
    } catch (error) {
      if (error instanceof BffError && error.code === 'storage_unavailable') return session;
      throw error;
    }
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof BffError && error.code === 'sign_in_service_unavailable';
}
