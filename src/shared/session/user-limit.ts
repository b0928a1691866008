import type { ListedRow, Row, RowKeys } from '../storage/table.ts';
import { isPlausible } from './plausible-instant.ts';

/**
 * The most sessions that one sign-in ends, because the sign-in waits for their removal. If more are beyond the
 * limit, for example after `SESSION_MAX_PER_USER` was lowered, the next sign-ins end the rest.
 */
const MAX_ENDED = 20;

/** The least recently used of a user's live sessions beyond `maxPerUser`, at most 20, and never `keep`. */
export function leastRecentlyUsed(
  live: readonly ListedRow[],
  keep: RowKeys,
  maxPerUser: number,
  now: Date,
): readonly ListedRow[] {
  const inOrder = [...live].sort(byLastUse(now));
  const keepIndex = inOrder.findIndex(({ row }) => row.rowKey === keep.rowKey);
  // `keep` has ended meanwhile or is beyond the list's limit, so it is unknown which sessions are older.
  if (keepIndex === -1) return [];
  const excess = Math.min(Math.max(0, inOrder.length - maxPerUser), MAX_ENDED);
  // Only sessions that were used before `keep` end, so that two simultaneous sign-ins do not end each other's session.
  return inOrder.slice(0, Math.min(keepIndex, excess));
}

/**
 * Sessions with the same instant are sorted by row key, so that every worker has the same order. Sessions whose
 * `lastUsedAt` is implausible are first.
 */
function byLastUse(now: Date) {
  const lastUseOf = ({ columns: { lastUsedAt } }: Row) =>
    lastUsedAt instanceof Date && isPlausible(lastUsedAt, now) ? lastUsedAt.getTime() : 0;
  return ({ row: left }: ListedRow, { row: right }: ListedRow): number =>
    lastUseOf(left) - lastUseOf(right) || (left.rowKey < right.rowKey ? -1 : 1);
}
