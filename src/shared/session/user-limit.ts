import type { ListedRow, Row, RowKeys } from '../storage/table.ts';
import { type LiveRowsDependencies, listLiveRows } from './list.ts';
import { isPlausible } from './plausible-instant.ts';

const LIST_LIMIT = 1_000;
/**
 * Maximum for one sign-in, which waits for the endings. A user with more sessions from before the limit loses
 * the rest at the next sign-ins.
 */
const MAX_ENDED = 20;

/** The live sessions of a user that exceed the limit, without `keep`: the least recently used ones, 20 at most. */
export async function leastRecentlyUsed(
  dependencies: LiveRowsDependencies,
  keep: RowKeys,
  maxPerUser: number,
): Promise<readonly ListedRow[]> {
  const columns = ['lastUsedAt', 'sidPartition'];
  const live = await listLiveRows(dependencies, keep.partitionKey, columns, LIST_LIMIT);
  const inOrder = [...live].sort(byLastUse(dependencies.now()));
  const keepAt = inOrder.findIndex(({ row }) => row.rowKey === keep.rowKey);
  // The session has ended meanwhile or lies beyond the list, so it is unknown which sessions are older.
  if (keepAt === -1) return [];
  const excess = Math.min(Math.max(0, inOrder.length - maxPerUser), MAX_ENDED);
  // Only older sessions end. Two simultaneous sign-ins may see each other and must not end each other.
  return inOrder.slice(0, Math.min(keepAt, excess));
}

/** Sessions with the same instant are ordered by key, so that the order is the same on every worker. */
function byLastUse(now: Date) {
  const lastUseOf = ({ columns: { lastUsedAt } }: Row) =>
    lastUsedAt instanceof Date && isPlausible(lastUsedAt, now) ? lastUsedAt.getTime() : 0;
  return ({ row: left }: ListedRow, { row: right }: ListedRow): number =>
    lastUseOf(left) - lastUseOf(right) || (left.rowKey < right.rowKey ? -1 : 1);
}
