import type { ListedRow, Row, Table } from '../storage/table.ts';
import { SESSION_ROWS, sessionIdOf } from './locator.ts';
import { plausibleLastUse } from './plausible-instant.ts';
import type { SessionRowCodec } from './row.ts';
import type { SessionSummary } from './summary.ts';

/** A session as it is seen without its cookie. If its summary does not open, the summary's members are absent. */
export interface ListedSession extends Partial<SessionSummary> {
  /** Names the session among those of its user. The id opens nothing. */
  readonly id: string;
  /** Updated at most once per twelfth of the idle time. */
  readonly lastUsedAt: Date;
  /** The absolute limit. */
  readonly expiresAt: Date;
  readonly idleExpiresAt: Date;
}

export interface SessionList {
  /** The most recently used session is first. */
  readonly sessions: readonly ListedSession[];
  /** True if the user has more live sessions. The list then holds the first ones by key. */
  readonly isCut: boolean;
  /** How many summaries of these sessions were moved, changed or removed. */
  readonly unreadable: number;
}

export interface LiveRowsDependencies {
  readonly table: Table;
  readonly idleSeconds: number;
  readonly now: () => Date;
}

export interface SessionListDependencies extends LiveRowsDependencies {
  readonly rows: SessionRowCodec;
}

/**
 * More than any user has, because live sessions are limited. It bounds the cost of a partition that an attacker has filled.
 */
const LIST_LIMIT = 500;
const COLUMNS = ['schema', 'keyId', 'lastUsedAt', 'expiresAt', 'summary'] as const;

/**
 * Lists the rows of a user's partition that have passed neither limit. The table filters by the limits.
 * Otherwise ended rows that wait for the sweep would fill the list, and live rows would be missing.
 */
export async function listLiveRows(
  { table, idleSeconds, now }: LiveRowsDependencies,
  partitionKey: string,
  columns: readonly string[],
  limit: number,
): Promise<readonly ListedRow[]> {
  const nowMs = now().getTime();
  const laterThan = { expiresAt: new Date(nowMs), lastUsedAt: new Date(nowMs - idleSeconds * 1000) };
  return table.list({ kind: 'partition', partitionKey, ...SESSION_ROWS, laterThan }, columns, limit);
}

/** Lists the live sessions of a user's partition. */
export function createSessionList(dependencies: SessionListDependencies) {
  return async (partitionKey: string): Promise<SessionList> => {
    const live = await listLiveRows(dependencies, partitionKey, COLUMNS, LIST_LIMIT + 1);
    const listed = live.slice(0, LIST_LIMIT).flatMap(({ row }) => toListed(row, dependencies) ?? []);
    const sessions = listed
      .map(({ session }) => session)
      .filter(({ idleExpiresAt }) => idleExpiresAt.getTime() > dependencies.now().getTime())
      .sort((left, right) => right.lastUsedAt.getTime() - left.lastUsedAt.getTime());
    const unreadable = listed.filter(({ isUnreadable }) => isUnreadable).length;
    return { sessions, isCut: live.length > LIST_LIMIT, unreadable };
  };
}

/** @returns undefined if this product did not write the row */
function toListed(
  row: Row,
  { rows, idleSeconds, now }: SessionListDependencies,
): { readonly session: ListedSession; readonly isUnreadable: boolean } | undefined {
  const { lastUsedAt: column, expiresAt } = row.columns;
  const id = sessionIdOf(row);
  if (id === undefined || !(column instanceof Date && expiresAt instanceof Date)) return undefined;
  const opening = rows.openSummary(row);
  const summary = opening.kind === 'opened' ? opening.summary : undefined;
  const lastUsedAt =
    summary === undefined
      ? column
      : plausibleLastUse(column, { ...summary, claimsAsOf: summary.rolesAsOf }, now());
  const idleExpiresAt = new Date(lastUsedAt.getTime() + idleSeconds * 1000);
  return {
    session: { ...summary, id, lastUsedAt, expiresAt, idleExpiresAt },
    // Still listed. Otherwise anyone who can change the column could hide a live session.
    isUnreadable: opening.kind === 'unreadable',
  };
}
