import { MismatchedResponse } from './azure-errors.ts';
import type { ColumnValue, Row, RowKeys, RowRange } from './table.ts';

export function toEntity({ partitionKey, rowKey, columns }: Row) {
  return { ...columns, partitionKey, rowKey };
}

const metadataColumns = new Set(['partitionKey', 'rowKey', 'etag', 'timestamp', 'odata.metadata']);

export function toRow({ partitionKey, rowKey }: RowKeys, entity: Record<string, unknown>): Row {
  const columns: Record<string, ColumnValue> = {};
  for (const [name, value] of Object.entries(entity)) {
    if (!metadataColumns.has(name) && isColumnValue(value)) columns[name] = value;
  }
  return { partitionKey, rowKey, columns };
}

function isColumnValue(value: unknown): value is ColumnValue {
  return (
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    value instanceof Date ||
    value instanceof Uint8Array
  );
}

/** The row keys are always selected, because `requireKeys` and `requireInRange` compare them. */
export function toSelect(columns: readonly string[]): string[] {
  return ['PartitionKey', 'RowKey', ...columns];
}

/** Quotes are escaped, as OData requires, although row keys contain none. */
export function toFilter(range: RowRange): string {
  const literal = (value: string) => `'${value.replaceAll("'", "''")}'`;
  if (range.kind === 'partitions') {
    return `PartitionKey ge ${literal(range.from)} and PartitionKey lt ${literal(range.before)}`;
  }
  const { partitionKey, rowsFrom, rowsBefore, laterThan = {}, exemptRow } = range;
  const isLater = Object.entries(laterThan).map(
    ([column, instant]) => `${column} gt datetime'${instant.toISOString()}'`,
  );
  // The bounds of the range stay outside the `or`. Otherwise the service would scan the whole partition.
  const filtered =
    exemptRow === undefined || isLater.length === 0
      ? isLater
      : [`(RowKey eq ${literal(exemptRow)} or (${isLater.join(' and ')}))`];
  return [
    `PartitionKey eq ${literal(partitionKey)}`,
    `RowKey ge ${literal(rowsFrom)}`,
    `RowKey lt ${literal(rowsBefore)}`,
    ...filtered,
  ].join(' and ');
}

/** One user's row must never be returned as another user's. @throws {MismatchedResponse} */
export function requireKeys(requested: RowKeys, { partitionKey, rowKey }: Partial<RowKeys>): void {
  if (partitionKey !== requested.partitionKey || rowKey !== requested.rowKey) throw new MismatchedResponse();
}

/** Like {@link requireKeys}, but for a listed row. @throws {MismatchedResponse} */
export function requireInRange(range: RowRange, { partitionKey, rowKey }: RowKeys): void {
  const isInRange =
    range.kind === 'partitions'
      ? partitionKey >= range.from && partitionKey < range.before
      : partitionKey === range.partitionKey && rowKey >= range.rowsFrom && rowKey < range.rowsBefore;
  if (!isInRange) throw new MismatchedResponse();
}

export function requireEtag(etag: string | undefined): string {
  if (etag === undefined) throw new TypeError('the table returned a row without an ETag');
  return etag;
}
