import { randomUUID } from 'node:crypto';
import type { Row, RowKeys, RowRange, Table, TableUpdate } from '../../src/shared/storage/table.ts';
import { createTableClock, type ObservedTableClock } from '../../src/shared/storage/table-clock.ts';

/** A table in memory. It passes the same contract tests as the real one (`table.contract.test.ts`). */
export interface MemoryTable extends Table {
  /** Every row. */
  rows(): Row[];
  /** Unknown until a test shows it. */
  readonly clock: ObservedTableClock;
  /** Writes a row unconditionally, as an attacker with the storage account's key can do. */
  put(row: Row): void;
}

export function createMemoryTable(name = 'sessions'): MemoryTable {
  const stored = new Map<string, { row: Row; etag: string }>();
  const keyOf = ({ partitionKey, rowKey }: RowKeys) => JSON.stringify([partitionKey, rowKey]);
  const put = (row: Row) => {
    const etag = randomUUID();
    stored.set(keyOf(row), { row: structuredClone(row), etag });
    return etag;
  };
  const update = (row: Row, etag: string, columnsBefore: (before: Row) => Row['columns']): TableUpdate => {
    const before = stored.get(keyOf(row));
    if (before === undefined) return { kind: 'missing' };
    if (before.etag !== etag) return { kind: 'changed' };
    return {
      kind: 'updated',
      etag: put({ ...row, columns: { ...columnsBefore(before.row), ...row.columns } }),
    };
  };

  return {
    name,
    clock: createTableClock(),
    rows: () => [...stored.values()].map(({ row }) => structuredClone(row)),
    put(row) {
      put(row);
    },
    async read(keys, columns) {
      const found = stored.get(keyOf(keys));
      return found === undefined
        ? { kind: 'missing' }
        : { kind: 'found', row: withColumns(found.row, columns), etag: found.etag };
    },
    async list(range, columns, limit) {
      return [...stored.values()]
        .filter(({ row }) => isInRange(row, range))
        .sort((left, right) => compareKeys(left.row, right.row))
        .slice(0, limit)
        .map(({ row, etag }) => ({ row: withColumns(row, columns), etag }));
    },
    async insert(row) {
      return stored.has(keyOf(row)) ? { kind: 'exists' } : { kind: 'inserted', etag: put(row) };
    },
    replace: async (row, etag) => update(row, etag, () => ({})),
    merge: async (row, etag) => update(row, etag, ({ columns }) => columns),
    async remove(keys) {
      stored.delete(keyOf(keys));
    },
    async removeUnchanged(keys, etag) {
      const before = stored.get(keyOf(keys));
      if (before !== undefined && before.etag !== etag) return { kind: 'changed' };
      stored.delete(keyOf(keys));
      return { kind: 'removed' };
    },
    async check() {},
  };
}

function withColumns(row: Row, columns: readonly string[] | undefined): Row {
  const copy = structuredClone(row);
  if (columns === undefined) return copy;
  return {
    ...copy,
    columns: Object.fromEntries(Object.entries(copy.columns).filter(([name]) => columns.includes(name))),
  };
}

/** Compares keys and instants as the storage service does. A row that lacks a compared column is never in the range. */
export function isInRange({ partitionKey, rowKey, columns }: Row, range: RowRange): boolean {
  if (range.kind === 'partitions') return partitionKey >= range.from && partitionKey < range.before;
  const { rowsFrom, rowsBefore, laterThan = {}, exemptRow } = range;
  return (
    partitionKey === range.partitionKey &&
    rowKey >= rowsFrom &&
    rowKey < rowsBefore &&
    Object.entries(laterThan).every(([name, instant]) => {
      const value = columns[name];
      return value instanceof Date && (rowKey === exemptRow || value.getTime() > instant.getTime());
    })
  );
}

function compareKeys(left: RowKeys, right: RowKeys): number {
  if (left.partitionKey !== right.partitionKey) return left.partitionKey < right.partitionKey ? -1 : 1;
  return left.rowKey < right.rowKey ? -1 : 1;
}
