import type { BffError } from '../../src/shared/errors.ts';
import type { Table } from '../../src/shared/storage/table.ts';

export type TableOperation = 'read' | 'list' | 'insert' | 'replace' | 'merge' | 'remove' | 'check';

/** A table that counts its operations and fails on demand. */
export interface FaultyTable extends Table {
  readonly counts: Record<TableOperation, number>;
  /** Operations that fail from now on, as if the service did not answer. */
  readonly failing: Set<TableOperation>;
  /** Called before each operation. */
  before: ((operation: TableOperation) => Promise<void> | void) | undefined;
  failAll(): void;
  recover(): void;
  writes(): number;
  /** How often the use of a session was written, which extends it. */
  recordedUses(): number;
}

const operations: readonly TableOperation[] = [
  'read',
  'list',
  'insert',
  'replace',
  'merge',
  'remove',
  'check',
];

/** @param Problem the class from the worker's bundle. The class that a test imports is a different one. */
export function withFaults(table: Table, Problem: typeof BffError): FaultyTable {
  const counts = { read: 0, list: 0, insert: 0, replace: 0, merge: 0, remove: 0, check: 0 };
  const failing = new Set<TableOperation>();
  let recordedUses = 0;
  const unavailable = () => new Problem('storage_unavailable', { retryAfterSeconds: 2 });
  const run = async <Result>(operation: TableOperation, action: () => Promise<Result>): Promise<Result> => {
    counts[operation]++;
    await faulty.before?.(operation);
    if (failing.has(operation)) throw unavailable();
    return action();
  };
  const faulty: FaultyTable = {
    name: table.name,
    clock: table.clock,
    counts,
    failing,
    before: undefined,
    read: (keys, columns) => run('read', () => table.read(keys, columns)),
    list: (range, columns, limit, deadlineMs) =>
      withDeadline(
        run('list', () => table.list(range, columns, limit, deadlineMs)),
        deadlineMs,
        unavailable,
      ),
    insert: (row) => run('insert', () => table.insert(row)),
    replace: (row, etag) => run('replace', () => table.replace(row, etag)),
    merge(row, etag) {
      // A lease is merged without it.
      if (row.columns['lastUsedAt'] !== undefined) recordedUses++;
      return run('merge', () => table.merge(row, etag));
    },
    remove: (keys) => run('remove', () => table.remove(keys)),
    removeUnchanged: (keys, etag) => run('remove', () => table.removeUnchanged(keys, etag)),
    check: () => run('check', () => table.check()),
    failAll() {
      for (const operation of operations) failing.add(operation);
    },
    recover: () => failing.clear(),
    writes: () => counts.insert + counts.replace + counts.merge + counts.remove,
    recordedUses: () => recordedUses,
  };
  return faulty;
}

/** A table meets the deadline of an operation even if its service does not answer. */
async function withDeadline<Result>(
  operation: Promise<Result>,
  deadlineMs: number | undefined,
  toError: () => Error,
): Promise<Result> {
  if (deadlineMs === undefined) return operation;
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(toError()), deadlineMs);
  return Promise.race([operation, promise]).finally(() => clearTimeout(timer));
}
