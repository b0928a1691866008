import { Buffer } from 'node:buffer';
import type { RowKeys } from '../storage/table.ts';

/** The place of a session's row. */
export interface RowLocator {
  /** Keyed hash of tenant and object id, which names the user's partition. 32 bytes. */
  readonly userHash: Buffer;
  /** Derived from the login transaction. 32 bytes. */
  readonly rowId: Buffer;
}

/** The place of a session's row, and the secret without which the row does not open. */
export interface SessionLocator extends RowLocator {
  /** Only the cookie holds it. 32 bytes. */
  readonly secret: Buffer;
  /** After this the row is not read. The limit that the row seals decides. */
  readonly expiresAt: Date;
}

const USER_PREFIX = 'user-';
const SESSION_PREFIX = 'session-';
const ROW_ID_BYTES = 32;

/**
 * The range of sessions within a partition. Of the characters in keys, `.` follows `-`, so `session.` is the first key
 * after all of `session-…`.
 */
export const SESSION_ROWS = { rowsFrom: SESSION_PREFIX, rowsBefore: 'session.' } as const;

export function sessionRowKeys({ userHash, rowId }: RowLocator): RowKeys {
  return { partitionKey: userPartition(userHash), rowKey: `${SESSION_PREFIX}${toSessionId(rowId)}` };
}

/** The partition with all sessions of a user. */
export function userPartition(userHash: Buffer): string {
  return `${USER_PREFIX}${userHash.toString('base64url')}`;
}

export function userHashOf(partitionKey: string): Buffer {
  return Buffer.from(partitionKey.slice(USER_PREFIX.length), 'base64url');
}

/** Names a session among those of its user. The id opens nothing. */
export function toSessionId(rowId: Buffer): string {
  return rowId.toString('base64url');
}

/** The row id of a session's id: 32 bytes in canonical base64url, otherwise undefined. */
export function parseSessionId(id: string): Buffer | undefined {
  const rowId = Buffer.from(id, 'base64url');
  return rowId.length === ROW_ID_BYTES && toSessionId(rowId) === id ? rowId : undefined;
}

/** The id of the session in this row; undefined if this product did not write the row. */
export function sessionIdOf({ rowKey }: RowKeys): string | undefined {
  const id = rowKey.slice(SESSION_PREFIX.length);
  return parseSessionId(id) === undefined ? undefined : id;
}
