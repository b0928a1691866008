import type { Row, RowRange, Table } from '../storage/table.ts';
import { SESSION_ROWS, sessionIdOf } from './locator.ts';
import { plausibleLastUse } from './plausible-instant.ts';
import type { SessionRowCodec } from './row.ts';
import type { SessionSummary } from './summary.ts';

/** What can be read of a session without its cookie. If the summary does not open, its members are absent. */
export interface ListedSession extends Partial<SessionSummary> {
  /** Unique among the user's sessions. It gives no access. */
  readonly id: string;
  /** The last use that was written. A later use within a twelfth of the idle time is not written. */
  readonly lastUsedAt: Date;
  /** The absolute limit. */
  readonly expiresAt: Date;
  readonly idleExpiresAt: Date;
}

export interface SessionList {
  /** The most recently used session is first. */
  readonly sessions: readonly ListedSession[];
  /** True if the user has more live sessions. The list has only the first ones by row key. */
  readonly isCut: boolean;
  /** How many of these sessions have a missing, moved or changed summary, or one of another app registration. */
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

/** Users rarely have more live sessions. The limit bounds the cost of a partition that an attacker has filled. */
const LIST_LIMIT = 500;
const COLUMNS = ['schema', 'keyId', 'lastUsedAt', 'expiresAt', 'summary'] as const;

/**
 * The sessions' rows of a user's partition that have passed neither the absolute nor the idle limit. The table does the
 * filtering: otherwise expired rows that wait for the sweep could fill a list, and live rows would be missing.
 */
export function liveRows(
  partitionKey: string,
  { idleSeconds, now }: Omit<LiveRowsDependencies, 'table'>,
): RowRange & { readonly kind: 'partition' } {
  const nowMs = now().getTime();
  const laterThan = { expiresAt: new Date(nowMs), lastUsedAt: new Date(nowMs - idleSeconds * 1000) };
  return { kind: 'partition', partitionKey, ...SESSION_ROWS, laterThan };
}

/** Lists the live sessions of a user's partition. */
export function createSessionList(dependencies: SessionListDependencies) {
  return async (partitionKey: string): Promise<SessionList> => {
    const range = liveRows(partitionKey, dependencies);
    const live = await dependencies.table.list(range, COLUMNS, LIST_LIMIT + 1);
    const listed = live.slice(0, LIST_LIMIT).flatMap(({ row }) => toListed(row, dependencies) ?? []);
    const sessions = listed
      .map(({ session }) => session)
      .filter(({ idleExpiresAt }) => idleExpiresAt.getTime() > dependencies.now().getTime())
      .sort((left, right) => right.lastUsedAt.getTime() - left.lastUsedAt.getTime());
    const unreadable = listed.filter(({ isUnreadable }) => isUnreadable).length;
    return { sessions, isCut: live.length > LIST_LIMIT, unreadable };
  };
}

/** @returns undefined if this service did not write the row */
function toListed(
  row: Row,
  { rows, idleSeconds, now }: SessionListDependencies,
): { readonly session: ListedSession; readonly isUnreadable: boolean } | undefined {
  const { lastUsedAt: stored, expiresAt } = row.columns;
  const id = sessionIdOf(row);
  if (id === undefined || !(stored instanceof Date && expiresAt instanceof Date)) return undefined;
  const opened = rows.openSummary(row);
  const summary = opened.kind === 'opened' ? opened.summary : undefined;
  const lastUsedAt =
    summary === undefined
      ? stored
      : plausibleLastUse(stored, { ...summary, claimsAsOf: summary.rolesAsOf }, now());
  const idleExpiresAt = new Date(lastUsedAt.getTime() + idleSeconds * 1000);
  return {
    session: { ...summary, id, lastUsedAt, expiresAt, idleExpiresAt },
    // Such a session is still listed. Otherwise an attacker who can change the summary could hide a live session.
    isUnreadable: opened.kind === 'unreadable',
  };
}
