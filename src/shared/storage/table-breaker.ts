import { BffError } from '../errors.ts';
import { type Attempt, createOutageBreaker, type OutageBreakerOptions } from '../network/outage-breaker.ts';
import type { RowKeys, RowRange, Table } from './table.ts';

/** The same table twice. Both share one knowledge of whether the table works. */
export interface TableWithBreaker {
  /** Its reads and writes are held back while the table is busy. Its deletions are not. */
  readonly table: Table;
  /** For whatever ends sessions: nothing is held back. */
  readonly endingTable: Table;
}

/**
 * Five failures in a row, even in one partition. The table client sends an operation up to three times, so a busy table has
 * refused 15 requests by then.
 */
const MAX_FAILURES = 5;

/**
 * Spares a busy table most of the requests that would fail. A table may refuse writes and still answer reads, so each has a
 * breaker. A missing row, an existing one and a changed one are results and no errors, so they count as successes.
 */
export function withBreaker(
  table: Table,
  options: Pick<OutageBreakerOptions, 'monotonicMs' | 'jitter'>,
): TableWithBreaker {
  const breakerOptions = { ...options, maxFailures: MAX_FAILURES };
  const reads = createOutageBreaker(breakerOptions);
  const writes = createOutageBreaker(breakerOptions);

  const view = (isEnding: boolean): Table => {
    const run = <Result>(
      breaker: typeof reads,
      partition: string,
      operation: () => Promise<Result>,
      isHeldBack = !isEnding,
    ) => {
      const attempt = breaker.start(partition);
      if (attempt.kind === 'attempt') return record(attempt, operation);
      if (isHeldBack) throw busyTable(attempt.seconds);
      return operation();
    };
    return {
      name: table.name,
      clock: table.clock,
      read: async (keys, columns) => run(reads, keys.partitionKey, () => table.read(keys, columns)),
      list: async (range, columns, limit) =>
        run(reads, partitionOf(range), () => table.list(range, columns, limit)),
      insert: async (row) => run(writes, row.partitionKey, () => table.insert(row)),
      replace: async (row, etag) => run(writes, row.partitionKey, () => table.replace(row, etag)),
      merge: async (row, etag) => run(writes, row.partitionKey, () => table.merge(row, etag)),
      remove: async (keys) => run(writes, keys.partitionKey, () => table.remove(keys), false),
      removeUnchanged: async (keys: RowKeys, etag) =>
        run(writes, keys.partitionKey, () => table.removeUnchanged(keys, etag), false),
      // Asks how the table is, so it is always sent.
      check: () => table.check(),
    };
  };
  return { table: view(false), endingTable: view(true) };
}

async function record<Result>(attempt: Attempt, operation: () => Promise<Result>): Promise<Result> {
  using _attempt = attempt;
  try {
    const result = await operation();
    attempt.succeed();
    return result;
  } catch (error) {
    if (isOutage(error)) attempt.fail();
    throw error;
  }
}

/** False if the table has answered and refuses this one operation, or this app, and for a fault of this service. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof BffError)) return false;
  const { cause } = error;
  const status: unknown = cause instanceof Error ? Reflect.get(cause, 'statusCode') : undefined;
  return typeof status !== 'number' || status >= 500 || status === 429 || status === 408;
}

function partitionOf(range: RowRange): string {
  return range.kind === 'partition' ? range.partitionKey : range.from;
}

function busyTable(retryAfterSeconds: number): BffError {
  return new BffError('storage_unavailable', {
    detail: 'The session store is busy. No data was lost and no user was signed out.',
    retryAfterSeconds,
  });
}
