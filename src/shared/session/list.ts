import { Buffer } from 'node:buffer';
import type { ListedRow, Table } from '../storage/table.ts';
import { SESSION_ROWS } from './index-rows.ts';
import { believedUse } from './plausible-instant.ts';
import type { SessionRowCodec } from './row.ts';
import type { SessionSummary } from './summary.ts';

/** A session as it is seen without its cookie. What `about` would say is absent where that does not open. */
export interface ListedSession extends Partial<SessionSummary> {
  /** Names the session among those of its person. Who knows it can do nothing with it. */
  readonly id: string;
  /** Use is recorded at most once per twelfth of the idle time. */
  readonly lastUsedAt: Date;
  /** The absolute limit. */
  readonly expiresAt: Date;
  readonly idleExpiresAt: Date;
}

export interface SessionListing {
  /** The most recently used session is first. */
  readonly sessions: readonly ListedSession[];
  /** True if the user has more live sessions. The list then holds the first ones by key. */
  readonly isCut: boolean;
  /** How many of them do not open in their place, as far as is known without their cookie. */
  readonly unreadable: number;
}

export interface LivingRowsNeeds {
  readonly table: Table;
  readonly idleSeconds: number;
  readonly now: () => Date;
}

export interface SessionListNeeds extends LivingRowsNeeds {
  readonly rows: SessionRowCodec;
}

/**
 * More than any user has, because live sessions are limited. A partition that an attacker filled costs no more
 * than this.
 */
const LIST_LIMIT = 500;
const ROW_ID_BYTES = 32;
const COLUMNS = ['schema', 'keyId', 'lastUsedAt', 'expiresAt', 'about'] as const;

/**
 * Lists the rows of a user's partition that have passed neither limit. The table filters by the limits.
 * Otherwise ended rows that wait for the sweep would fill the list, and live rows would be missing.
 */
export async function listLivingRows(
  { table, idleSeconds, now }: LivingRowsNeeds,
  partitionKey: string,
  columns: readonly string[],
  limit: number,
): Promise<readonly ListedRow[]> {
  const nowMs = now().getTime();
  const laterThan = { expiresAt: new Date(nowMs), lastUsedAt: new Date(nowMs - idleSeconds * 1000) };
  return table.list({ kind: 'partition', partitionKey, ...SESSION_ROWS, laterThan }, columns, limit);
}

/** Lists the living sessions of a user's partition. */
export function createSessionList(needs: SessionListNeeds) {
  const { rows, idleSeconds, now } = needs;
  return async (partitionKey: string): Promise<SessionListing> => {
    const living = await listLivingRows(needs, partitionKey, COLUMNS, LIST_LIMIT + 1);
    let unreadable = 0;
    const sessions = living
      .slice(0, LIST_LIMIT)
      .flatMap(({ row }) => {
        const { lastUsedAt: column, expiresAt } = row.columns;
        const id = row.rowKey.slice(SESSION_ROWS.rowsFrom.length);
        // Not a row of ours, whoever put it there.
        if (!(column instanceof Date && expiresAt instanceof Date) || !parseSessionId(id)) return [];
        const opening = rows.openAbout(row);
        // Still listed, because otherwise anyone able to change this column could hide a live session.
        if (opening.kind === 'unreadable') unreadable++;
        const about = opening.kind === 'opened' ? opening.about : undefined;
        const lastUsedAt =
          about === undefined ? column : believedUse(column, { ...about, saidAt: about.rolesAsOf }, now());
        const idleExpiresAt = new Date(lastUsedAt.getTime() + idleSeconds * 1000);
        if (idleExpiresAt.getTime() <= now().getTime()) return [];
        return [{ ...about, id, lastUsedAt, expiresAt, idleExpiresAt }];
      })
      .sort((left, right) => right.lastUsedAt.getTime() - left.lastUsedAt.getTime());
    return { sessions, isCut: living.length > LIST_LIMIT, unreadable };
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
