import type { Buffer } from 'node:buffer';
import type { RandomBytes } from '../crypto/seal.ts';
import type { Table } from '../storage/table.ts';
import type { SessionContent } from './facts.ts';
import { sessionRowKeys } from './locator.ts';
import type { SessionMemory } from './memory.ts';
import type { RowState, SessionRowCodec } from './row.ts';
import { type Session, type SessionOpener, sessionTooNew } from './session.ts';
import { type CurrentSessionResult, createSessionWriter, type WriteSessionResult } from './writing.ts';

export type AcquireLeaseResult =
  | { readonly kind: 'acquired'; readonly session: Session }
  /** Another request has written the row since the session was read. Read it again. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'gone' };

/**
 * Every change of an existing session. Each one replaces the version that was read, and none inserts a row. A request in
 * progress can therefore not restore a session that was deleted.
 * @throws {BffError} storage_unavailable, from every operation
 */
export interface SessionUpdates {
  /**
   * Writes the content. If other requests have written since the session was read, merges their changes.
   * @param leaseIdToRelease the id of this worker's own lease, which ends with this write
   */
  write(session: Session, content: SessionContent, leaseIdToRelease?: string): Promise<WriteSessionResult>;
  /** Reads the session's current row from the table. */
  refetch(session: Session): Promise<CurrentSessionResult>;
  /** Acquires the renewal lease if the row has not changed since it was read. */
  acquireLease(session: Session, leaseId: string): Promise<AcquireLeaseResult>;
  /**
   * Extends the idle limit, but writes at most once per twelfth of the idle time.
   * @returns the session with which to continue, unless its row is gone
   */
  extend(session: Session): Promise<CurrentSessionResult>;
}

export interface SessionUpdatesDependencies {
  readonly table: Table;
  readonly rows: SessionRowCodec;
  readonly opener: SessionOpener;
  readonly memory: SessionMemory;
  readonly indexKey: Buffer;
  readonly idleSeconds: number;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
  readonly random: RandomBytes;
  /** Waits between two attempts of a write. */
  readonly wait?: (durationMs: number) => Promise<void>;
}

export function createSessionUpdates(dependencies: SessionUpdatesDependencies): SessionUpdates {
  const { table, opener, memory, idleSeconds, now, monotonicMs } = dependencies;

  const remember = (session: Session, requestedAtMs: number): Session => {
    memory.update(sessionRowKeys(session.locator), { session, requestedAtMs });
    return session;
  };
  const markGone = ({ locator }: Session) => {
    memory.markEnded(sessionRowKeys(locator));
    return { kind: 'gone' } as const;
  };
  const refetch = async (session: Session): Promise<CurrentSessionResult> => {
    const { locator } = session;
    const requestedAtMs = monotonicMs();
    const found = await table.read(sessionRowKeys(locator));
    if (found.kind === 'missing') return markGone(session);
    const opened = opener.open(locator, found);
    if (opened.kind === 'newer') throw sessionTooNew();
    if (opened.kind !== 'opened') return { kind: 'gone' };
    return { kind: 'found', session: remember(opened.session, requestedAtMs) };
  };

  return {
    write: createSessionWriter({ ...dependencies, remember, markGone, refetch }),
    refetch,

    async acquireLease(session, leaseId) {
      const { locator, etag } = session;
      const generation = session.generation + 1;
      const row = { ...sessionRowKeys(locator), columns: { leaseId, generation } };
      const requestedAtMs = monotonicMs();
      const updated = await table.merge(row, etag);
      if (updated.kind === 'missing') return markGone(session);
      if (updated.kind === 'changed') return { kind: 'changed' };
      const state: RowState = { ...session, leaseId, generation };
      const held = opener.toSession(locator, session, state, updated.etag);
      return { kind: 'acquired', session: remember(held, requestedAtMs) };
    },

    async extend(session) {
      const { locator, etag, lastUsedAt } = session;
      const usedAt = now();
      const isRecent = usedAt.getTime() - lastUsedAt.getTime() < (idleSeconds * 1000) / 12;
      if (isRecent) return { kind: 'found', session };
      const row = { ...sessionRowKeys(locator), columns: { lastUsedAt: usedAt } };
      const requestedAtMs = monotonicMs();
      const updated = await table.merge(row, etag);
      if (updated.kind === 'missing') return markGone(session);
      // Another request has written the row in between, and usually extended the idle limit. If not, a later call does.
      if (updated.kind === 'changed') return { kind: 'found', session };
      const state: RowState = { ...session, lastUsedAt: usedAt };
      const extended = opener.toSession(locator, session, state, updated.etag);
      return { kind: 'found', session: remember(extended, requestedAtMs) };
    },
  };
}
