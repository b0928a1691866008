import type { Buffer } from 'node:buffer';
import { keyedHash } from '../crypto/keyed-hash.ts';
import type { Row, RowKeys, RowRange } from '../storage/table.ts';

/*
 * The rows beside a session's own. They hold keys of other rows, which are keyed hashes, and instants; no content.
 * Of the characters that keys are made of, `.` follows `-`: `session.` is the first key behind all of `session-…`.
 */

export const SESSION_ROWS = { rowsFrom: 'session-', rowsBefore: 'session.' } as const;

/** The partition of the sessions that Entra calls by this `sid`: front-channel logout brings nothing else. */
export function sidPartition(indexKey: Buffer, sid: string): string {
  return `sid-${keyedHash(indexKey, ['sid', sid]).toString('base64url')}`;
}

/** Leads from Entra's `sid` to a session. A hint: a session ends by its own row. */
export function sidRow(partitionKey: string, session: RowKeys): Row {
  return { partitionKey, rowKey: session.rowKey, columns: { sessionPartition: session.partitionKey } };
}

/** One per user, made when all their sessions are ended: it catches a sign-in that is under way meanwhile. */
export function userRowKeys(partitionKey: string): RowKeys {
  return { partitionKey, rowKey: 'user' };
}

/** Partitions are written to by every sign-in of an hour: by shards, so that no single one is. */
const SHARDS = 16;

/**
 * Where the sweep finds a row that expires: a table has no index on time.
 * @param indexPartition where the row's index row is, which goes with it
 */
export function bucketRow(target: RowKeys, expiresAt: Date, indexPartition = ''): Row {
  const shard = shardOf(target).toString(SHARDS);
  return {
    partitionKey: `expires-${hourOf(expiresAt)}-${shard}`,
    rowKey: `${target.partitionKey}.${target.rowKey}`,
    columns: { sidPartition: indexPartition },
  };
}

/** The buckets whose hour is over at this instant, the oldest first. */
export function bucketsUntil(instant: Date): RowRange {
  return { kind: 'partitions', from: 'expires-', before: `expires-${hourOf(instant)}` };
}

/** The row that a bucket row stands for; undefined when the product did not write it. */
export function targetOf({ rowKey }: RowKeys): RowKeys | undefined {
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
