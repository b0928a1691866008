import { hash as digest } from 'node:crypto';
import { createExpiryTimer } from '../network/expiry-timer.ts';
import type { RowKeys } from '../storage/table.ts';
import { sessionBytes } from './cached-size.ts';
import type { SessionFacts } from './facts.ts';
import type { Session } from './session.ts';

/** A decrypted session in this worker's memory. */
export interface CachedSession {
  readonly session: Session;
  /** Monotonic time, in ms, at which the read or write that produced this state was sent. */
  readonly requestedAtMs: number;
}

/**
 * This worker's cache of sessions that it read or wrote in the last minute. An entry's key is a hash of the complete
 * cookie value, so an attacker who knows the row's keys but not the cookie's secret finds nothing. A session that ended
 * on this worker is marked: a read of its row that was already in progress must not put it into the cache again.
 */
export interface SessionMemory {
  find(cookieValue: string): CachedSession | undefined;
  /** True if a state is recent enough to be used without a read of the table. */
  isFresh(requestedAtMs: number): boolean;
  /** Stores a session that was read or created, unless it is marked as ended or the entry's state was requested later. */
  store(cookieValue: string, keys: RowKeys, cached: CachedSession): void;
  /** Updates the row's entry, if any, after a write or a repeated read, unless the entry's state was requested later. */
  update(keys: RowKeys, cached: CachedSession): void;
  /** Sets how many bytes of related data, such as tokens, count towards the entry while the session has these facts. */
  setRelatedBytes(keys: RowKeys, facts: SessionFacts, bytes: number): void;
  forget(cookieValue: string): void;
  markEnded(keys: RowKeys): void;
  isMarkedEnded(keys: RowKeys): boolean;
}

export interface SessionMemoryOptions {
  /** How long a session is served without a read of the table. 0 stores nothing. Maximum: 60. */
  readonly cacheSeconds: number;
  readonly monotonicMs: () => number;
  readonly maxEntries?: number;
  readonly maxBytes?: number;
}

/** Sessions with one access token in their rows reach this number first, larger ones the number of bytes (measured). */
const MAX_ENTRIES = 5_000;
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_ENDED = 20_000;
/**
 * How long an entry stays. After `cacheSeconds` the row is read again, but an unchanged row (same ETag) need not be
 * decrypted. Must not be less than the maximum of `cacheSeconds`.
 */
const RETENTION_MS = 60_000;

export function createSessionMemory(options: SessionMemoryOptions): SessionMemory {
  const { cacheSeconds, monotonicMs, maxEntries = MAX_ENTRIES, maxBytes = MAX_BYTES } = options;
  const entries = createEntries(maxEntries, maxBytes);
  const ended = createEndedRows();
  const relatedBytes = new WeakMap<SessionFacts, number>();
  const sizeOf = (session: Session) => sessionBytes(session) + (relatedBytes.get(session.facts) ?? 0);

  // The tokens of users who have left must not stay in memory, even if no further call arrives.
  const expiry = createExpiryTimer(monotonicMs, () => {
    const oldestMs = entries.removeRequestedUntil(monotonicMs() - RETENTION_MS);
    return oldestMs === undefined ? undefined : oldestMs + RETENTION_MS;
  });

  const put = (hash: string, row: string, { session, requestedAtMs }: CachedSession) => {
    entries.put(hash, { session, requestedAtMs, row, bytes: sizeOf(session) });
    expiry.expectAt(requestedAtMs + RETENTION_MS);
  };

  return {
    find(cookieValue) {
      const hash = hashOf(cookieValue);
      const entry = entries.use(hash);
      // The timer may be late on a busy worker.
      if (entry === undefined || monotonicMs() - entry.requestedAtMs < RETENTION_MS) return entry;
      entries.remove(hash);
      return undefined;
    },
    isFresh: (requestedAtMs) => monotonicMs() - requestedAtMs < cacheSeconds * 1000,
    store(cookieValue, keys, cached) {
      const row = rowName(keys);
      const hash = hashOf(cookieValue);
      if (cacheSeconds === 0 || ended.has(row)) return;
      const current = entries.get(hash);
      if (current === undefined || current.requestedAtMs < cached.requestedAtMs) put(hash, row, cached);
    },
    update(keys, cached) {
      const row = rowName(keys);
      const current = entries.ofRow(row);
      if (current === undefined || current.entry.requestedAtMs > cached.requestedAtMs) return;
      put(current.hash, row, cached);
    },
    setRelatedBytes(keys, facts, bytes) {
      relatedBytes.set(facts, bytes);
      const current = entries.ofRow(rowName(keys));
      if (current === undefined || current.entry.session.facts !== facts) return;
      entries.resize(current.hash, sizeOf(current.entry.session));
    },
    forget: (cookieValue) => entries.remove(hashOf(cookieValue)),
    markEnded(keys) {
      const row = rowName(keys);
      const current = entries.ofRow(row);
      if (current !== undefined) entries.remove(current.hash);
      ended.add(row);
    },
    isMarkedEnded: (keys) => ended.has(rowName(keys)),
  };
}

