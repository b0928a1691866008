import type { ListedRow, Row, RowKeys, Table } from '../storage/table.ts';
import { describeError } from '../telemetry/describe-error.ts';
import type { Log } from '../telemetry/log.ts';
import { expiringRow, expiryRow, expiryRowsUntil } from './index-rows.ts';

/** What one run did. The next run handles again the rows that were alive or failed. */
export interface SweepReport {
  readonly removed: number;
  /** The session had ended before, for example by signing out. Only its expiry row was left. */
  readonly alreadyGone: number;
  readonly alive: number;
  readonly failed: number;
  /** The run stopped at its limits. The next run continues. */
  readonly more: boolean;
}

/**
 * Removes expired rows. It reads the expiry rows of the hours that are over, so its cost depends on how many rows have
 * expired and not on how many are alive. An expiry row that is done is removed, so the next run continues where this one
 * stopped.
 * @throws {BffError} storage_unavailable
 */
export type Sweep = (log: Log) => Promise<SweepReport>;

export interface SweepOptions {
  readonly table: Table;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
  readonly maxRows?: number;
}

const MAX_ROWS = 5_000;
const MAX_RUN_MS = 120_000;
const MAX_FAILED = 10;
const CONCURRENCY = 8;
/** Clocks of workers differ. An hour is over when it is over for every worker. */
const GRACE_MS = 5 * 60_000;

type Outcome = 'removed' | 'alreadyGone' | 'alive' | 'failed';

export function createSweep({ table, now, monotonicMs, maxRows = MAX_ROWS }: SweepOptions): Sweep {
  return async (log) => {
    const startedAtMs = monotonicMs();
    const count = { removed: 0, alreadyGone: 0, alive: 0, failed: 0 };
    const before = new Date(now().getTime() - GRACE_MS);
    const due = await table.list(expiryRowsUntil(before), ['sidPartition'], maxRows);
    const queue = due.values();
    const mayContinue = () => monotonicMs() - startedAtMs < MAX_RUN_MS && count.failed < MAX_FAILED;
    const sweepQueue = async () => {
      for (const { row } of queue) {
        count[await sweepOne(table, row, now(), log)]++;
        if (!mayContinue()) return;
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, sweepQueue));
    const swept = count.removed + count.alreadyGone + count.alive + count.failed;
    const report = { ...count, more: due.length === maxRows || swept < due.length };
    log('info', { event: 'swept', ...report });
    return report;
  };
}

async function sweepOne(table: Table, expiry: ListedRow['row'], now: Date, log: Log): Promise<Outcome> {
  try {
    const target = expiringRow(expiry);
    const outcome = target === undefined ? 'alreadyGone' : await removeExpired(table, target, expiry, now);
    // The expiry row goes last, so that the next run finds it if this one is cut off before.
    if (outcome === 'removed' || outcome === 'alreadyGone') await table.remove(expiry);
    return outcome;
  } catch (error) {
    log('warn', { event: 'sweep-failed', error: describeError(error) });
    return 'failed';
  }
}

async function removeExpired(table: Table, target: RowKeys, expiry: Row, now: Date): Promise<Outcome> {
  const found = await table.read(target, ['expiresAt', 'sidPartition']);
  // A renewal may have given the session another index row than the one from its sign-in.
  const indexPartitions = new Set([expiry.columns['sidPartition']]);
  if (found.kind === 'found') {
    const { expiresAt, sidPartition } = found.row.columns;
    if (expiresAt instanceof Date && expiresAt.getTime() > now.getTime()) {
      await moveExpiry(table, target, expiresAt, expiry);
      return 'alive';
    }
    // Only the version that was read is removed. The next run handles a row that was written since.
    const removal = await table.removeUnchanged(target, found.etag);
    if (removal.kind === 'changed') return 'alive';
    indexPartitions.add(sidPartition);
  }
  for (const partitionKey of indexPartitions) {
    if (typeof partitionKey !== 'string' || partitionKey === '') continue;
    await table.remove({ partitionKey, rowKey: target.rowKey });
  }
  return found.kind === 'found' ? 'removed' : 'alreadyGone';
}

/** Moves the expiry row of a session that lives longer than expected to the hour in which it expires. */
async function moveExpiry(table: Table, target: RowKeys, expiresAt: Date, expiry: Row): Promise<void> {
  const moved = expiryRow(target, expiresAt, String(expiry.columns['sidPartition'] ?? ''));
  if (moved.partitionKey === expiry.partitionKey) return;
  await table.insert(moved);
  await table.remove(expiry);
}
