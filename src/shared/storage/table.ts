/** A value a table column can hold; integers stay within 32 bits. */
export type ColumnValue = string | number | boolean | Date | Uint8Array;

/** Keys are base64url or a fixed word: the service refuses `/ \ # ?` and control characters in them. */
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

/** A row of a listing: the columns that were asked for. */
export interface ListedRow {
  readonly row: Row;
  readonly etag: string;
}

/** Rows in the order of their keys. A bound names the first key that is not in the range any more. */
export type RowRange =
  | {
      readonly kind: 'partition';
      readonly partitionKey: string;
      readonly rowsFrom: string;
      readonly rowsBefore: string;
      /**
       * Only rows whose columns are later than these instants. The table leaves out the others, so that they do
       * not count towards a limit.
       */
      readonly laterThan?: Readonly<Record<string, Date>>;
    }
  | { readonly kind: 'partitions'; readonly from: string; readonly before: string };

export type TableInsert = { readonly kind: 'inserted'; readonly etag: string } | { readonly kind: 'exists' };

export type TableUpdate =
  | { readonly kind: 'updated'; readonly etag: string }
  /** Somebody else wrote since the row was read. */
  | { readonly kind: 'changed' }
  /** The row was deleted; an update never creates it again. */
  | { readonly kind: 'missing' };

export type TableRemoval =
  /** It is not there any more, whoever removed it. */
  { readonly kind: 'removed' } | { readonly kind: 'changed' };

/**
 * The few table operations the product uses. There is no upsert: a row is inserted once and updated only
 * against the version that was read, so that a deletion wins over every late write.
 * Every operation has a deadline.
 * @throws {BffError} storage_unavailable
 */
export interface Table {
  readonly name: string;
  /** @param columns only these; all when absent */
  read(keys: RowKeys, columns?: readonly string[]): Promise<TableRead>;
  /** The first rows of a range, with the named columns. */
  list(range: RowRange, columns: readonly string[], limit: number): Promise<readonly ListedRow[]>;
  insert(row: Row): Promise<TableInsert>;
  /** The whole row; columns that are not named are gone. */
  replace(row: Row, etag: string): Promise<TableUpdate>;
  /** Only the named columns. */
  merge(row: Row, etag: string): Promise<TableUpdate>;
  /** Whatever its version is; removing what is not there is no error. */
  remove(keys: RowKeys): Promise<void>;
  /** Only if it is still as it was read. */
  removeUnchanged(keys: RowKeys, etag: string): Promise<TableRemoval>;
  /** @throws {BffError} storage_unavailable when the table cannot be read */
  check(): Promise<void>;
}
