import type { ListedRow, Row, RowKeys, Table } from '../storage/table.ts';
import { describeError } from '../telemetry/describe-error.ts';
import type { Log } from '../telemetry/log.ts';
import { expiringRow, expiryRow, expiryRowsUntil } from './index-rows.ts';

/** What one run did, in numbers of expiry rows. */
export interface SweepReport {
  readonly removed: number;
  /** Only the expiry row was left. What it leads to was removed before, for example when the user signed out. */
  readonly alreadyGone: number;
  /** The row has not expired, or was written during the run. It is checked again later. */
  readonly alive: number;
  /** The row could not be read, removed or moved. The next run tries again. */
  readonly failed: number;
  /** True if the run stopped at one of its limits. The next run continues. */
  readonly more: boolean;
}

/**
 * Removes expired rows. It finds them by the expiry rows of past hours, so the cost depends on how many rows have
 * expired, not on how many exist. Each expiry row is removed when its work is done, so the next run continues where
 * this one stopped.
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
/** How long after its end an hour counts as over, because the clocks of workers differ. */
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
    // The expiry row is removed last, so that the next run finds it if this run is interrupted.
    if (outcome === 'removed' || outcome === 'alreadyGone') await table.remove(expiry);
    return outcome;
  } catch (error) {
    log('warn', { event: 'sweep-failed', error: describeError(error) });
    return 'failed';
  }
}

async function removeExpired(table: Table, target: RowKeys, expiry: Row, now: Date): Promise<Outcome> {
  const found = await table.read(target, ['expiresAt', 'sidPartition']);
  // The expiry row names the index row from the sign-in. The index row of a renewal also has its own expiry row.
  const indexPartitions = new Set([expiry.columns['sidPartition']]);
  if (found.kind === 'found') {
    const { expiresAt, sidPartition } = found.row.columns;
    if (expiresAt instanceof Date && expiresAt.getTime() > now.getTime()) {
      await moveExpiry(table, target, expiresAt, expiry);
      return 'alive';
    }
    // Only the version that was read is removed. If the row was written since, the next run handles it.
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

/** If the row now expires in a later hour, moves its expiry row to that hour. */
async function moveExpiry(table: Table, target: RowKeys, expiresAt: Date, expiry: Row): Promise<void> {
  const moved = expiryRow(target, expiresAt, String(expiry.columns['sidPartition'] ?? ''));
  if (moved.partitionKey === expiry.partitionKey) return;
  await table.insert(moved);
  await table.remove(expiry);
}