interface Entry extends CachedSession {
  readonly row: string;
  readonly bytes: number;
}

/**
 * Entries by the hash of the cookie value, bounded in number and bytes. The least recently used ones are removed first.
 */
function createEntries(maxEntries: number, maxBytes: number) {
  // A Map iterates in the order of insertion, and `use` inserts an entry anew. The first one is the least recently used.
  const byHash = new Map<string, Entry>();
  const hashByRow = new Map<string, string>();
  let totalBytes = 0;

  const remove = (hash: string) => {
    const entry = byHash.get(hash);
    if (entry === undefined) return;
    byHash.delete(hash);
    hashByRow.delete(entry.row);
    totalBytes -= entry.bytes;
  };
  const removeExcess = () => {
    for (const oldest of byHash.keys()) {
      if (byHash.size <= maxEntries && totalBytes <= maxBytes) return;
      remove(oldest);
    }
  };

  return {
    get: (hash: string) => byHash.get(hash),
    /** Returns the entry, which becomes the most recently used one. */
    use(hash: string): Entry | undefined {
      const entry = byHash.get(hash);
      if (entry === undefined) return undefined;
      byHash.delete(hash);
      byHash.set(hash, entry);
      return entry;
    },
    ofRow(row: string): { readonly hash: string; readonly entry: Entry } | undefined {
      const hash = hashByRow.get(row);
      const entry = hash === undefined ? undefined : byHash.get(hash);
      return hash === undefined || entry === undefined ? undefined : { hash, entry };
    },
    put(hash: string, entry: Entry) {
      remove(hash);
      byHash.set(hash, entry);
      hashByRow.set(entry.row, hash);
      totalBytes += entry.bytes;
      removeExcess();
    },
    resize(hash: string, bytes: number) {
      const entry = byHash.get(hash);
      if (entry === undefined) return;
      byHash.set(hash, { ...entry, bytes });
      totalBytes += bytes - entry.bytes;
      removeExcess();
    },
    remove,
    /** Removes the entries whose state was requested until then. Returns when the oldest other state was requested. */
    removeRequestedUntil(limitMs: number): number | undefined {
      let oldestMs: number | undefined;
      for (const [hash, { requestedAtMs }] of byHash) {
        if (requestedAtMs <= limitMs) remove(hash);
        else oldestMs = Math.min(oldestMs ?? requestedAtMs, requestedAtMs);
      }
      return oldestMs;
    },
  };
}

/** The rows of the sessions that ended on this worker: the latest 20,000. */
function createEndedRows() {
  const rows = new Set<string>();
  return {
    has: (row: string) => rows.has(row),
    add(row: string) {
      rows.add(row);
      for (const oldest of rows) {
        if (rows.size <= MAX_ENDED) return;
        rows.delete(oldest);
      }
    },
  };
}

function hashOf(cookieValue: string): string {
  return digest('sha256', cookieValue, 'base64');
}

function rowName({ partitionKey, rowKey }: RowKeys): string {
  return `${partitionKey}/${rowKey}`;
}
