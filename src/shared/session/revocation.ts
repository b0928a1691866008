import type { Buffer } from 'node:buffer';
import { BffError } from '../errors.ts';
import type { ColumnValue, ListedRow, Row, RowKeys, RowRange, Table } from '../storage/table.ts';
import { bucketRow, SESSION_ROWS, sidPartition, userRowKeys } from './index-rows.ts';
import { listLivingRows } from './list.ts';
import type { SessionMemory } from './memory.ts';
import { isBelievable } from './plausible-instant.ts';

export type SessionEnding =
  | { readonly kind: 'ended' }
  /** There is no such session in this partition. */
  | { readonly kind: 'none' };

/** Every way in which sessions end before their time. On this worker at once, on others when their copy is stale. */
export interface SessionRevocation {
  /** @param sid Entra's name of the session where it is known, so that its index row goes as well */
  remove(session: RowKeys, sid?: string): Promise<void>;
  /** Ends a session of which only the keys are known. */
  endOne(session: RowKeys): Promise<SessionEnding>;
  /** Ends all sessions of a user but one, and every sign-in that began before and is still under way. */
  endAll(userPartition: string, except?: RowKeys): Promise<number>;
  /** Ends the user's least recently used sessions until the limit is met. Returns how many it ended. */
  endOldest(keep: RowKeys): Promise<number>;
  /** Ends the sessions that Entra calls by this `sid`; gives which there were. */
  endBySid(sid: string): Promise<readonly RowKeys[]>;
  /** When all sessions of the user were last ended; undefined when they never were. */
  allEndedAt(userPartition: string): Promise<Date | undefined>;
}

export interface SessionEndingsNeeds {
  readonly table: Table;
  readonly copy: SessionMemory;
  readonly indexKey: Buffer;
  readonly idleSeconds: number;
  /** Maximum number of live sessions per user; unlimited if omitted. */
  readonly maxPerUser?: number | undefined;
  readonly now: () => Date;
}

const LIST_LIMIT = 100;
const LIVING_LIMIT = 1_000;
/**
 * Maximum for one sign-in, which waits for the endings. A user with more sessions from before the limit loses
 * the rest at the next sign-ins.
 */
const ENDED_AT_ONCE = 20;
const MARK_ATTEMPTS = 5;
/** The mark outlives every sign-in that can be under way: a login transaction lasts 15 minutes. */
const MARK_LIFETIME_MS = 60 * 60_000;

