import { BffError } from '../errors.ts';
import type { Row, RowKeys, Table } from '../storage/table.ts';
import { expiryRow } from './index-rows.ts';
import { isPlausible } from './plausible-instant.ts';

/**
 * A user's tombstone records when all their sessions were ended. A sign-in that began earlier creates no session. Both
 * instants are by the table's clock, because the clocks of workers differ.
 */
export interface Tombstones {
  /** @throws {BffError} storage_unavailable */
  write(userPartition: string): Promise<void>;
  /**
   * When all sessions of the user were last ended. Undefined without a plausible tombstone. A tombstone stays for at
   * least an hour.
   * @throws {BffError} storage_unavailable
   */
  endedAt(userPartition: string): Promise<Date | undefined>;
  /** Like {@link endedAt}, for a tombstone that was read. Undefined without one. */
  endedAtOf(tombstone: Row | undefined): Date | undefined;
}

/** The row key of a tombstone. It comes after those of all sessions in the user's partition. */
export const TOMBSTONE_KEY = 'tombstone';

const WRITE_ATTEMPTS = 5;
/** Must exceed the duration of a sign-in. A login transaction lasts 15 minutes. */
const LIFETIME_MS = 60 * 60_000;

export function createTombstones(table: Table, now: () => Date): Tombstones {
  const endedAtOf = (tombstone: Row | undefined) => {
    const endedAt = tombstone?.columns['endedAt'];
    const latestNow = table.clock.latest(now());
    return endedAt instanceof Date && isPlausible(endedAt, latestNow) ? endedAt : undefined;
  };
  return {
    async write(userPartition) {
      const keys = tombstoneKeys(userPartition);
      const expiresAt = new Date(now().getTime() + LIFETIME_MS);
      await table.insert(expiryRow(keys, expiresAt));
      // After the response to the insert, this worker certainly knows the table's clock. The latest possible instant is
      // used, so that a sign-in ends if it may have begun earlier.
      const endedAt = table.clock.latest(now());
      // `lastUsedAt` has no meaning. The query of a sign-in compares it, and would perhaps omit a row without it.
      const row = { ...keys, columns: { endedAt, expiresAt, lastUsedAt: endedAt } };
      for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
        const found = await table.read(keys);
        if (found.kind === 'missing') {
          if ((await table.insert(row)).kind === 'inserted') return;
          continue;
        }
        const current = found.row.columns['endedAt'];
        if (current instanceof Date && current >= endedAt && isPlausible(current, endedAt)) return;
        if ((await table.replace(row, found.etag)).kind === 'updated') return;
      }
      throw new BffError('storage_unavailable', {
        detail: 'Too many requests ended the sessions of this user at the same time.',
        retryAfterSeconds: 1,
      });
    },
    async endedAt(userPartition) {
      const found = await table.read(tombstoneKeys(userPartition));
      return endedAtOf(found.kind === 'found' ? found.row : undefined);
    },
    endedAtOf,
  };
}

function tombstoneKeys(partitionKey: string): RowKeys {
  return { partitionKey, rowKey: TOMBSTONE_KEY };
}
