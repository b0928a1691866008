import { createOperationRunner, type RunOperation, type TableLocation } from './azure-client.ts';
import {
  isChangedRow,
  isExistingRow,
  isMissingRow,
  isMissingTable,
  storageUnavailable,
} from './azure-errors.ts';
import {
  requireEtag,
  requireInRange,
  requireKeys,
  toEntity,
  toFilter,
  toRow,
  toSelect,
} from './azure-rows.ts';
import type {
  ListedRow,
  Row,
  RowKeys,
  RowRange,
  Table,
  TableInsert,
  TableRead,
  TableRemoval,
  TableUpdate,
} from './table.ts';
import { createTableClock } from './table-clock.ts';

const READ_DEADLINE_MS = 2_000;
const WRITE_DEADLINE_MS = 4_000;
const LIST_DEADLINE_MS = 10_000;

/** Azure Table Storage, or Cosmos DB for Table, through Microsoft's SDK. */
export function createAzureTable(location: TableLocation, tableName: string, now = () => new Date()): Table {
  const clock = createTableClock();
  const run = createOperationRunner(location, tableName, clock, now);
  return {
    name: tableName,
    clock,
    read: (keys, columns) => read(run, keys, columns),
    list: (range, columns, limit, deadlineMs = LIST_DEADLINE_MS) =>
      list(run, range, columns, limit, deadlineMs),
    insert: (row) => insert(run, row),
    replace: (row, etag) => update(run, row, etag, 'Replace'),
    merge: (row, etag) => update(run, row, etag, 'Merge'),
    async remove(keys) {
      await remove(run, keys, '*');
    },
    removeUnchanged: (keys, etag) => remove(run, keys, etag),
    check: () => check(run),
  };
}

async function read(
  run: RunOperation,
  keys: RowKeys,
  columns: readonly string[] | undefined,
): Promise<TableRead> {
  const queryOptions = columns === undefined ? {} : { queryOptions: { select: toSelect(columns) } };
  try {
    const entity = await run(READ_DEADLINE_MS, (client, abortSignal) =>
      client.getEntity(keys.partitionKey, keys.rowKey, { abortSignal, ...queryOptions }),
    );
    requireKeys(keys, entity);
    return { kind: 'found', row: toRow(keys, entity), etag: requireEtag(entity.etag) };
  } catch (error) {
    if (isMissingRow(error)) return { kind: 'missing' };
    throw storageUnavailable(error);
  }
}

async function list(
  run: RunOperation,
  range: RowRange,
  columns: readonly string[],
  limit: number,
  deadlineMs: number,
): Promise<readonly ListedRow[]> {
  const queryOptions = { filter: toFilter(range), select: toSelect(columns) };
  try {
    return await run(deadlineMs, async (client, abortSignal) => {
      const listed: ListedRow[] = [];
      // An empty page need not be the last one, because Table Storage ends a page where another server's rows begin.
      for await (const entity of client.listEntities({ queryOptions, abortSignal })) {
        if (listed.length >= limit) break;
        const { partitionKey = '', rowKey = '' } = entity;
        requireInRange(range, { partitionKey, rowKey });
        listed.push({ row: toRow({ partitionKey, rowKey }, entity), etag: requireEtag(entity.etag) });
      }
      return listed;
    });
  } catch (error) {
    if (isMissingTable(error)) return [];
    throw storageUnavailable(error);
  }
}

async function insert(run: RunOperation, row: Row): Promise<TableInsert> {
  const create = () =>
    run(WRITE_DEADLINE_MS, (client, abortSignal) => client.createEntity(toEntity(row), { abortSignal }));
  try {
    const written = await create().catch(async (error: unknown) => {
      if (!isMissingTable(error)) throw error;
      // In a new deployment, the first insert creates the table, so that no request has to check whether it exists.
      await run(WRITE_DEADLINE_MS, (client, abortSignal) => client.createTable({ abortSignal }));
      return create();
    });
    return { kind: 'inserted', etag: requireEtag(written.etag) };
  } catch (error) {
    if (isExistingRow(error)) return { kind: 'exists' };
    throw storageUnavailable(error);
  }
}

async function update(
  run: RunOperation,
  row: Row,
  etag: string,
  mode: 'Merge' | 'Replace',
): Promise<TableUpdate> {
  try {
    const written = await run(WRITE_DEADLINE_MS, (client, abortSignal) =>
      client.updateEntity(toEntity(row), mode, { etag, abortSignal }),
    );
    return { kind: 'updated', etag: requireEtag(written.etag) };
  } catch (error) {
    if (isChangedRow(error)) return { kind: 'changed' };
    if (isMissingRow(error)) return { kind: 'missing' };
    throw storageUnavailable(error);
  }
}

/** @param etag the version to remove; `*` for any */
async function remove(
  run: RunOperation,
  { partitionKey, rowKey }: RowKeys,
  etag: string,
): Promise<TableRemoval> {
  try {
    await run(WRITE_DEADLINE_MS, (client, abortSignal) =>
      client.deleteEntity(partitionKey, rowKey, { etag, abortSignal }),
    );
    return { kind: 'removed' };
  } catch (error) {
    if (etag !== '*' && isChangedRow(error)) return { kind: 'changed' };
    if (isMissingRow(error)) return { kind: 'removed' };
    throw storageUnavailable(error);
  }
}

async function check(run: RunOperation): Promise<void> {
  try {
    await run(READ_DEADLINE_MS, (client, abortSignal) => client.getEntity('ready', 'ready', { abortSignal }));
  } catch (error) {
    // A missing table is not an error, because the first insert creates it.
    if (!isMissingRow(error)) throw storageUnavailable(error);
  }
}
