import type { Buffer } from 'node:buffer';
import type { KeyRing } from '../crypto/key-ring.ts';
import type { RandomBytes } from '../crypto/seal.ts';
import type { UserId } from '../identity/principal.ts';
import type { Table } from '../storage/table.ts';
import { createSessionCookieCodec } from './cookie.ts';
import { type CreateSessionResult, createSessionCreator } from './creation.ts';
import type { SessionContent } from './facts.ts';
import { createSessionList, type SessionList } from './list.ts';
import {
  parseSessionId,
  type RowLocator,
  type SessionLocator,
  sessionRowKeys,
  userHashOf,
  userPartition,
} from './locator.ts';
import { createSessionMemory } from './memory.ts';
import { createSessionReader, type ReadSessionResult } from './reading.ts';
import { createSessionRevocation, type EndSessionResult } from './revocation.ts';
import { createSessionRowCodec } from './row.ts';
import { createSessionOpener, type Session } from './session.ts';
import { createTombstones } from './tombstones.ts';
import { createSessionUpdates, type SessionUpdates } from './updates.ts';
import { hashUser } from './user-hash.ts';

/**
 * The server's record of signed-in browsers: one sealed row per sign-in, in the user's partition. Only `create` inserts
 * rows. Every later write replaces the version that was read.
 * @throws {BffError} storage_unavailable, from every operation
 */
export interface SessionStore extends SessionUpdates {
  /**
   * @param rowId derived from the login transaction, so that a transaction creates one session at most
   * @param startedAt when the sign-in began; if all sessions of the user ended later, this one does not start
   */
  create(content: SessionContent, rowId: Buffer, startedAt: Date): Promise<CreateSessionResult>;
  /** From this worker's memory while it is fresh, otherwise by one read of the table. */
  read(cookieValue: string): Promise<ReadSessionResult>;
  /** Counts related data in memory, such as tokens, towards the session's entry, while its facts stay the same. */
  addRelatedBytes(session: Session, bytes: number): void;
  /** The locator in a cookie that this service wrote, even if there is no such row. */
  locatorOf(cookieValue: string): SessionLocator | undefined;
  /** @param sid Entra ID's `sid` of the session, if known */
  remove(locator: RowLocator, sid?: string): Promise<void>;
  /** The user's live sessions, at most 500. */
  list(user: UserId): Promise<SessionList>;
  /** Ends the user's session with this id. The id may come from a client. */
  endOne(user: UserId, id: string): Promise<EndSessionResult>;
  /**
   * Ends all sessions of a user except one, sign-ins in progress included.
   * @returns how many sessions ended
   */
  endAll(user: UserId, except?: RowLocator): Promise<number>;
  /** Ends the user's least recently used sessions beyond the limit per user. @returns how many sessions ended */
  endOldest(keep: RowLocator): Promise<number>;
  /** Ends the sessions with this `sid` of Entra ID. @returns the user of each session that ended */
  endBySid(sid: string): Promise<readonly Pick<RowLocator, 'userHash'>[]>;
  /** @throws {BffError} storage_unavailable if the table cannot be read */
  check(): Promise<void>;
}

export interface SessionStoreOptions {
  readonly table: Table;
  /** Client id and cloud. Rows of another registration do not open. */
  readonly registration: readonly string[];
  readonly keyRing: KeyRing;
  readonly indexKey: Buffer;
  readonly idleSeconds: number;
  /** Maximum number of live sessions per user; unlimited if omitted. */
  readonly maxPerUser?: number;
  /** How long this worker serves a session without a read of the table. 0 reads every time. At most 60. */
  readonly cacheSeconds: number;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
  readonly random: RandomBytes;
  /** Waits between two attempts of a write. */
  readonly wait?: (durationMs: number) => Promise<void>;
}

export function createSessionStore(options: SessionStoreOptions): SessionStore {
  const { table, indexKey, idleSeconds, now } = options;
  const cookies = createSessionCookieCodec(indexKey);
  const rows = createSessionRowCodec({ ...options, tableName: table.name });
  const opener = createSessionOpener(rows, idleSeconds, now);
  const memory = createSessionMemory(options);
  const tombstones = createTombstones(table, now);
  const revocation = createSessionRevocation({ ...options, memory, tombstones });
  const list = createSessionList({ ...options, rows });
  const partitionOf = (user: UserId) => userPartition(hashUser(indexKey, user));

  return {
    ...createSessionUpdates({ ...options, rows, opener, memory }),
    create: createSessionCreator({ ...options, rows, cookies, opener, memory, revocation, tombstones }),
    read: createSessionReader({ ...options, cookies, opener, memory }),
    addRelatedBytes: ({ locator, facts }, bytes) =>
      memory.addRelatedBytes(sessionRowKeys(locator), facts, bytes),
    locatorOf: (cookieValue) => cookies.read(cookieValue),
    remove: (locator, sid) => revocation.remove(sessionRowKeys(locator), sid),
    list: (user) => list(partitionOf(user)),
    async endOne(user, id) {
      const rowId = parseSessionId(id);
      if (rowId === undefined) return { kind: 'none' };
      return revocation.endOne(sessionRowKeys({ userHash: hashUser(indexKey, user), rowId }));
    },
    endAll: (user, except) =>
      revocation.endAll(partitionOf(user), except === undefined ? undefined : sessionRowKeys(except)),
    endOldest: (keep) => revocation.endOldest(sessionRowKeys(keep)),
    async endBySid(sid) {
      const ended = await revocation.endBySid(sid);
      return ended.map(({ partitionKey }) => ({ userHash: userHashOf(partitionKey) }));
    },
    check: () => table.check(),
  };
}
