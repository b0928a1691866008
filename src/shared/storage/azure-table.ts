import type { TableClient, TableServiceClientOptions } from '@azure/data-tables';
import { BffError } from '../errors.ts';
import { withDeadline } from '../network/deadline.ts';
import type { ColumnValue, ListedRow, Row, RowRange, Table, TableRead, TableUpdate } from './table.ts';

/** Where the table is and how we prove who we are to it. */
export type TableLocation =
  | { readonly kind: 'connection-string'; readonly connectionString: string; readonly allowInsecure: boolean }
  | { readonly kind: 'managed-identity'; readonly endpoint: string; readonly clientId?: string };

const READ_DEADLINE_MS = 2_000;
const WRITE_DEADLINE_MS = 4_000;
const LIST_DEADLINE_MS = 10_000;

type AdditionalPolicyConfig = NonNullable<TableServiceClientOptions['additionalPolicies']>[number];

const REQUEST_ID = 'x-ms-client-request-id';

/**
 * The SDK reuses a connection immediately, from one user's row to the next. The service returns the id that the
 * SDK gives each request (Cosmos DB need not). A response with another id belongs to another request.
 */
const refuseForeignAnswers: AdditionalPolicyConfig = {
  position: 'perRetry',
  policy: {
    name: 'refuseForeignAnswers',
    async sendRequest(request, next) {
      const answer = await next(request);
      const answered = answer.headers.get(REQUEST_ID)?.toLowerCase();
      const asked = request.headers.get(REQUEST_ID)?.toLowerCase();
      if (answered !== undefined && answered !== asked) throw new ForeignAnswer();
      return answer;
    },
  },
};

class ForeignAnswer extends Error {
  override readonly name = 'ForeignAnswer';
}

// The SDK's defaults retry for about five seconds, writes included, and have no timeout (measured).
const clientOptions: TableServiceClientOptions = {
  retryOptions: { maxRetries: 2, retryDelayInMs: 50, maxRetryDelayInMs: 200 },
  additionalPolicies: [refuseForeignAnswers],
};

/** Azure Table Storage, or Cosmos DB for Table, through Microsoft's SDK. Connects at the first operation. */
export function createAzureTable(location: TableLocation, tableName: string): Table {
  let connecting: Promise<TableClient> | undefined;
  const connect = () => {
    connecting ??= connectTo(location, tableName).catch((error: unknown) => {
      connecting = undefined; // the next request tries again
      throw unavailable(error);
    });
    return connecting;
  };

  const run = async <Result>(
    deadlineMs: number,
    operation: (client: TableClient, signal: AbortSignal) => Promise<Result>,
  ) => {
    // The signal reaches the request to the table, but not the one for a managed identity's token (measured).
    return withDeadline(
      connect().then((client) => operation(client, AbortSignal.timeout(deadlineMs))),
      deadlineMs,
    );
  };

  const update = async (row: Row, etag: string, mode: 'Merge' | 'Replace'): Promise<TableUpdate> => {
    try {
      const written = await run(WRITE_DEADLINE_MS, (client, abortSignal) =>
        client.updateEntity(toEntity(row), mode, { etag, abortSignal }),
      );
      return { kind: 'updated', etag: requireEtag(written.etag) };
    } catch (error) {
      if (isAnswer(error, 412)) return { kind: 'changed' };
      if (isMissingRow(error)) return { kind: 'missing' };
      throw unavailable(error);
    }
  };

  return {
    name: tableName,
    async read({ partitionKey, rowKey }, columns): Promise<TableRead> {
      const queryOptions = columns === undefined ? {} : { queryOptions: { select: toSelect(columns) } };
      try {
        const entity = await run(READ_DEADLINE_MS, (client, abortSignal) =>
          client.getEntity(partitionKey, rowKey, { abortSignal, ...queryOptions }),
        );
        requireKeys(entity.partitionKey === partitionKey && entity.rowKey === rowKey);
        return { kind: 'found', row: toRow(partitionKey, rowKey, entity), etag: requireEtag(entity.etag) };
      } catch (error) {
        if (isMissingRow(error)) return { kind: 'missing' };
        throw unavailable(error);
      }
    },
    async list(range, columns, limit) {
      const queryOptions = { filter: toFilter(range), select: toSelect(columns) };
      const collect = async (client: TableClient, abortSignal: AbortSignal) => {
        const listed: ListedRow[] = [];
        // A page may be empty and still not be the last: the service ends one at every border of its servers.
        for await (const entity of client.listEntities({ queryOptions, abortSignal })) {
          if (listed.length >= limit) break;
          const { partitionKey = '', rowKey = '' } = entity;
          requireKeys(isInRange(range, partitionKey, rowKey));
          listed.push({ row: toRow(partitionKey, rowKey, entity), etag: requireEtag(entity.etag) });
        }
        return listed;
      };
      try {
        return await run(LIST_DEADLINE_MS, collect);
      } catch (error) {
        if (isMissingTable(error)) return [];
        throw unavailable(error);
      }
    },
    async insert(row) {
      const create = () =>
        run(WRITE_DEADLINE_MS, (client, abortSignal) => client.createEntity(toEntity(row), { abortSignal }));
      try {
        const written = await create().catch(async (error: unknown) => {
          if (!isMissingTable(error)) throw error;
          // A new deployment: the first sign-in makes the table, so that no other request pays for a check.
          await run(WRITE_DEADLINE_MS, (client, abortSignal) => client.createTable({ abortSignal }));
          return create();
        });
        return { kind: 'inserted', etag: requireEtag(written.etag) };
      } catch (error) {
        if (isAnswer(error, 409, 'EntityAlreadyExists')) return { kind: 'exists' };
        throw unavailable(error);
      }
    },
    replace: (row, etag) => update(row, etag, 'Replace'),
    merge: (row, etag) => update(row, etag, 'Merge'),
    async remove({ partitionKey, rowKey }) {
      try {
        await run(WRITE_DEADLINE_MS, (client, abortSignal) =>
          client.deleteEntity(partitionKey, rowKey, { etag: '*', abortSignal }),
        );
      } catch (error) {
        if (!isMissingRow(error)) throw unavailable(error);
      }
    },
    async removeUnchanged({ partitionKey, rowKey }, etag) {
      try {
        await run(WRITE_DEADLINE_MS, (client, abortSignal) =>
          client.deleteEntity(partitionKey, rowKey, { etag, abortSignal }),
        );
        return { kind: 'removed' };
      } catch (error) {
        if (isAnswer(error, 412)) return { kind: 'changed' };
        if (isMissingRow(error)) return { kind: 'removed' };
        throw unavailable(error);
      }
    },
    async check() {
      try {
        await run(READ_DEADLINE_MS, (client, abortSignal) =>
          client.getEntity('ready', 'ready', { abortSignal }),
        );
      } catch (error) {
        // A table that the first sign-in will create is no fault.
        if (!isMissingRow(error)) throw unavailable(error);
      }
    },
  };
}

