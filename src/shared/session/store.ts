import type { Buffer } from 'node:buffer';
import type { KeyRing } from '../crypto/key-ring.ts';
import type { RandomBytes } from '../crypto/seal.ts';
import type { UserId } from '../identity/principal.ts';
import type { Table } from '../storage/table.ts';
import { withBreaker } from '../storage/table-breaker.ts';
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
 * The server's records of signed-in browsers. Each sign-in creates one sealed row in the user's partition. Only `create`
 * inserts a session's row. Every later write replaces the version that was read.
 * @throws {BffError} storage_unavailable, from every operation
 */
export interface SessionStore extends SessionUpdates {
  /**
   * @param rowId derived from the login transaction, so that a transaction creates at most one session
   * @param earliestStart of the sign-in, from {@link signInStart}. If all sessions of the user were ended after that, no
   * session is created.
   */
  create(content: SessionContent, rowId: Buffer, earliestStart: Date): Promise<CreateSessionResult>;
  /**
   * Returns the earliest instant that the table's clock may have shown when a sign-in began. Uses earlier responses of
   * the table, and makes no request. @param startedAt by this worker's clock
   */
  signInStart(startedAt: Date): Date;
  /**
   * Returns the session from this worker's memory while the entry is fresh. Otherwise reads the table once.
   * @param options `isEnding`: the call ends sessions, so the read is not held back while the table is busy
   */
  read(cookieValue: string, options?: { readonly isEnding?: boolean }): Promise<ReadSessionResult>;
  /**
   * Sets how many bytes of related data, such as tokens, count towards the session's memory entry until its facts
   * change.
   */
  setRelatedBytes(session: Session, bytes: number): void;
  /** The locator in a cookie value that this service wrote, even if the row no longer exists. */
  locatorOf(cookieValue: string): SessionLocator | undefined;
  /** Ends one session. @param sid Entra ID's `sid` of the session, if known */
  remove(locator: RowLocator, sid?: string): Promise<void>;
  /** The user's live sessions, at most 500. */
  list(user: UserId): Promise<SessionList>;
  /** Ends the user's session with this id. The id may come from a client. */
  endOne(user: UserId, id: string): Promise<EndSessionResult>;
  /**
   * Ends all sessions of a user except `except`. Sign-ins in progress will not create a session.
   * @returns how many sessions ended
   */
  endAll(user: UserId, except?: RowLocator): Promise<number>;
  /** Ends the sessions with this `sid` of Entra ID. @returns the user of each session that ended */
  endBySid(sid: string): Promise<readonly Pick<RowLocator, 'userHash'>[]>;
  /** @throws {BffError} storage_unavailable if the table cannot be read */
  check(): Promise<void>;
}

export interface SessionStoreOptions {
  readonly table: Table;
  /** Client id and cloud. Rows of another app registration do not open. */
  readonly registration: readonly string[];
  readonly keyRing: KeyRing;
  readonly indexKey: Buffer;
  readonly idleSeconds: number;
  /** Maximum number of live sessions per user; unlimited if omitted. */
  readonly maxPerUser?: number;
  /** How long this worker serves a session from memory. 0 disables the memory. Maximum: 60. */
  readonly cacheSeconds: number;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
  readonly random: RandomBytes;
  /** Waits between two attempts of a write. */
  readonly wait?: (durationMs: number) => Promise<void>;
}

export function createSessionStore(storeOptions: SessionStoreOptions): SessionStore {
  const { indexKey, idleSeconds, now, monotonicMs, random } = storeOptions;
  const { table, endingTable } = withBreaker(storeOptions.table, {
    monotonicMs,
    jitter: () => random(1).readUInt8(0) / 255,
  });
  const options = { ...storeOptions, table };
  const cookies = createSessionCookieCodec(indexKey);
  const rows = createSessionRowCodec({ ...options, tableName: table.name });
  const opener = createSessionOpener(rows, idleSeconds, now);
  const memory = createSessionMemory(options);
  const tombstones = createTombstones(endingTable, now);
  const revocation = createSessionRevocation({ ...options, table: endingTable, memory, tombstones });
  const list = createSessionList({ ...options, rows });
  const partitionOf = (user: UserId) => userPartition(hashUser(indexKey, user));

  return {
    ...createSessionUpdates({ ...options, rows, opener, memory }),
    create: createSessionCreator({
      ...options,
      endingTable,
      rows,
      cookies,
      opener,
      memory,
      revocation,
      tombstones,
    }),
    signInStart: (startedAt) => table.clock.earliest(startedAt),
    read: createSessionReader({ ...options, endingTable, cookies, opener, memory }),
    setRelatedBytes: ({ locator, facts }, bytes) =>
      memory.setRelatedBytes(sessionRowKeys(locator), facts, bytes),
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
    async endBySid(sid) {
      const ended = await revocation.endBySid(sid);
      return ended.map(({ partitionKey }) => ({ userHash: userHashOf(partitionKey) }));
    },
    check: () => table.check(),
  };
}
