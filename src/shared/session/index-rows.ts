import type { Buffer } from 'node:buffer';
import { keyedHash } from '../crypto/keyed-hash.ts';
import type { Row, RowKeys, RowRange } from '../storage/table.ts';

/* Rows that lead to other rows. They contain only keyed hashes, the hour of an expiry, and the mark `ended`. */

/** The partition of the index rows for one `sid` of Entra ID. Front-channel logout sends a `sid` and no user id. */
export function sidPartition(indexKey: Buffer, sid: string): string {
  return `sid-${keyedHash(indexKey, ['sid', sid]).toString('base64url')}`;
}

/** Leads from Entra ID's `sid` to a session's row, which may no longer exist. */
export function sidIndexRow(partitionKey: string, session: RowKeys): Row {
  return { partitionKey, rowKey: session.rowKey, columns: { sessionPartition: session.partitionKey } };
}

/** The expiry rows of one hour are spread over this many partitions, because every sign-in inserts one. */
const SHARDS = 16;

/**
 * Leads the sweep to a row that expires. A table has no index on time.
 * @param sidPartition the partition of the session's `sid` index row, which the sweep removes too
 */
export function expiryRow(target: RowKeys, expiresAt: Date, sidPartition = ''): Row {
  const shard = shardOf(target).toString(SHARDS);
  return {
    partitionKey: `expires-${hourOf(expiresAt)}-${shard}`,
    rowKey: `${target.partitionKey}.${target.rowKey}`,
    columns: { sidPartition },
  };
}

/** The expiry rows of all hours that are over at this instant, the oldest hour first. */
export function expiryRowsUntil(instant: Date): RowRange {
  return { kind: 'partitions', from: 'expires-', before: `expires-${hourOf(instant)}` };
}

/** The row to which an expiry row leads. Undefined if its key does not have the form that this service writes. */
export function expiringRow({ rowKey }: RowKeys): RowKeys | undefined {
  const [partitionKey, targetRowKey, ...more] = rowKey.split('.');
  if (partitionKey === undefined || targetRowKey === undefined || more.length > 0) return undefined;
  return { partitionKey, rowKey: targetRowKey };
}

function hourOf(instant: Date): string {
  return instant.toISOString().slice(0, '2026-08-01T12'.length);
}

function shardOf({ partitionKey, rowKey }: RowKeys): number {
  return [...partitionKey, ...rowKey].reduce((sum, character) => sum + character.charCodeAt(0), 0) % SHARDS;
}
