import type { ColumnValue, ListedRow, Row, RowKeys, Table } from '../storage/table.ts';
import { describeError } from '../telemetry/describe-error.ts';
import type { Log } from '../telemetry/log.ts';
import { bucketRow, bucketsUntil, targetOf } from './index-rows.ts';

/** What one run did. Rows that were alive or could not be removed are looked at again. */
export interface SweepReport {
  readonly removed: number;
  /** Signed out before: only the bucket's row was left. */
  readonly alreadyGone: number;
  readonly alive: number;
  readonly failed: number;
  /** The run ended by its own bounds: the next one goes on where it stopped. */
  readonly more: boolean;
}

/**
 * Removes the rows that have expired. It reads the buckets of the hours that are over, so its cost follows what has
 * expired and not what is alive; what it has done is gone from the buckets, so the next run goes on where it stopped.
 * @throws {BffError} storage_unavailable
 */
export type Sweep = (log: Log) => Promise<SweepReport>;

export interface SweepNeeds {
  readonly table: Table;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
  readonly maxRows?: number;
}

const MAX_ROWS = 5_000;
const MAX_RUN_MS = 120_000;
const MAX_FAILED = 10;
const AT_ONCE = 8;
/** Clocks of workers differ: an hour is over when it is over for all of them. */
const GRACE_MS = 5 * 60_000;

type Swept = 'removed' | 'alreadyGone' | 'alive' | 'failed';

export function createSweep({ table, now, monotonicMs, maxRows = MAX_ROWS }: SweepNeeds): Sweep {
  return async (log) => {
    const startedAtMs = monotonicMs();
    const count = { removed: 0, alreadyGone: 0, alive: 0, failed: 0 };
    const due = await table.list(
      bucketsUntil(new Date(now().getTime() - GRACE_MS)),
      ['sidPartition'],
      maxRows,
    );
    const waiting = due.values();
    const hasTime = () => monotonicMs() - startedAtMs < MAX_RUN_MS && count.failed < MAX_FAILED;
    const sweepInTurn = async () => {
      for (const bucket of waiting) {
        count[await sweepOne(bucket, log)]++;
        if (!hasTime()) return;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sweepInTurn));
    const swept = count.removed + count.alreadyGone + count.alive + count.failed;
    const report = { ...count, more: due.length === maxRows || swept < due.length };
    log('info', { event: 'swept', ...report });
    return report;
  };

  async function sweepOne({ row: bucket }: ListedRow, log: Log): Promise<Swept> {
    try {
      const target = targetOf(bucket);
      const end = target === undefined ? 'alreadyGone' : await removeExpired(target, bucket);
      // Last: a run that is cut off before this finds the row again.
      if (end === 'removed' || end === 'alreadyGone') await table.remove(bucket);
      return end;
    } catch (error) {
      log('warn', { event: 'sweep-failed', error: describeError(error) });
      return 'failed';
    }
  }

  async function removeExpired(target: RowKeys, bucket: Row): Promise<Swept> {
    const found = await table.read(target, ['expiresAt', 'sidPartition']);
    // A renewal may have given the session another index row than the one it began with.
    const indexPartitions = new Set([bucket.columns['sidPartition']]);
    if (found.kind === 'found') {
      const { expiresAt, sidPartition } = found.row.columns;
      if (expiresAt instanceof Date && expiresAt.getTime() > now().getTime()) {
        await moveToOwnBucket(target, expiresAt, bucket);
        return 'alive';
      }
      // Against the version that was looked at: what was written since is looked at again.
      const removal = await table.removeUnchanged(target, found.etag);
      if (removal.kind === 'changed') return 'alive';
      indexPartitions.add(sidPartition);
    }
    for (const partitionKey of indexPartitions) await removeIndexRow(partitionKey, target);
    return found.kind === 'found' ? 'removed' : 'alreadyGone';
  }

  async function moveToOwnBucket(target: RowKeys, expiresAt: Date, bucket: Row): Promise<void> {
    const own = bucketRow(target, expiresAt, String(bucket.columns['sidPartition'] ?? ''));
    if (own.partitionKey === bucket.partitionKey) return;
    await table.insert(own);
    await table.remove(bucket);
  }

  async function removeIndexRow(partitionKey: ColumnValue | undefined, { rowKey }: RowKeys): Promise<void> {
    if (typeof partitionKey === 'string' && partitionKey !== '') await table.remove({ partitionKey, rowKey });
  }
}
