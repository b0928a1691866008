import type {
  ListedRow,
  Row,
  RowKeys,
  RowRange,
  TableInsert,
  TableRead,
  TableRemoval,
  TableUpdate,
} from '../../../src/shared/storage/table.ts';
import { isInRange } from '../../support/memory-table.ts';

/** One accepted write. */
export interface Version {
  readonly row: Row;
  readonly etag: string;
}

/**
 * The table as the service maintains it: every operation happens at the moment it is applied. The network chooses when
 * that is, and when the response arrives.
 */
export interface SimulatedTable {
  read(keys: RowKeys): TableRead;
  insert(row: Row): TableInsert;
  replace(row: Row, etag: string): TableUpdate;
  merge(row: Row, etag: string): TableUpdate;
  remove(keys: RowKeys): void;
  removeUnchanged(keys: RowKeys, etag: string): TableRemoval;
  list(range: RowRange, limit: number): readonly ListedRow[];
  /** All current rows. */
  versions(): readonly Version[];
  /** Deleted session rows, with the time of the deletion. */
  readonly removedAtMs: ReadonlyMap<string, number>;
  /** Rows that a listing has returned. */
  readonly listed: ReadonlySet<string>;
}

/** Whether a row is the session's row, not an index row. */
export const isSessionRow = ({ partitionKey, rowKey }: RowKeys): boolean =>
  partitionKey.startsWith('user-') && rowKey.startsWith('session-');

export const keyOf = ({ partitionKey, rowKey }: RowKeys): string => `${partitionKey}/${rowKey}`;

/**
 * @param before the initial rows
 * @param onWritten is called with every stored row
 */
export function createSimulatedTable(
  nowMs: () => number,
  before: readonly Version[] = [],
  onWritten: (row: Row) => void = () => {},
): SimulatedTable {
  const stored = new Map<string, Version>(before.map((version) => [keyOf(version.row), version]));
  const removedAtMs = new Map<string, number>();
  const listed = new Set<string>();
  let writes = before.length;
  const put = (row: Row): string => {
    const etag = `etag-${++writes}`;
    stored.set(keyOf(row), { row, etag });
    onWritten(row);
    return etag;
  };
  const update = (row: Row, etag: string, kept: (before: Row) => Row['columns']): TableUpdate => {
    const found = stored.get(keyOf(row));
    if (found === undefined) return { kind: 'missing' };
    if (found.etag !== etag && etag !== '*') return { kind: 'changed' };
    return { kind: 'updated', etag: put({ ...row, columns: { ...kept(found.row), ...row.columns } }) };
  };

  const remove = (keys: RowKeys) => {
    if (stored.delete(keyOf(keys)) && isSessionRow(keys)) removedAtMs.set(keyOf(keys), nowMs());
  };

  return {
    read(keys) {
      const found = stored.get(keyOf(keys));
      return found === undefined ? { kind: 'missing' } : { kind: 'found', row: found.row, etag: found.etag };
    },
    insert: (row) => (stored.has(keyOf(row)) ? { kind: 'exists' } : { kind: 'inserted', etag: put(row) }),
    replace: (row, etag) => update(row, etag, () => ({})),
    merge: (row, etag) => update(row, etag, ({ columns }) => columns),
    remove,
    removeUnchanged(keys, etag) {
      const found = stored.get(keyOf(keys));
      if (found !== undefined && found.etag !== etag) return { kind: 'changed' };
      remove(keys);
      return { kind: 'removed' };
    },
    list(range, limit) {
      const found = [...stored.values()]
        .filter(({ row }) => isInRange(row, range))
        .sort((left, right) => (keyOf(left.row) < keyOf(right.row) ? -1 : 1))
        .slice(0, limit);
      for (const { row } of found) listed.add(keyOf(row));
      return found;
    },
    versions: () => [...stored.values()],
    removedAtMs,
    listed,
  };
}