async function connectTo(location: TableLocation, tableName: string): Promise<TableClient> {
  const { TableClient: Client } = await import('@azure/data-tables');
  if (location.kind === 'connection-string') {
    return Client.fromConnectionString(location.connectionString, tableName, {
      ...clientOptions,
      allowInsecureConnection: location.allowInsecure,
    });
  }
  // Loaded only here: no other library costs as much cold-start time (measured).
  const { ManagedIdentityCredential } = await import('@azure/identity');
  const credential = location.clientId
    ? new ManagedIdentityCredential({ clientId: location.clientId })
    : new ManagedIdentityCredential();
  return new Client(location.endpoint, tableName, credential, clientOptions);
}

/** With the keys: a selection of no column at all means every column. */
function toSelect(columns: readonly string[]): string[] {
  return ['PartitionKey', 'RowKey', ...columns];
}

/** Keys are ours and hold no quote; doubling them is the rule of OData all the same. */
function toFilter(range: RowRange): string {
  const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
  if (range.kind === 'partitions') {
    return `PartitionKey ge ${text(range.from)} and PartitionKey lt ${text(range.before)}`;
  }
  const { partitionKey, rowsFrom, rowsBefore, laterThan = {} } = range;
  return [
    `PartitionKey eq ${text(partitionKey)}`,
    `RowKey ge ${text(rowsFrom)}`,
    `RowKey lt ${text(rowsBefore)}`,
    ...Object.entries(laterThan).map(
      ([column, instant]) => `${column} gt datetime'${instant.toISOString()}'`,
    ),
  ].join(' and ');
}

/** One user's row must never be returned as another user's. */
function requireKeys(areThose: boolean): void {
  if (!areThose) throw new ForeignAnswer();
}

function isInRange(range: RowRange, partitionKey: string, rowKey: string): boolean {
  if (range.kind === 'partitions') return partitionKey >= range.from && partitionKey < range.before;
  return partitionKey === range.partitionKey && rowKey >= range.rowsFrom && rowKey < range.rowsBefore;
}

function toEntity({ partitionKey, rowKey, columns }: Row) {
  return { ...columns, partitionKey, rowKey };
}

const metadataColumns = new Set(['partitionKey', 'rowKey', 'etag', 'timestamp', 'odata.metadata']);

function toRow(partitionKey: string, rowKey: string, entity: Record<string, unknown>): Row {
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

/** The status alone proves nothing: something in between can answer 404 as well, and that is no missing row. */
function isAnswer(error: unknown, statusCode: number, code?: string): boolean {
  if (!(error instanceof Error) || Reflect.get(error, 'statusCode') !== statusCode) return false;
  return code === undefined || tableErrorCode(error) === code;
}

/** A table that is not there has no such row either: the service says so itself, and the next sign-in makes it. */
function isMissingRow(error: unknown): boolean {
  if (isMissingTable(error)) return true;
  // Cosmos DB and older API versions of the service name the same thing differently.
  return isAnswer(error, 404, 'ResourceNotFound') || isAnswer(error, 404, 'EntityNotFound');
}

function isMissingTable(error: unknown): boolean {
  return isAnswer(error, 404, 'TableNotFound');
}

/** The SDK keeps the service's own code in `details.odataError.code` (measured). */
function tableErrorCode(error: unknown): unknown {
  const details: unknown = error instanceof Error ? Reflect.get(error, 'details') : undefined;
  const odataError = isRecord(details) ? details['odataError'] : undefined;
  return isRecord(odataError) ? odataError['code'] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function requireEtag(etag: string | undefined): string {
  if (etag === undefined) throw new TypeError('the table answered without an ETag');
  return etag;
}

function unavailable(cause: unknown): BffError {
  if (cause instanceof BffError) return cause;
  return new BffError('storage_unavailable', {
    detail: 'The session store did not answer as it should. Nothing was lost and nobody was signed out.',
    cause,
    retryAfterSeconds: 2,
  });
}
