import type { Buffer } from 'node:buffer';
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { KeyRing } from '../crypto/key-ring.ts';
import { keyedHash } from '../crypto/keyed-hash.ts';
import type { RandomBytes } from '../crypto/seal.ts';
import { BffError } from '../errors.ts';
import type { Row, Table } from '../storage/table.ts';
import { mergeContent } from './merge.ts';
import type { SessionContent, SessionFacts } from './session.ts';
import { createSessionCookieCodec, type RowAddress, type SessionAddress } from './session-cookie.ts';
import { createSessionRowCodec, type RowOpening, type RowState } from './session-row.ts';

/** A session as it was read: its content, and the version a write is held against. */
export interface Session extends SessionContent, RowState {
  readonly address: SessionAddress;
  readonly idleExpiresAt: Date;
  readonly etag: string;
}

export type SessionRead =
  | { readonly kind: 'live'; readonly session: Session }
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
  | { readonly kind: 'exists' };

export type SessionRefetch =
  | { readonly kind: 'found'; readonly session: Session }
  | { readonly kind: 'gone' };

export type LeaseTaking =
  | { readonly kind: 'taken'; readonly session: Session }
  /** Somebody wrote since the session was read: look again. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'gone' };

export type SessionWrite =
  | { readonly kind: 'written'; readonly session: Session }
  /** Deleted meanwhile: deletion wins, nothing was written. */
  | { readonly kind: 'gone' };

/**
 * The server's record of signed-in browsers: one sealed row per sign-in, in the user's partition.
 * Rows are inserted by `create` alone; every later write is held against the version that was read.
 * @throws {BffError} storage_unavailable, from every operation
 */
export interface SessionStore {
  /** @param rowId derived from the login transaction, so that one transaction makes one session at most. */
  create(content: SessionContent, rowId: Buffer): Promise<SessionCreation>;
  read(cookieValue: string): Promise<SessionRead>;
  /** @param releasing the writer's own lease, which ends with this write */
  write(session: Session, content: SessionContent, releasing?: string): Promise<SessionWrite>;
  /** The session as it stands in the table now. */
  refetch(session: Session): Promise<SessionRefetch>;
  /** Takes the right to redeem the refresh token, if the row is still as it was read. */
  takeLease(session: Session, leaseId: string): Promise<LeaseTaking>;
  /** Records use, at most once per twelfth of the idle time. The session to go on with is the one returned. */
  touch(session: Session): Promise<Session>;
  /** The address in a cookie that this service made, whatever became of the row. */
  addressOf(cookieValue: string): SessionAddress | undefined;
  remove(address: RowAddress): Promise<void>;
  check(): Promise<void>;
}

export interface SessionStoreNeeds {
  readonly table: Table;
  readonly keyRing: KeyRing;
  readonly indexKey: Buffer;
  readonly idleSeconds: number;
  readonly now: () => Date;
  readonly random: RandomBytes;
}

const SECRET_BYTES = 32;
const WRITE_ATTEMPTS = 5;
const JITTER_MS = 20;

