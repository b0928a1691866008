import type { Buffer } from 'node:buffer';
import type { KeyRing } from '../crypto/key-ring.ts';
import type { RandomBytes } from '../crypto/seal.ts';
import type { Principal } from '../identity/principal.ts';
import type { RowKeys, Table } from '../storage/table.ts';
import { createSessionCookieCodec, type RowAddress, type SessionAddress } from './cookie.ts';
import type { SessionContent } from './facts.ts';
import { bucketRow, sidPartition, sidRow } from './index-rows.ts';
import { createSessionList, parseSessionId, type SessionListing } from './list.ts';
import { type CachedSession, createSessionMemory } from './memory.ts';
import { createSessionRevocation, type SessionEnding } from './revocation.ts';
import { createSessionRowCodec, type RowState } from './row.ts';
import { createSessionOpener, type Session } from './session.ts';
import { createSessionUpdates, type SessionUpdates } from './updates.ts';
import { hashUser } from './user-hash.ts';

export type { ListedSession, SessionListing } from './list.ts';
export type { SessionEnding } from './revocation.ts';
export { newerThanThisWorker, type Session } from './session.ts';

export type SessionRead =
  | { readonly kind: 'live'; readonly session: Session }
  /** Written by a newer version, or under a newer key than this worker knows. Another worker may serve it. */
  | { readonly kind: 'newer' }
  | { readonly kind: 'none'; readonly reason: SessionAbsence };

/** Why a cookie leads to no session. All of them mean "not signed in"; they are told apart in the log. */
export type SessionAbsence =
  | 'cookie-invalid'
  | 'missing'
  | 'idle-expired'
  | 'expired'
  | 'unreadable'
  | 'retired-key';

export type SessionCreation =
  | { readonly kind: 'created'; readonly session: Session; readonly cookieValue: string }
  /** This sign-in already made its session: a replayed callback. */
  | { readonly kind: 'exists' }
  /** All sessions of the user were ended while this sign-in was under way, or those of Entra's after its index row stood. */
  | { readonly kind: 'ended-meanwhile' };

/**
 * The server's record of signed-in browsers: one sealed row per sign-in, in the user's partition.
 * Rows are inserted by `create` alone; every later write is held against the version that was read.
 * @throws {BffError} storage_unavailable, from every operation
 */
export interface SessionStore extends SessionUpdates {
  /**
   * @param rowId derived from the login transaction, so that one transaction makes one session at most
   * @param startedAt when the sign-in began: ending all sessions after that ends this one too
   */
  create(content: SessionContent, rowId: Buffer, startedAt: Date): Promise<SessionCreation>;
  /** From this worker's copy while it is fresh, else one point read. */
  read(cookieValue: string): Promise<SessionRead>;
  /**
   * Adds the size of related data in memory to the session's entry, as long as the session's facts stay the
   * same.
   */
  weigh(session: Session, bytes: number): void;
  /** The address in a cookie that this service made, whatever became of the row. */
  addressOf(cookieValue: string): SessionAddress | undefined;
  /** @param sid Entra's name of the session where it is known */
  remove(address: RowAddress, sid?: string): Promise<void>;
  /** The user's live sessions, at most 500. */
  list(user: User): Promise<SessionListing>;
  /** Ends the session of this user that is listed under this id, whoever made the id up. */
  endOne(user: User, id: string): Promise<SessionEnding>;
  /** Ends all sessions of a user but one, sign-ins under way included; gives how many rows went. */
  endAll(user: User, except?: RowAddress): Promise<number>;
  /** Ends the user's least recently used sessions beyond the limit for one user. */
  endOldest(keep: RowAddress): Promise<number>;
  /** Ends the sessions that Entra calls by this `sid`; gives whose each of them was. */
  endBySid(sid: string): Promise<readonly Pick<RowAddress, 'userHash'>[]>;
  check(): Promise<void>;
}

/** Who somebody is, whatever they are called. */
export type User = Pick<Principal, 'tenantId' | 'objectId'>;

