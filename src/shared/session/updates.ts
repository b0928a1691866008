import type { Buffer } from 'node:buffer';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { RandomBytes } from '../crypto/seal.ts';
import { BffError } from '../errors.ts';
import type { Row, Table } from '../storage/table.ts';
import type { SessionContent } from './facts.ts';
import { sidPartition, sidRow } from './index-rows.ts';
import type { SessionMemory } from './memory.ts';
import { mergeContent } from './merge.ts';
import type { RowState, SessionRowCodec } from './row.ts';
import { newerThanThisWorker, type Session, type SessionOpener } from './session.ts';

export type SessionRefetch =
  | { readonly kind: 'found'; readonly session: Session }
  | { readonly kind: 'gone' };

export type LeaseTaking =
  | { readonly kind: 'taken'; readonly session: Session }
  /** Somebody wrote since the session was read: look again. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'gone' };

export type SessionWrite =
  | { readonly kind: 'written'; readonly session: Session }
  /** Deleted meanwhile: deletion wins, nothing was written. */
  | { readonly kind: 'gone' };

/**
 * Every write to a session that is there. Each is held against the version that was read and none creates a row, so
 * that a deletion wins over whatever is in flight.
 * @throws {BffError} storage_unavailable, from every operation
 */
export interface SessionUpdates {
  /** @param releasing the writer's own lease, which ends with this write */
  write(session: Session, content: SessionContent, releasing?: string): Promise<SessionWrite>;
  /** The session as it stands in the table now. */
  refetch(session: Session): Promise<SessionRefetch>;
  /** Takes the right to redeem the refresh token, if the row is still as it was read. */
  takeLease(session: Session, leaseId: string): Promise<LeaseTaking>;
  /** Records use, at most once per twelfth of the idle time. The session to go on with is the one returned. */
  extend(session: Session): Promise<SessionRefetch>;
}

export interface SessionUpdatesNeeds {
  readonly table: Table;
  readonly rows: SessionRowCodec;
  readonly opener: SessionOpener;
  readonly copy: SessionMemory;
  readonly indexKey: Buffer;
  readonly idleSeconds: number;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
  readonly random: RandomBytes;
  /** Between two tries of a write that met another. */
  readonly wait?: (durationMs: number) => Promise<void>;
}

const WRITE_ATTEMPTS = 5;
const JITTER_MS = 20;

export function createSessionUpdates(needs: SessionUpdatesNeeds): SessionUpdates {
  const { table, rows, opener, copy, indexKey, idleSeconds, now, monotonicMs, random } = needs;
  const { wait = setTimeout } = needs;

  const written = (session: Session, requestedAtMs: number): Session => {
    copy.update(rows.keysOf(session.address), { session, requestedAtMs });
    return session;
  };

  /** Somebody deleted the row: this worker serves the session no more either. */
  const gone = ({ address }: Pick<Session, 'address'>) => {
    copy.end(rows.keysOf(address));
    return { kind: 'gone' } as const;
  };

  const refetch = async ({ address }: Session): Promise<SessionRefetch> => {
    const requestedAtMs = monotonicMs();
    const found = await table.read(rows.keysOf(address));
    if (found.kind === 'missing') return gone({ address });
    const opening = opener.open(address, found);
    if (opening.kind === 'newer') throw newerThanThisWorker();
    if (opening.kind !== 'opened') return { kind: 'gone' };
    return { kind: 'found', session: written(opening.session, requestedAtMs) };
  };

  const indexRowOf = ({ address }: Session, { facts }: SessionContent): Row | undefined => {
    const { entraSessionId: sid } = facts.claims;
    return sid === undefined ? undefined : sidRow(sidPartition(indexKey, sid), rows.keysOf(address));
  };
  const forget = async (indexRow: Row | undefined): Promise<void> => {
    if (indexRow !== undefined) await table.remove(indexRow).catch(() => undefined);
  };

  return {
    async write(session, content, releasing) {
      let base = session;
      let ours = content;
      for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
        const releases = releasing !== undefined && base.leaseId === releasing;
        if (isSameContent(base, ours) && !releases) return { kind: 'written', session: base };
        // A lease of somebody else stays: only its holder ends it, or its time.
        const state = releases ? withoutLease(base) : base;
        // Entra may call its session by another name after a renewal: that leads here before the row says it.
        const [indexRow, before] = [indexRowOf(base, ours), indexRowOf(base, base)];
        // If Entra ID sends no `sid`, the previous one stays. The session it led to has not ended.
        const isRenamed = indexRow !== undefined && indexRow.partitionKey !== before?.partitionKey;
        if (isRenamed) await table.insert(indexRow);
        const requestedAtMs = monotonicMs();
        const updated = await table.replace(rows.toRow(base.address, ours, state), base.etag);
        if (updated.kind === 'updated') {
          if (isRenamed) await forget(before);
          const session = opener.toSession(base.address, ours, state, updated.etag);
          return { kind: 'written', session: written(session, requestedAtMs) };
        }
        if (updated.kind === 'missing') {
          if (isRenamed) await forget(indexRow);
          return gone(base);
        }
        await wait(random(1).readUInt8(0) % JITTER_MS);
        const theirs = await refetch(base);
        if (theirs.kind === 'gone') return { kind: 'gone' };
        ours = mergeContent(base, ours, theirs.session);
        base = theirs.session;
      }
      throw new BffError('storage_unavailable', {
        detail: 'Too many requests wrote to this session at once.',
        retryAfterSeconds: 1,
      });
    },

    refetch,

    async takeLease(session, leaseId) {
      const state: RowState = { ...session, leaseId, generation: session.generation + 1 };
      const { generation } = state;
      const row = { ...rows.keysOf(session.address), columns: { leaseId, generation } };
      const requestedAtMs = monotonicMs();
      const updated = await table.merge(row, session.etag);
      if (updated.kind === 'missing') return gone(session);
      if (updated.kind === 'changed') return { kind: 'changed' };
      const held = opener.toSession(session.address, session, state, updated.etag);
      return { kind: 'taken', session: written(held, requestedAtMs) };
    },

    async extend(session) {
      const usedAt = now();
      if (usedAt.getTime() - session.lastUsedAt.getTime() < (idleSeconds * 1000) / 12) {
        return { kind: 'found', session };
      }
      const row = { ...rows.keysOf(session.address), columns: { lastUsedAt: usedAt } };
      const requestedAtMs = monotonicMs();
      const updated = await table.merge(row, session.etag);
      // Whoever wrote in between used the session as well: a lost race needs no second try.
      if (updated.kind === 'missing') return gone(session);
      if (updated.kind === 'changed') return { kind: 'found', session };
      const state = { ...session, lastUsedAt: usedAt };
      const used = opener.toSession(session.address, session, state, updated.etag);
      return { kind: 'found', session: written(used, requestedAtMs) };
    },
  };
}

function isSameContent(left: SessionContent, right: SessionContent): boolean {
  return (
    left.msalCache === right.msalCache &&
    left.tokenGeneration === right.tokenGeneration &&
    isDeepStrictEqual(left.facts, right.facts) &&
    isDeepStrictEqual(left.refreshFailure, right.refreshFailure)
  );
}

function withoutLease({ lastUsedAt, generation }: RowState): RowState {
  return { lastUsedAt, generation };
}
