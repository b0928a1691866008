import type { Buffer } from 'node:buffer';
import type { RandomBytes } from '../crypto/seal.ts';
import type { ListedRow, Row, RowKeys, Table } from '../storage/table.ts';
import type { SessionCookieCodec } from './cookie.ts';
import type { SessionContent } from './facts.ts';
import { expiryRow, sidIndexRow, sidPartition } from './index-rows.ts';
import { type RowLocator, type SessionLocator, sessionRowKeys } from './locator.ts';
import type { SessionMemory } from './memory.ts';
import type { SessionRevocation } from './revocation.ts';
import type { RowState, SessionRowCodec } from './row.ts';
import type { Session, SessionOpener } from './session.ts';
import type { Tombstones } from './tombstones.ts';
import { hashUser } from './user-hash.ts';
import { readUserRows } from './user-rows.ts';

export interface CreatedSession {
  readonly kind: 'created';
  readonly session: Session;
  readonly cookieValue: string;
  /**
   * Ends the user's least recently used sessions beyond the limit per user.
   * @param replaced a session of any user that was removed since, and does not count
   * @returns how many sessions ended
   * @throws {BffError} storage_unavailable
   */
  endLeastRecentlyUsed(replaced?: RowLocator): Promise<number>;
}

export type CreateSessionResult =
  | CreatedSession
  /** The login transaction has already created a session: the callback was repeated. */
  | { readonly kind: 'exists' }
  /** During this sign-in, all sessions of the user were ended, or all sessions with the same `sid`. */
  | { readonly kind: 'ended-meanwhile' };

export interface SessionCreationDependencies {
  readonly table: Table;
  /** Never held back. Checks whether the new session has ended, and removes its row. */
  readonly endingTable: Table;
  readonly rows: SessionRowCodec;
  readonly cookies: SessionCookieCodec;
  readonly opener: SessionOpener;
  readonly memory: SessionMemory;
  readonly revocation: Pick<SessionRevocation, 'remove' | 'endLeastRecentlyUsed'>;
  readonly tombstones: Tombstones;
  readonly indexKey: Buffer;
  readonly idleSeconds: number;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
  readonly random: RandomBytes;
}

const SECRET_BYTES = 32;

/** Creates the session of a sign-in. No other operation inserts a session's row. */
export function createSessionCreator(dependencies: SessionCreationDependencies) {
  const { table, rows, cookies, opener, memory, revocation, indexKey, now, monotonicMs, random } =
    dependencies;

  return async (
    content: SessionContent,
    rowId: Buffer,
    earliestStart: Date,
  ): Promise<CreateSessionResult> => {
    const { claims, expiresAt } = content.facts;
    const userHash = hashUser(indexKey, claims.principal);
    const locator: SessionLocator = { userHash, rowId, secret: random(SECRET_BYTES), expiresAt };
    const keys = sessionRowKeys(locator);
    const sid = claims.entraSessionId;
    const indexRow = sid === undefined ? undefined : sidIndexRow(sidPartition(indexKey, sid), keys);
    // These rows are inserted before the session's row, so that a session never exists without them. If the sign-in is
    // interrupted, the sweep removes them.
    await Promise.all([
      table.insert(expiryRow(keys, expiresAt, indexRow?.partitionKey)),
      ...(indexRow === undefined ? [] : [table.insert(indexRow)]),
    ]);

    const state: RowState = { lastUsedAt: now(), generation: 0 };
    const row = rows.toRow(locator, content, state);
    const requestedAtMs = monotonicMs();
    let etag: string | undefined;
    let found: FoundAfterInsert;
    try {
      etag = await insertRow(dependencies, row, locator);
      if (etag === undefined) return { kind: 'exists' };
      found = await findAfterInsert(dependencies, keys, indexRow, earliestStart);
      if (found.hasEnded) {
        await revocation.remove(keys, sid);
        return { kind: 'ended-meanwhile' };
      }
    } catch (error) {
      await undoCreation(dependencies, locator, indexRow, etag).catch(() => undefined);
      throw error;
    }
    const session = opener.toSession(locator, content, state, etag);
    const cookieValue = cookies.write(locator);
    memory.store(cookieValue, keys, { session, requestedAtMs });
    return {
      kind: 'created',
      session,
      cookieValue,
      endLeastRecentlyUsed: (replaced) =>
        revocation.endLeastRecentlyUsed(keys, without(found.sessions, replaced)),
    };
  };
}

