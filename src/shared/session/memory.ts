import { createHash } from 'node:crypto';
import type { RowKeys } from '../storage/table.ts';
import type { SessionFacts } from './facts.ts';
import type { Session } from './session.ts';

/** A decrypted session in this worker's memory. */
export interface CachedSession {
  readonly session: Session;
  /** Monotonic time, in ms, at which the read or write that showed this state was sent. */
  readonly requestedAtMs: number;
}

/**
 * The sessions that this worker opened in the last minute, so that a warm call does not read the table. The key is a hash
 * of the complete cookie value, so an attacker who knows the row's keys but not the cookie's secret finds nothing. A
 * session that ended on this worker stays ended here. A read that was in flight then does not bring it back.
 */
export interface SessionMemory {
  find(cookieValue: string): CachedSession | undefined;
  /** Whether a state is recent enough to be used without a read of the table. */
  isFresh(requestedAtMs: number): boolean;
  /** Stores what a read showed. A state that was requested earlier never replaces one that was requested later. */
  store(cookieValue: string, keys: RowKeys, cached: CachedSession): void;
  /** Updates an entry, if there is one, with what this worker wrote or read again. */
  update(keys: RowKeys, cached: CachedSession): void;
  /** Counts related data in memory, such as tokens, towards the entry, while the session's facts are these. */
  addRelatedBytes(keys: RowKeys, facts: SessionFacts, bytes: number): void;
  forget(cookieValue: string): void;
  markEnded(keys: RowKeys): void;
  isMarkedEnded(keys: RowKeys): boolean;
}

export interface SessionMemoryOptions {
  /** How long a session is served without a read of the table. 0 stores nothing. At most 60. */
  readonly cacheSeconds: number;
  readonly monotonicMs: () => number;
  readonly maxEntries?: number;
  readonly maxBytes?: number;
}

const MAX_ENTRIES = 5_000;
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_ENDED = 20_000;
/**
 * How long an entry stays, so that an unchanged row need not be decrypted again. Not shorter than the maximum of
 * `cacheSeconds`.
 */
const RETENTION_MS = 60_000;

export function createSessionMemory(options: SessionMemoryOptions): SessionMemory {
  const { cacheSeconds, monotonicMs, maxEntries = MAX_ENTRIES, maxBytes = MAX_BYTES } = options;
  const entries = createEntries(maxEntries, maxBytes);
  const ended = createEndedRows();
  const relatedBytes = new WeakMap<SessionFacts, number>();

  const put = (hash: string, row: string, { session, requestedAtMs }: CachedSession) =>
    entries.put(hash, { session, requestedAtMs, row, bytes: sizeOf(session, relatedBytes) });

  return {
    find(cookieValue) {
      // Also removes the tokens of users who send no more calls.
      entries.removeOlderThan(monotonicMs() - RETENTION_MS);
      return entries.use(hashOf(cookieValue));
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
    addRelatedBytes(keys, facts, bytes) {
      relatedBytes.set(facts, bytes);
      const current = entries.ofRow(rowName(keys));
      if (current === undefined || current.entry.session.facts !== facts) return;
      entries.resize(current.hash, sizeOf(current.entry.session, relatedBytes));
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

/** Entries by the hash of their cookie, bounded in number and bytes. The least recently used ones are removed first. */
function createEntries(maxEntries: number, maxBytes: number) {
  // A Map iterates over its keys in the order of insertion, so the first entry is the least recently used one.
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
    /** Stops at the first younger entry. An older entry after it has been used since. */
    removeOlderThan(limitMs: number) {
      for (const [hash, { requestedAtMs }] of byHash) {
        if (requestedAtMs >= limitMs) return;
        remove(hash);
      }
    },
  };
}

/** The rows of sessions that ended on this worker, the most recent ones. */
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
  return createHash('sha256').update(cookieValue).digest('base64');
}

function rowName({ partitionKey, rowKey }: RowKeys): string {
  return `${partitionKey}/${rowKey}`;
}

/** MSAL's text twice (as it is and as MSAL parses it), about 4 KiB of facts, and the related data. */
function sizeOf({ msalCache, facts }: Session, relatedBytes: WeakMap<SessionFacts, number>): number {
  return 2 * msalCache.length + 4096 + (relatedBytes.get(facts) ?? 0);
}
