import { createHash } from 'node:crypto';
import type { RowKeys } from '../storage/table.ts';
import type { SessionFacts } from './facts.ts';
import type { Session } from './session.ts';

/** A session that this worker has opened, and since when it is known to be so. */
export interface CachedSession {
  readonly session: Session;
  /** When the read or the write was sent that showed it, on this worker's monotonic clock. */
  readonly requestedAtMs: number;
}

/**
 * The sessions that this worker opened lately, so that a warm call reads nothing from the table. They are found by the
 * hash of the whole cookie value: the right keys with a wrong secret find nothing. What ended on this worker has ended
 * for good, whatever is still in flight.
 */
export interface SessionMemory {
  find(cookieValue: string): CachedSession | undefined;
  /** Young enough to be served without asking the table. */
  isFresh(requestedAtMs: number): boolean;
  /** What a read showed. What was asked earlier never replaces what was asked later. */
  keep(cookieValue: string, keys: RowKeys, kept: CachedSession): void;
  /** What this worker wrote, or read again, of a session that it keeps. */
  update(keys: RowKeys, kept: CachedSession): void;
  /** Other data in memory for a session that is cached here, valid while its facts are these. */
  weigh(keys: RowKeys, facts: SessionFacts, bytes: number): void;
  /** Leads to no session any more, for whatever reason. */
  drop(cookieValue: string): void;
  end(keys: RowKeys): void;
  hasEnded(keys: RowKeys): boolean;
}

export interface SessionMemoryOptions {
  /** 0 keeps nothing. */
  readonly cacheSeconds: number;
  readonly monotonicMs: () => number;
  readonly maxEntries?: number;
  readonly maxBytes?: number;
}

interface Entry extends CachedSession {
  readonly rowName: string;
  readonly bytes: number;
}

const MAX_ENTRIES = 5_000;
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_ENDED = 20_000;
/** Longer than any session is served unasked; so long it is worth knowing that a row has not changed. */
const KEPT_MS = 60_000;

export function createSessionMemory(needs: SessionMemoryOptions): SessionMemory {
  const { cacheSeconds, monotonicMs, maxEntries = MAX_ENTRIES, maxBytes = MAX_BYTES } = needs;
  // A Map gives its keys in the order of their insertion: the first is the one not used for longest.
  const entries = new Map<string, Entry>();
  const hashOfRow = new Map<string, string>();
  const ended = new Set<string>();
  const bytesBeside = new WeakMap<SessionFacts, number>();
  let totalBytes = 0;

  const drop = (hash: string) => {
    const entry = entries.get(hash);
    if (entry === undefined) return;
    entries.delete(hash);
    hashOfRow.delete(entry.rowName);
    totalBytes -= entry.bytes;
  };
  const keepBounds = () => {
    for (const oldest of entries.keys()) {
      if (entries.size <= maxEntries && totalBytes <= maxBytes) break;
      drop(oldest);
    }
  };
  const put = (hash: string, rowName: string, { session, requestedAtMs }: CachedSession) => {
    drop(hash);
    const entry: Entry = { session, requestedAtMs, rowName, bytes: sizeOf(session, bytesBeside) };
    entries.set(hash, entry);
    hashOfRow.set(rowName, hash);
    totalBytes += entry.bytes;
    keepBounds();
  };
  /** Nobody's tokens stay in memory because nobody else comes along. */
  const forgetOld = () => {
    const limitMs = monotonicMs() - KEPT_MS;
    for (const [hash, { requestedAtMs }] of entries) {
      if (requestedAtMs >= limitMs) break;
      drop(hash);
    }
  };

  return {
    find(cookieValue) {
      forgetOld();
      const hash = hashOf(cookieValue);
      const entry = entries.get(hash);
      if (entry === undefined) return undefined;
      entries.delete(hash);
      entries.set(hash, entry);
      return entry;
    },
    isFresh: (requestedAtMs) => monotonicMs() - requestedAtMs < cacheSeconds * 1000,
    keep(cookieValue, keys, kept) {
      const rowName = nameOf(keys);
      const hash = hashOf(cookieValue);
      const known = entries.get(hash);
      if (cacheSeconds === 0 || ended.has(rowName)) return;
      if (known === undefined || known.requestedAtMs < kept.requestedAtMs) put(hash, rowName, kept);
    },
    update(keys, kept) {
      const rowName = nameOf(keys);
      const hash = hashOfRow.get(rowName);
      const known = hash === undefined ? undefined : entries.get(hash);
      if (hash === undefined || known === undefined || known.requestedAtMs > kept.requestedAtMs) return;
      put(hash, rowName, kept);
    },
    weigh(keys, facts, bytes) {
      bytesBeside.set(facts, bytes);
      const hash = hashOfRow.get(nameOf(keys));
      const entry = hash === undefined ? undefined : entries.get(hash);
      if (hash === undefined || entry?.session.facts !== facts) return;
      const weighed = { ...entry, bytes: sizeOf(entry.session, bytesBeside) };
      entries.set(hash, weighed);
      totalBytes += weighed.bytes - entry.bytes;
      keepBounds();
    },
    drop: (cookieValue) => drop(hashOf(cookieValue)),
    end(keys) {
      const rowName = nameOf(keys);
      const hash = hashOfRow.get(rowName);
      if (hash !== undefined) drop(hash);
      ended.add(rowName);
      for (const oldest of ended) {
        if (ended.size <= MAX_ENDED) break;
        ended.delete(oldest);
      }
    },
    hasEnded: (keys) => ended.has(nameOf(keys)),
  };
}

function hashOf(cookieValue: string): string {
  return createHash('sha256').update(cookieValue).digest('base64');
}

function nameOf({ partitionKey, rowKey }: RowKeys): string {
  return `${partitionKey}/${rowKey}`;
}

/** MSAL's text twice (as it is and as MSAL parses it), about 4 KiB of facts, and the related data. */
function sizeOf({ msalCache, facts }: Session, bytesBeside: WeakMap<SessionFacts, number>): number {
  return 2 * msalCache.length + 4096 + (bytesBeside.get(facts) ?? 0);
}
