import type { Buffer } from 'node:buffer';
import { keyedHash } from '../crypto/keyed-hash.ts';
import type { Row, RowKeys, RowRange } from '../storage/table.ts';

/*
 * Rows that lead to other rows. They hold keys, which are keyed hashes, and no content.
 */

/** The partition of the sessions with one `sid` of Entra ID, the only value that front-channel logout sends. */
export function sidPartition(indexKey: Buffer, sid: string): string {
  return `sid-${keyedHash(indexKey, ['sid', sid]).toString('base64url')}`;
}

/** Leads from Entra ID's `sid` to a session. The session's own row decides whether the session exists. */
export function sidIndexRow(partitionKey: string, session: RowKeys): Row {
  return { partitionKey, rowKey: session.rowKey, columns: { sessionPartition: session.partitionKey } };
}

/** Every sign-in of an hour inserts an expiry row. They are spread over this many partitions. */
const SHARDS = 16;

/**
 * Lets the sweep find a row that expires, because a table has no index on time.
 * @param sidPartition the partition of the row's sid index row, which is removed together with it
 */
export function expiryRow(target: RowKeys, expiresAt: Date, sidPartition = ''): Row {
  const shard = shardOf(target).toString(SHARDS);
  return {
    partitionKey: `expires-${hourOf(expiresAt)}-${shard}`,
    rowKey: `${target.partitionKey}.${target.rowKey}`,
    columns: { sidPartition },
  };
}

/** The expiry rows of the hours that are over at this instant, the oldest hour first. */
export function expiryRowsUntil(instant: Date): RowRange {
  return { kind: 'partitions', from: 'expires-', before: `expires-${hourOf(instant)}` };
}

/** The row to which an expiry row leads; undefined if this product did not write the expiry row. */
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