export interface SessionStoreNeeds {
  readonly table: Table;
  /** Client id and cloud. Rows of another registration do not open. */
  readonly registration: readonly string[];
  readonly keyRing: KeyRing;
  readonly indexKey: Buffer;
  readonly idleSeconds: number;
  /** Maximum number of live sessions per user; unlimited if omitted. */
  readonly maxPerUser?: number;
  /** How long this worker serves a session without asking the table; 0: it always asks. */
  readonly cacheSeconds: number;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
  readonly random: RandomBytes;
  /** Between two tries of a write that met another. */
  readonly wait?: (durationMs: number) => Promise<void>;
}

const SECRET_BYTES = 32;

/** A read under way, which others for the same cookie share. */
interface Flight {
  readonly requestedAtMs: number;
  readonly result: Promise<SessionRead>;
}

export function createSessionStore(needs: SessionStoreNeeds): SessionStore {
  const { table, indexKey, idleSeconds, now, monotonicMs, random } = needs;
  const cookies = createSessionCookieCodec(indexKey);
  const rows = createSessionRowCodec({ ...needs, tableName: table.name });
  const opener = createSessionOpener(rows, idleSeconds, now);
  const copy = createSessionMemory(needs);
  const updates = createSessionUpdates({ ...needs, rows, opener, copy });
  const endings = createSessionRevocation({ ...needs, copy });
  const list = createSessionList({ table, rows, idleSeconds, now });
  const flights = new Map<string, Flight>();

  const withinLimits = (session: Session): SessionRead => {
    const nowMs = now().getTime();
    if (session.facts.expiresAt.getTime() <= nowMs) return { kind: 'none', reason: 'expired' };
    if (session.idleExpiresAt.getTime() <= nowMs) return { kind: 'none', reason: 'idle-expired' };
    return { kind: 'live', session };
  };

  const readFromTable = async (
    cookieValue: string,
    kept: CachedSession | undefined,
    requestedAtMs: number,
  ): Promise<SessionRead> => {
    const address = kept?.session.address ?? cookies.read(cookieValue);
    if (address === undefined) return { kind: 'none', reason: 'cookie-invalid' };
    // Not worth a read: the row's own sealed limit is no later.
    if (address.expiresAt.getTime() <= now().getTime()) return { kind: 'none', reason: 'expired' };
    const keys = rows.keysOf(address);
    if (copy.hasEnded(keys)) return { kind: 'none', reason: 'missing' };
    const found = await table.read(keys);
    // Ended on this worker while the read was under way: what it brought is of the past.
    if (found.kind === 'missing' || copy.hasEnded(keys)) return { kind: 'none', reason: 'missing' };
    if (kept !== undefined && kept.session.etag === found.etag) {
      copy.keep(cookieValue, keys, { session: kept.session, requestedAtMs });
      return withinLimits(kept.session);
    }
    const opening = opener.open(address, found);
    if (opening.kind === 'newer') return opening;
    if (opening.kind !== 'opened') return { kind: 'none', reason: opening.kind };
    copy.keep(cookieValue, keys, { session: opening.session, requestedAtMs });
    return withinLimits(opening.session);
  };

  /** An insert whose answer was lost is repeated and finds itself: the row opens with a secret that only it had. */
  const findOwnInsert = async (address: SessionAddress): Promise<string | undefined> => {
    const found = await table.read(rows.keysOf(address));
    return found.kind === 'found' && rows.open(address, found.row).kind === 'opened' ? found.etag : undefined;
  };

  /**
   * Removes the row that was inserted, or may have been, for a sign-in that fails, because no browser gets its
   * cookie. Only a row known to belong to this sign-in is removed. The proof is the inserted version or the
   * secret that opens the row, because another callback of the same sign-in may have made it. Without a proof
   * the row stays and expires at its idle limit.
   */
  const takeBack = async (address: SessionAddress, indexRow: RowKeys | undefined, insertedAs?: string) => {
    // Retried once, because a row that stays is listed among the user's sessions until then.
    const etag = insertedAs ?? (await findOwnInsert(address).catch(() => findOwnInsert(address)));
    if (etag === undefined) return;
    if ((await table.removeUnchanged(rows.keysOf(address), etag)).kind === 'changed') return;
    if (indexRow !== undefined) await table.remove(indexRow);
  };

  return {
    ...updates,

    async create(content, rowId, startedAt) {
      const { claims, expiresAt } = content.facts;
      const address: SessionAddress = {
        userHash: hashUser(indexKey, claims.principal),
        rowId,
        secret: random(SECRET_BYTES),
        expiresAt,
      };
      const keys = rows.keysOf(address);
      const sid = claims.entraSessionId;
      const indexRow = sid === undefined ? undefined : sidRow(sidPartition(indexKey, sid), keys);
      // Before the session: a sign-in that is cut off here leaves nothing that the sweep does not find.
      await Promise.all([
        table.insert(bucketRow(keys, expiresAt, indexRow?.partitionKey)),
        ...(indexRow === undefined ? [] : [table.insert(indexRow)]),
      ]);
      const state: RowState = { lastUsedAt: now(), generation: 0 };
      const requestedAtMs = monotonicMs();
      const failed = (insertedAs?: string) => async (error: unknown) => {
        await takeBack(address, indexRow, insertedAs).catch(() => undefined);
        throw error;
      };
      const inserted = await table.insert(rows.toRow(address, content, state)).catch(failed());
      const etag =
        inserted.kind === 'inserted' ? inserted.etag : await findOwnInsert(address).catch(failed());
      if (etag === undefined) return { kind: 'exists' };
      // What ended the user's sessions, or Entra's, before this row was there has not seen it.
      const [index, allEndedAt] = await Promise.all([
        indexRow === undefined ? undefined : table.read(indexRow, ['ended']),
        endings.allEndedAt(keys.partitionKey),
      ]).catch(failed(etag));
      const sidEnded =
        index?.kind === 'missing' || (index?.kind === 'found' && index.row.columns['ended'] === true);
      if (sidEnded || (allEndedAt !== undefined && allEndedAt.getTime() >= startedAt.getTime())) {
        await endings.remove(keys, sid).catch(failed(etag));
        return { kind: 'ended-meanwhile' };
      }
      const session = opener.toSession(address, content, state, etag);
      const cookieValue = cookies.write(address);
      copy.keep(cookieValue, keys, { session, requestedAtMs });
      return { kind: 'created', session, cookieValue };
    },

    async read(cookieValue) {
      const kept = copy.find(cookieValue);
      if (kept !== undefined && copy.isFresh(kept.requestedAtMs)) {
        const known = withinLimits(kept.session);
        // Another worker may have recorded a use that this copy has not seen.
        if (known.kind !== 'none' || known.reason !== 'idle-expired') return known;
      }
      const flying = flights.get(cookieValue);
      if (flying !== undefined && copy.isFresh(flying.requestedAtMs)) return flying.result;
      const requestedAtMs = monotonicMs();
      const flight = { requestedAtMs, result: readFromTable(cookieValue, kept, requestedAtMs) };
      flights.set(cookieValue, flight);
      try {
        const result = await flight.result;
        if (result.kind === 'none') copy.drop(cookieValue);
        return result;
      } finally {
        if (flights.get(cookieValue) === flight) flights.delete(cookieValue);
      }
    },

    weigh: ({ address, facts }, bytes) => copy.weigh(rows.keysOf(address), facts, bytes),
    addressOf: (cookieValue) => cookies.read(cookieValue),
    remove: (address, sid) => endings.remove(rows.keysOf(address), sid),
    list: (user) => list(rows.partitionOf(hashUser(indexKey, user))),
    async endOne(user, id) {
      const rowId = parseSessionId(id);
      if (rowId === undefined) return { kind: 'none' };
      return endings.endOne(rows.keysOf({ userHash: hashUser(indexKey, user), rowId }));
    },
    endAll: (user, except) =>
      endings.endAll(
        rows.partitionOf(hashUser(indexKey, user)),
        except === undefined ? undefined : rows.keysOf(except),
      ),
    endOldest: (keep) => endings.endOldest(rows.keysOf(keep)),
    async endBySid(sid) {
      const ended = await endings.endBySid(sid);
      return ended.map(({ partitionKey }) => ({ userHash: rows.userHashOf(partitionKey) }));
    },
    check: () => table.check(),
  };
}
