import type { TableClock } from './table-clock.ts';

/** A value that a column can hold. Integers have at most 32 bits. */
export type ColumnValue = string | number | boolean | Date | Uint8Array;

/** Both keys have only base64url characters and `.`, because Table Storage refuses `/ \ # ?` and control characters. */
export interface RowKeys {
  readonly partitionKey: string;
  readonly rowKey: string;
}

export interface Row extends RowKeys {
  readonly columns: Readonly<Record<string, ColumnValue>>;
}

export type TableRead =
  | { readonly kind: 'found'; readonly row: Row; readonly etag: string }
  | { readonly kind: 'missing' };

/** A listed row, with the columns that were selected. */
export interface ListedRow {
  readonly row: Row;
  readonly etag: string;
}

/** Rows in the order of their keys. The upper bound is the first key outside the range. */
export type RowRange =
  | {
      readonly kind: 'partition';
      readonly partitionKey: string;
      readonly rowsFrom: string;
      readonly rowsBefore: string;
      /**
       * By column: only rows with a later instant in that column are listed. The table omits the other rows, so they do
       * not count toward the limit of {@link Table.list}.
       */
      readonly laterThan?: Readonly<Record<string, Date>>;
      /**
       * The key of a row in the range to which `laterThan` does not apply. The row must have these columns, because the
       * service may omit a row that lacks a compared column.
       */
      readonly exemptRow?: string;
    }
  | { readonly kind: 'partitions'; readonly from: string; readonly before: string };

export type TableInsert = { readonly kind: 'inserted'; readonly etag: string } | { readonly kind: 'exists' };

export type TableUpdate =
  | { readonly kind: 'updated'; readonly etag: string }
  /** Another request has written the row since it was read. */
  | { readonly kind: 'changed' }
  /** The row was deleted. An update never creates it again. */
  | { readonly kind: 'missing' };

export type TableRemoval =
  /** The row no longer exists. Another request may have removed it. */
  { readonly kind: 'removed' } | { readonly kind: 'changed' };

/**
 * The table operations that this service uses, each with a deadline. There is no upsert. A row is inserted once and updated
 * only in the version that was read, so that a deletion wins over every late write.
 * @throws {BffError} storage_unavailable, from every operation
 */
export interface Table {
  readonly name: string;
  readonly clock: TableClock;
  /** @param columns the columns to read. Default: every column */
  read(keys: RowKeys, columns?: readonly string[]): Promise<TableRead>;
  /** Returns the first rows of a range. @param deadlineMs default: 10 s */
  list(
    range: RowRange,
    columns: readonly string[],
    limit: number,
    deadlineMs?: number,
  ): Promise<readonly ListedRow[]>;
  insert(row: Row): Promise<TableInsert>;
  /** Replaces the whole row. Columns that `row` does not have are removed. */
  replace(row: Row, etag: string): Promise<TableUpdate>;
  /** Changes only the columns that `row` has. */
  merge(row: Row, etag: string): Promise<TableUpdate>;
  /** Removes the row in any version. A missing row is no error. */
  remove(keys: RowKeys): Promise<void>;
  /** Removes the row only in this version. */
  removeUnchanged(keys: RowKeys, etag: string): Promise<TableRemoval>;
  /** @throws {BffError} storage_unavailable if the table cannot be read */
  check(): Promise<void>;
}