/** @returns the inserted version; undefined if another callback of this sign-in has inserted the row */
async function insertRow(
  dependencies: SessionCreationDependencies,
  row: Row,
  locator: SessionLocator,
): Promise<string | undefined> {
  const inserted = await dependencies.table.insert(row);
  return inserted.kind === 'inserted' ? inserted.etag : findInsertedRow(dependencies, locator);
}

/**
 * Returns the row's version if this call inserted the row, otherwise undefined. If the response to an insert is lost,
 * the table client repeats the insert, which fails because the row exists. The row opens only with the secret of the
 * call that inserted it.
 */
async function findInsertedRow(
  { endingTable, rows }: SessionCreationDependencies,
  locator: SessionLocator,
): Promise<string | undefined> {
  const found = await endingTable.read(sessionRowKeys(locator));
  return found.kind === 'found' && rows.open(locator, found.row).kind === 'opened' ? found.etag : undefined;
}

interface FoundAfterInsert {
  /** Whether all sessions of the user, or all with the same `sid`, were ended during this sign-in. */
  readonly hasEnded: boolean;
  /** The user's live sessions. Undefined if the table did not list them in time. */
  readonly sessions: readonly ListedRow[] | undefined;
}

/** Must begin after the insert: an ending that did not find the session's row has left its mark before. */
async function findAfterInsert(
  dependencies: SessionCreationDependencies,
  keys: RowKeys,
  indexRow: RowKeys | undefined,
  earliestStart: Date,
): Promise<FoundAfterInsert> {
  const { endingTable } = dependencies;
  const [index, { allEndedAt, sessions }] = await Promise.all([
    indexRow === undefined ? undefined : endingTable.read(indexRow, ['ended']),
    readUserRows({ ...dependencies, table: endingTable }, keys.partitionKey),
  ]);
  const hasSidEnded =
    index?.kind === 'missing' || (index?.kind === 'found' && index.row.columns['ended'] === true);
  const hasAllEnded = allEndedAt !== undefined && allEndedAt.getTime() >= earliestStart.getTime();
  return { hasEnded: hasSidEnded || hasAllEnded, sessions };
}

function without(
  sessions: readonly ListedRow[] | undefined,
  removed: RowLocator | undefined,
): readonly ListedRow[] | undefined {
  if (removed === undefined) return sessions;
  const { partitionKey, rowKey } = sessionRowKeys(removed);
  return sessions?.filter(({ row }) => row.partitionKey !== partitionKey || row.rowKey !== rowKey);
}

/**
 * Removes the row that a failed sign-in has inserted, or may have inserted, because no browser receives its cookie.
 * Another callback of the same sign-in may have inserted the row. So it is removed only if its version or the secret
 * shows that this call inserted it. Otherwise nothing is removed, and an unused session ends at its idle limit.
 */
async function undoCreation(
  dependencies: SessionCreationDependencies,
  locator: SessionLocator,
  indexRow: RowKeys | undefined,
  insertedEtag: string | undefined,
): Promise<void> {
  const { endingTable } = dependencies;
  const find = () => findInsertedRow(dependencies, locator);
  // Retried once, because a row that stays would appear in the user's list of sessions until its idle limit.
  const etag = insertedEtag ?? (await find().catch(find));
  if (etag === undefined) return;
  if ((await endingTable.removeUnchanged(sessionRowKeys(locator), etag)).kind === 'changed') return;
  if (indexRow !== undefined) await endingTable.remove(indexRow);
}
