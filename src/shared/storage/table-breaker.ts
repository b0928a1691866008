import { BffError } from '../errors.ts';
import {
  type Attempt,
  createOutageBreaker,
  type OutageBreakerOptions,
  type Paused,
} from '../network/outage-breaker.ts';
import { createPerUser } from '../network/per-user.ts';
import type { RowKeys, RowRange, Table } from './table.ts';

/** Two views of one table. They share its breakers. */
export interface TableWithBreaker {
  /** Reads and writes are held back while the table is busy. Deletions are not. */
  readonly table: Table;
  /** For code that ends sessions. No operation is held back. */
  readonly endingTable: Table;
}

/**
 * After this many failures without a success in between, a partition's operations are held back. The table client sends an
 * operation up to three times, so a busy table has refused 15 requests by then.
 */
const MAX_FAILURES = 5;

/**
 * Holds back most operations that would fail while the table is busy. A table may refuse writes and still serve reads, so
 * reads and writes have separate breakers. A row that is missing, exists already or has changed is a result and no error, so it
 * counts as a success.
 */
export function withBreaker(
  table: Table,
  options: Omit<OutageBreakerOptions, 'maxFailures'>,
): TableWithBreaker {
  const reads = createPartitionBreaker(options);
  const writes = createPartitionBreaker(options);

  const view = (isEnding: boolean): Table => {
    const run = <Result>(
      breaker: PartitionBreaker,
      partition: string,
      operation: () => Promise<Result>,
      { isHeldBack = !isEnding, isHurried = false } = {},
    ) => {
      const attempt = breaker.start(partition);
      if (attempt.kind === 'attempt') return record(attempt, operation, isHurried);
      if (isHeldBack) throw busyTable(attempt.seconds);
      return operation().then((result) => {
        breaker.recordSuccess(partition);
        return result;
      });
    };
    return {
      name: table.name,
      clock: table.clock,
      read: async (keys, columns) => run(reads, keys.partitionKey, () => table.read(keys, columns)),
      list: async (range, columns, limit, deadlineMs) =>
        run(reads, partitionOf(range), () => table.list(range, columns, limit, deadlineMs), {
          isHurried: deadlineMs !== undefined,
        }),
      insert: async (row) => run(writes, row.partitionKey, () => table.insert(row)),
      replace: async (row, etag) => run(writes, row.partitionKey, () => table.replace(row, etag)),
      merge: async (row, etag) => run(writes, row.partitionKey, () => table.merge(row, etag)),
      remove: async (keys) => run(writes, keys.partitionKey, () => table.remove(keys), { isHeldBack: false }),
      removeUnchanged: async (keys: RowKeys, etag) =>
        run(writes, keys.partitionKey, () => table.removeUnchanged(keys, etag), {
          isHeldBack: false,
        }),
      // A health check, so it is always sent.
      check: () => table.check(),
    };
  };
  return { table: view(false), endingTable: view(true) };
}

interface PartitionBreaker {
  start(partition: string): Attempt | Paused;
  recordSuccess(partition: string): void;
}

/**
 * Repeated failures in one partition, which is busy or full, hold back its operations only. Otherwise one user could hold
 * back all others. Failures in several partitions hold back all operations.
 */
function createPartitionBreaker(options: OutageBreakerOptions): PartitionBreaker {
  const all = createOutageBreaker(options);
  const failing = createPerUser(options.monotonicMs, () =>
    createOutageBreaker({ ...options, maxFailures: MAX_FAILURES }),
  );
  const failOwn = (partition: string) => {
    const attempt = failing.findOrCreate(partition).start(partition);
    if (attempt.kind === 'attempt') attempt.fail();
  };
  return {
    start(partition) {
      const own = failing.find(partition)?.start(partition);
      if (own?.kind === 'paused') return own;
      const shared = all.start(partition);
      if (shared.kind === 'paused') {
        own?.[Symbol.dispose]();
        return shared;
      }
      return {
        ...shared,
        succeed() {
          own?.succeed();
          shared.succeed();
        },
        fail() {
          if (own === undefined) failOwn(partition);
          else own.fail();
          shared.fail();
        },
        [Symbol.dispose]() {
          own?.[Symbol.dispose]();
          shared[Symbol.dispose]();
        },
      };
    },
    recordSuccess(partition) {
      failing.find(partition)?.recordSuccess();
      all.recordSuccess();
    },
  };
}

/** @param isHurried the operation may take less time than others, so it may be cut off although the table works */
async function record<Result>(
  attempt: Attempt,
  operation: () => Promise<Result>,
  isHurried: boolean,
): Promise<Result> {
  using _attempt = attempt;
  try {
    const result = await operation();
    attempt.succeed();
    return result;
  } catch (error) {
    if (isOutage(error, isHurried)) attempt.fail();
    throw error;
  }
}

/** False if the table has answered and refuses this one operation, or this app, and for a fault of this service. */
function isOutage(error: unknown, isHurried: boolean): boolean {
  if (!(error instanceof BffError)) return false;
  const { cause } = error;
  const status: unknown = cause instanceof Error ? Reflect.get(cause, 'statusCode') : undefined;
  if (typeof status !== 'number') return !isHurried;
  return status >= 500 || status === 429 || status === 408;
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
