import type { Buffer } from 'node:buffer';
import type { ColumnValue, ListedRow, RowKeys, RowRange, Table } from '../storage/table.ts';
import { sidPartition } from './index-rows.ts';
import { SESSION_ROWS } from './locator.ts';
import type { SessionMemory } from './memory.ts';
import type { Tombstones } from './tombstones.ts';
import { leastRecentlyUsed } from './user-limit.ts';
import { listUserSessions } from './user-rows.ts';

export type EndSessionResult =
  | { readonly kind: 'ended' }
  /** The row does not exist. */
  | { readonly kind: 'none' };

/**
 * Every way in which sessions end before their limits. On this worker they end immediately. On other workers they end when
 * the cached session is no longer fresh.
 * @throws {BffError} storage_unavailable, from every operation
 */
export interface SessionRevocation {
  /** Ends one session. @param sid Entra ID's `sid` of the session, if known, so that its index row is removed too */
  remove(session: RowKeys, sid?: string): Promise<void>;
  /** Ends a session of which only the row keys are known. The row key may come from a client. */
  endOne(session: RowKeys): Promise<EndSessionResult>;
  /**
   * Ends all sessions of a user except `except`. A sign-in that is in progress will not create a session.
   * @returns how many sessions ended
   */
  endAll(userPartition: string, except?: RowKeys): Promise<number>;
  /**
   * Ends the user's least recently used sessions beyond the limit per user.
   * @param listed the user's live sessions, listed after `keep` was inserted. Default: they are listed now
   * @returns how many sessions ended
   */
  endLeastRecentlyUsed(keep: RowKeys, listed?: readonly ListedRow[]): Promise<number>;
  /** Ends the sessions with this `sid` of Entra ID. @returns the sessions that ended */
  endBySid(sid: string): Promise<readonly RowKeys[]>;
}

export interface SessionRevocationDependencies {
  readonly table: Table;
  readonly memory: SessionMemory;
  readonly tombstones: Tombstones;
  readonly indexKey: Buffer;
  readonly idleSeconds: number;
  /** Maximum number of live sessions per user; unlimited if omitted. */
  readonly maxPerUser?: number | undefined;
  readonly now: () => Date;
}

const PAGE_SIZE = 100;

export function createSessionRevocation(dependencies: SessionRevocationDependencies): SessionRevocation {
  const { table, tombstones, indexKey, maxPerUser = Number.POSITIVE_INFINITY, now } = dependencies;
  return {
    remove: (session, sid) =>
      removeSession(dependencies, session, sid === undefined ? undefined : sidPartition(indexKey, sid)),

    async endOne(session) {
      const found = await table.read(session, ['sidPartition']);
      // Not marked as ended in memory, because marks for invented ids would displace those of sessions that did end.
      if (found.kind === 'missing') return { kind: 'none' };
      await removeSession(dependencies, session, found.row.columns['sidPartition']);
      return { kind: 'ended' };
    },

    async endAll(userPartition, except) {
      // The tombstone comes first. If a sign-in inserts its row after the listing, it therefore finds the tombstone.
      await tombstones.write(userPartition);
      const range: RowRange = { kind: 'partition', partitionKey: userPartition, ...SESSION_ROWS };
      const removed = await removeListed(dependencies, range, {
        column: 'sidPartition',
        toTarget: (session, indexPartition) =>
          session.rowKey === except?.rowKey ? undefined : { session, indexPartition },
      });
      return removed.length;
    },

    async endLeastRecentlyUsed(keep, listed) {
      const live = listed ?? (await listUserSessions(dependencies, keep.partitionKey));
      const oldest = leastRecentlyUsed(live, keep, maxPerUser, now());
      await Promise.all(
        oldest.map(({ row }) => removeSession(dependencies, row, row.columns['sidPartition'])),
      );
      return oldest.length;
    },

    async endBySid(sid) {
      const partitionKey = sidPartition(indexKey, sid);
      return removeListed(
        dependencies,
        { kind: 'partition', partitionKey, ...SESSION_ROWS },
        {
          column: 'sessionPartition',
          toTarget: ({ rowKey }, sessionPartition) =>
            typeof sessionPartition === 'string'
              ? { session: { partitionKey: sessionPartition, rowKey }, indexPartition: partitionKey }
              : undefined,
          // If a sign-in inserts its session's row after the removal, it finds `ended` in the index row, or no index row.
          beforeRemoval: ({ row, etag }) => table.merge({ ...row, columns: { ended: true } }, etag),
        },
      );
    },
  };
}

async function removeSession(
  { table, memory }: SessionRevocationDependencies,
  { partitionKey, rowKey }: RowKeys,
  indexPartition: ColumnValue | undefined,
): Promise<void> {
  memory.markEnded({ partitionKey, rowKey });
  await table.remove({ partitionKey, rowKey });
  // The index row is removed after the session's row: while the session exists, its index row must lead to it.
  if (typeof indexPartition !== 'string' || indexPartition === '') return;
  // An index row without its session is harmless. The sweep removes it.
  await table.remove({ partitionKey: indexPartition, rowKey }).catch(() => undefined);
}

interface Removal {
  /** The column to read for {@link toTarget}. */
  readonly column: string;
  /** @returns undefined for a row whose session stays */
  readonly toTarget: (
    listed: RowKeys,
    value: ColumnValue | undefined,
  ) => { readonly session: RowKeys; readonly indexPartition: ColumnValue | undefined } | undefined;
  readonly beforeRemoval?: (listed: ListedRow) => Promise<unknown>;
}

/** Removes sessions page by page until the range has no more. A session that is created meanwhile may stay. */
async function removeListed(
  dependencies: SessionRevocationDependencies,
  range: RowRange,
  { column, toTarget, beforeRemoval = async () => undefined }: Removal,
): Promise<readonly RowKeys[]> {
  const removed: RowKeys[] = [];
  for (;;) {
    const listed = await dependencies.table.list(range, [column], PAGE_SIZE);
    await Promise.all(listed.map(beforeRemoval));
    const targets = listed.flatMap(({ row }) => toTarget(row, row.columns[column]) ?? []);
    await Promise.all(
      targets.map(({ session, indexPartition }) => removeSession(dependencies, session, indexPartition)),
    );
    removed.push(...targets.map(({ session }) => session));
    if (listed.length < PAGE_SIZE || targets.length === 0) return removed;
  }
}
