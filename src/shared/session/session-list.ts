import { Buffer } from 'node:buffer';
import type { Table } from '../storage/table.ts';
import { SESSION_ROWS } from './companion-rows.ts';
import type { SessionAbout } from './session-about.ts';
import type { SessionRowCodec } from './session-row.ts';

/** A session as it is seen without its cookie. What `about` would say is absent where that does not open. */
export interface ListedSession extends Partial<SessionAbout> {
  /** Names the session among those of its person. Who knows it can do nothing with it. */
  readonly id: string;
  /** Use is recorded at most once per twelfth of the idle time. */
  readonly lastUsedAt: Date;
  /** The absolute limit. */
  readonly expiresAt: Date;
  readonly idleExpiresAt: Date;
}

export interface SessionListNeeds {
  readonly table: Table;
  readonly rows: SessionRowCodec;
  readonly idleSeconds: number;
  readonly now: () => Date;
}

/** Nobody has so many; a partition that somebody filled costs no more than this. */
const LIST_LIMIT = 500;
const ROW_ID_BYTES = 32;
const COLUMNS = ['keyId', 'lastUsedAt', 'expiresAt', 'about'] as const;

/** Lists the living sessions of a user's partition, the one that was used last first. */
export function createSessionList({ table, rows, idleSeconds, now }: SessionListNeeds) {
  return async (partitionKey: string): Promise<readonly ListedSession[]> => {
    const range = { kind: 'partition', partitionKey, ...SESSION_ROWS } as const;
    const listed = await table.list(range, COLUMNS, LIST_LIMIT);
    const nowMs = now().getTime();
    return listed
      .flatMap(({ row }) => {
        const { lastUsedAt, expiresAt } = row.columns;
        const id = row.rowKey.slice(SESSION_ROWS.rowsFrom.length);
        // Not a row of ours, whoever put it there.
        if (!(lastUsedAt instanceof Date && expiresAt instanceof Date) || !parseSessionId(id)) return [];
        const idleExpiresAt = new Date(lastUsedAt.getTime() + idleSeconds * 1000);
        const isLiving = expiresAt.getTime() > nowMs && idleExpiresAt.getTime() > nowMs;
        return isLiving ? [{ ...rows.readAbout(row), id, lastUsedAt, expiresAt, idleExpiresAt }] : [];
      })
      .sort((left, right) => right.lastUsedAt.getTime() - left.lastUsedAt.getTime());
  };
}

/** The id that a person's sessions are told apart by. */
export function toSessionId(rowId: Buffer): string {
  return rowId.toString('base64url');
}

/** The row id of a session's id: 32 bytes, in their one canonical spelling. */
export function parseSessionId(id: string): Buffer | undefined {
  const rowId = Buffer.from(id, 'base64url');
  return rowId.length === ROW_ID_BYTES && toSessionId(rowId) === id ? rowId : undefined;
}