export function createSessionStore(needs: SessionStoreNeeds): SessionStore {
  const { table, keyRing, indexKey, idleSeconds, now, random } = needs;
  const cookies = createSessionCookieCodec(indexKey, now);
  const rows = createSessionRowCodec({ tableName: table.name, keyRing, random });

  const toSession = (
    address: SessionAddress,
    { facts, msalCache, tokenGeneration, refreshFailure }: SessionContent,
    { lastUsedAt, leaseId, generation }: RowState,
    etag: string,
  ): Session => ({
    facts,
    msalCache,
    tokenGeneration,
    ...(refreshFailure === undefined ? {} : { refreshFailure }),
    address,
    lastUsedAt,
    ...(leaseId === undefined ? {} : { leaseId }),
    generation,
    idleExpiresAt: new Date(lastUsedAt.getTime() + idleSeconds * 1000),
    etag,
  });

  const openRow = (address: SessionAddress, row: Row): Exclude<RowOpening, { kind: 'newer' }> => {
    const opening = rows.open(address, row);
    if (opening.kind === 'newer') throw newerThanThisWorker();
    return opening;
  };

  /** An insert whose answer was lost is repeated and finds itself: the row opens with a secret that only it had. */
  const findOwnInsert = async (address: SessionAddress): Promise<string | undefined> => {
    const found = await table.read(rows.keysOf(address));
    return found.kind === 'found' && rows.open(address, found.row).kind === 'opened' ? found.etag : undefined;
  };

  const refetch = async ({ address }: Session): Promise<SessionRefetch> => {
    const found = await table.read(rows.keysOf(address));
    if (found.kind === 'missing') return { kind: 'gone' };
    const opening = openRow(address, found.row);
    if (opening.kind !== 'opened') return { kind: 'gone' };
    return { kind: 'found', session: toSession(address, opening.content, opening.state, found.etag) };
  };

  return {
    async create(content, rowId) {
      const address: SessionAddress = {
        userHash: hashOfUser(indexKey, content.facts),
        rowId,
        secret: random(SECRET_BYTES),
        expiresAt: content.facts.expiresAt,
      };
      const state: RowState = { lastUsedAt: now(), generation: 0 };
      const inserted = await table.insert(rows.toRow(address, content, state));
      const etag = inserted.kind === 'inserted' ? inserted.etag : await findOwnInsert(address);
      if (etag === undefined) return { kind: 'exists' };
      const session = toSession(address, content, state, etag);
      return { kind: 'created', session, cookieValue: cookies.write(address) };
    },

    async read(cookieValue) {
      const address = cookies.read(cookieValue);
      if (address === undefined) return { kind: 'none', reason: 'cookie-invalid' };
      const found = await table.read(rows.keysOf(address));
      if (found.kind === 'missing') return { kind: 'none', reason: 'missing' };
      const opening = openRow(address, found.row);
      if (opening.kind !== 'opened') return { kind: 'none', reason: opening.kind };
      const session = toSession(address, opening.content, opening.state, found.etag);
      const nowMs = now().getTime();
      if (session.facts.expiresAt.getTime() <= nowMs) return { kind: 'none', reason: 'expired' };
      if (session.idleExpiresAt.getTime() <= nowMs) return { kind: 'none', reason: 'idle-expired' };
      return { kind: 'live', session };
    },

    async write(session, content, releasing) {
      let base = session;
      let ours = content;
      for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
        const releases = releasing !== undefined && base.leaseId === releasing;
        if (isSameContent(base, ours) && !releases) return { kind: 'written', session: base };
        // A lease of somebody else stays: only its holder ends it, or its time.
        const state = releases ? withoutLease(base) : base;
        const updated = await table.replace(rows.toRow(base.address, ours, state), base.etag);
        if (updated.kind === 'updated') {
          return { kind: 'written', session: toSession(base.address, ours, state, updated.etag) };
        }
        if (updated.kind === 'missing') return { kind: 'gone' };
        await wait(random(1).readUInt8(0) % JITTER_MS);
        const theirs = await refetch(base);
        if (theirs.kind === 'gone') return { kind: 'gone' };
        ours = mergeContent(base, ours, theirs.session);
        base = theirs.session;
      }
      throw new BffError('storage_unavailable', {
        detail: 'Too many requests wrote to this session at once.',
        retryAfterSeconds: 1,
      });
    },

    refetch,

    async takeLease(session, leaseId) {
      const state: RowState = { ...session, leaseId, generation: session.generation + 1 };
      const { generation } = state;
      const row = { ...rows.keysOf(session.address), columns: { leaseId, generation } };
      const updated = await table.merge(row, session.etag);
      if (updated.kind === 'missing') return { kind: 'gone' };
      if (updated.kind === 'changed') return { kind: 'changed' };
      return { kind: 'taken', session: toSession(session.address, session, state, updated.etag) };
    },

    async touch(session) {
      const usedAt = now();
      if (usedAt.getTime() - session.lastUsedAt.getTime() < (idleSeconds * 1000) / 12) return session;
      const row = { ...rows.keysOf(session.address), columns: { lastUsedAt: usedAt } };
      const updated = await table.merge(row, session.etag);
      // Whoever wrote in between used the session as well: a lost race needs no second try.
      if (updated.kind !== 'updated') return session;
      return toSession(session.address, session, { ...session, lastUsedAt: usedAt }, updated.etag);
    },

    addressOf: (cookieValue) => cookies.read(cookieValue),

    remove: (address) => table.remove(rows.keysOf(address)),
    check: () => table.check(),
  };
}

/** The identity is tenant and object id, hashed with a key so that the table names nobody. */
function hashOfUser(indexKey: Buffer, { claims: { principal } }: SessionFacts): Buffer {
  return keyedHash(indexKey, ['user', principal.tenantId, principal.objectId]);
}

function isSameContent(left: SessionContent, right: SessionContent): boolean {
  return (
    left.msalCache === right.msalCache &&
    left.tokenGeneration === right.tokenGeneration &&
    isDeepStrictEqual(left.facts, right.facts) &&
    isDeepStrictEqual(left.refreshFailure, right.refreshFailure)
  );
}

function withoutLease({ lastUsedAt, generation }: RowState): RowState {
  return { lastUsedAt, generation };
}

function newerThanThisWorker(): BffError {
  return new BffError('storage_unavailable', {
    detail: 'This session belongs to a newer version of the service. Try again in a moment.',
    retryAfterSeconds: 5,
  });
}
