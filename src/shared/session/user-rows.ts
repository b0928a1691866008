import type { ListedRow } from '../storage/table.ts';
import { type LiveRowsDependencies, liveRows } from './list.ts';
import { SESSION_ROWS } from './locator.ts';
import { TOMBSTONE_KEY, type Tombstones } from './tombstones.ts';

/** What a sign-in finds in its user's partition after it has inserted its session's row. */
export interface UserRows {
  /** When all sessions of the user were last ended. */
  readonly allEndedAt: Date | undefined;
  /** The live sessions. Undefined if the table did not list them in time. */
  readonly sessions: readonly ListedRow[] | undefined;
}

export interface UserRowsDependencies extends LiveRowsDependencies {
  readonly tombstones: Tombstones;
}

/** Sessions are selected by the first column, and the second one leads to the index row that is removed with them. */
const SESSION_COLUMNS = ['lastUsedAt', 'sidPartition'] as const;
/** Bounds the cost of a partition that an attacker has filled. */
const LIST_LIMIT = 1_000;
/** A query of a partition with many expired rows may be slow. The tombstone alone is read quickly. */
const QUERY_DEADLINE_MS = 500;

/** Lists the user's live sessions, at most 1,000, with the columns that are needed to end them. */
export function listUserSessions(
  dependencies: LiveRowsDependencies,
  partitionKey: string,
): Promise<readonly ListedRow[]> {
  return dependencies.table.list(liveRows(partitionKey, dependencies), SESSION_COLUMNS, LIST_LIMIT);
}

/**
 * Reads the user's tombstone and live sessions in one query. If the query fails, or its result may lack the tombstone, the
 * tombstone is read by its key.
 * @throws {BffError} storage_unavailable
 */
export async function readUserRows(
  dependencies: UserRowsDependencies,
  partitionKey: string,
): Promise<UserRows> {
  const { table, tombstones } = dependencies;
  const range = {
    ...liveRows(partitionKey, dependencies),
    rowsBefore: `${TOMBSTONE_KEY}.`,
    exemptRow: TOMBSTONE_KEY,
  };
  const columns = [...SESSION_COLUMNS, 'endedAt'];
  const listed = await table.list(range, columns, LIST_LIMIT, QUERY_DEADLINE_MS).catch(() => undefined);
  const tombstone = listed?.find(({ row }) => row.rowKey === TOMBSTONE_KEY);
  const isComplete = listed !== undefined && listed.length < LIST_LIMIT;
  return {
    allEndedAt:
      tombstone === undefined && !isComplete
        ? await tombstones.endedAt(partitionKey)
        : tombstones.endedAtOf(tombstone?.row),
    // Without rows between those of sessions and the tombstone, which only an attacker could have inserted.
    sessions: listed?.filter(({ row }) => row.rowKey < SESSION_ROWS.rowsBefore),
  };
}
