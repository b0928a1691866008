import { Buffer } from 'node:buffer';
import type { RowKeys } from '../storage/table.ts';

/** Identifies a session's row in the table. */
export interface RowLocator {
  /** Keyed hash of tenant id and object id. It names the user's partition. 32 bytes. */
  readonly userHash: Buffer;
  /** Derived from the login transaction that created the session. 32 bytes. */
  readonly rowId: Buffer;
}

/** The content of a session cookie: identifies the row, and opens it. */
export interface SessionLocator extends RowLocator {
  /** Required to open the row's content. Stored only in the cookie. 32 bytes. */
  readonly secret: Buffer;
  /** After this instant the row is not read. The absolute limit itself is sealed in the row. */
  readonly expiresAt: Date;
}

const USER_PREFIX = 'user-';
const SESSION_PREFIX = 'session-';
const ROW_ID_BYTES = 32;

/**
 * The range of row keys that belong to sessions. The character `.` follows `-`, so all keys `session-…` are before
 * `session.`.
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

/** The public id of a session, unique among the user's sessions. It gives no access. */
export function toSessionId(rowId: Buffer): string {
  return rowId.toString('base64url');
}

/** Returns the row id, or undefined if the text is not 32 bytes in canonical base64url. */
export function parseSessionId(id: string): Buffer | undefined {
  const rowId = Buffer.from(id, 'base64url');
  return rowId.length === ROW_ID_BYTES && toSessionId(rowId) === id ? rowId : undefined;
}

/** The id of the session in this row. Undefined if this service did not write the row. */
export function sessionIdOf({ rowKey }: RowKeys): string | undefined {
  const id = rowKey.slice(SESSION_PREFIX.length);
  return parseSessionId(id) === undefined ? undefined : id;
}