export function createSessionRevocation(needs: SessionEndingsNeeds): SessionRevocation {
  const { table, copy, indexKey, maxPerUser, now } = needs;
  const removeSession = async (session: RowKeys, indexPartition: ColumnValue | undefined): Promise<void> => {
    copy.end(session);
    await table.remove(session);
    // Only now: while the session is there its index row must lead to it.
    if (typeof indexPartition !== 'string' || indexPartition === '') return;
    // A hint that leads nowhere does no harm, and goes with the session's bucket.
    await table.remove({ partitionKey: indexPartition, rowKey: session.rowKey }).catch(() => undefined);
  };

  /** A page at a time until none is left: whoever signs in meanwhile began later and may stay. */
  const removeListed = async (
    range: RowRange,
    column: string,
    toSession: ToSession,
    before: (listed: ListedRow) => Promise<unknown> = async () => undefined,
  ): Promise<readonly RowKeys[]> => {
    const removed: RowKeys[] = [];
    for (;;) {
      const listed = await table.list(range, [column], LIST_LIMIT);
      await Promise.all(listed.map(before));
      const targets = listed.flatMap(({ row }) => toSession(row, row.columns[column]) ?? []);
      await Promise.all(targets.map(({ session, indexPartition }) => removeSession(session, indexPartition)));
      removed.push(...targets.map(({ session }) => session));
      if (listed.length < LIST_LIMIT || targets.length === 0) return removed;
    }
  };

  const markEnded = async (userPartition: string): Promise<void> => {
    const keys = userRowKeys(userPartition);
    const endedAt = now();
    const expiresAt = new Date(endedAt.getTime() + MARK_LIFETIME_MS);
    const row = { ...keys, columns: { endedAt, expiresAt } };
    await table.insert(bucketRow(keys, expiresAt));
    for (let attempt = 0; attempt < MARK_ATTEMPTS; attempt++) {
      const found = await table.read(keys);
      if (found.kind === 'missing') {
        if ((await table.insert(row)).kind === 'inserted') return;
        continue;
      }
      const before = found.row.columns['endedAt'];
      if (before instanceof Date && before >= endedAt && isBelievable(before, endedAt)) return;
      if ((await table.replace(row, found.etag)).kind === 'updated') return;
    }
    throw new BffError('storage_unavailable', {
      detail: 'Too many requests ended the sessions of this user at once.',
      retryAfterSeconds: 1,
    });
  };

  return {
    remove: (session, sid) =>
      removeSession(session, sid === undefined ? undefined : sidPartition(indexKey, sid)),

    async endOne(session) {
      const found = await table.read(session, ['sidPartition']);
      // Not marked as ended in the worker's copy: made-up ids would crowd out those that have ended.
      if (found.kind === 'missing') return { kind: 'none' };
      await removeSession(session, found.row.columns['sidPartition']);
      return { kind: 'ended' };
    },

    async endAll(userPartition, except) {
      // First the mark, then the rows: a sign-in that inserts its row behind the listing finds the mark.
      await markEnded(userPartition);
      const range: RowRange = { kind: 'partition', partitionKey: userPartition, ...SESSION_ROWS };
      const removed = await removeListed(range, 'sidPartition', (session, indexPartition) =>
        session.rowKey === except?.rowKey ? undefined : { session, indexPartition },
      );
      return removed.length;
    },

    async endOldest(keep) {
      if (maxPerUser === undefined) return 0;
      const columns = ['lastUsedAt', 'sidPartition'];
      const living = await listLivingRows(needs, keep.partitionKey, columns, LIVING_LIMIT);
      const inOrder = [...living].sort(byLastUse(now()));
      const keptAt = inOrder.findIndex(({ row }) => row.rowKey === keep.rowKey);
      // The session ended meanwhile or is beyond the list, so it is unknown which sessions are older.
      if (keptAt === -1) return 0;
      const tooMany = Math.min(Math.max(0, inOrder.length - maxPerUser), ENDED_AT_ONCE);
      // Only older sessions end, because two simultaneous sign-ins may see each other and must not end each
      // other.
      const oldest = inOrder.slice(0, Math.min(keptAt, tooMany));
      await Promise.all(oldest.map(({ row }) => removeSession(row, row.columns['sidPartition'])));
      return oldest.length;
    },

    async endBySid(sid) {
      const partitionKey = sidPartition(indexKey, sid);
      const range: RowRange = { kind: 'partition', partitionKey, ...SESSION_ROWS };
      return removeListed(
        range,
        'sessionPartition',
        ({ rowKey }, sessionPartition) =>
          typeof sessionPartition === 'string'
            ? { session: { partitionKey: sessionPartition, rowKey }, indexPartition: partitionKey }
            : undefined,
        // A sign-in that inserts its session behind the deletion finds this, or no index row at all.
        ({ row, etag }) => table.merge({ ...row, columns: { ended: true } }, etag),
      );
    },

    async allEndedAt(userPartition) {
      const found = await table.read(userRowKeys(userPartition));
      const endedAt = found.kind === 'found' ? found.row.columns['endedAt'] : undefined;
      return endedAt instanceof Date && isBelievable(endedAt, now()) ? endedAt : undefined;
    },
  };
}

/** Sessions with the same instant also have an order, which is the same on every worker. */
function byLastUse(now: Date) {
  const lastUseOf = ({ columns: { lastUsedAt } }: Row) =>
    lastUsedAt instanceof Date && isBelievable(lastUsedAt, now) ? lastUsedAt.getTime() : 0;
  return ({ row: left }: ListedRow, { row: right }: ListedRow): number =>
    lastUseOf(left) - lastUseOf(right) || (left.rowKey < right.rowKey ? -1 : 1);
}

type ToSession = (
  listed: RowKeys,
  column: ColumnValue | undefined,
) => { readonly session: RowKeys; readonly indexPartition: ColumnValue | undefined } | undefined;
