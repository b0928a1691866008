import type { Table } from '../storage/table.ts';
import type { SessionCookieCodec } from './cookie.ts';
import { sessionRowKeys } from './locator.ts';
import type { CachedSession, SessionMemory } from './memory.ts';
import type { Session, SessionOpener } from './session.ts';

export type ReadSessionResult =
  | { readonly kind: 'live'; readonly session: Session }
  /** A newer version of this service wrote the row, or the row is sealed with a key that this worker does not have yet. */
  | { readonly kind: 'newer' }
  | { readonly kind: 'none'; readonly reason: SessionAbsence };

/** Why a cookie value leads to no session, as it is logged. */
export type SessionAbsence =
  | 'cookie-invalid'
  | 'missing'
  | 'idle-expired'
  | 'expired'
  | 'unreadable'
  | 'retired-key';

export interface SessionReaderDependencies {
  readonly table: Table;
  /** Never held back. */
  readonly endingTable: Table;
  readonly cookies: SessionCookieCodec;
  readonly opener: SessionOpener;
  readonly memory: SessionMemory;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
}

/** A read in progress. Other calls with the same cookie value wait for its result. */
interface SharedRead {
  readonly requestedAtMs: number;
  readonly result: Promise<ReadSessionResult>;
}

/** Reads sessions from this worker's memory while the entry is fresh, otherwise from the table. */
export function createSessionReader(dependencies: SessionReaderDependencies) {
  const { endingTable, memory, now, monotonicMs } = dependencies;
  const inFlight = new Map<string, SharedRead>();

  return async (cookieValue: string, { isEnding = false } = {}): Promise<ReadSessionResult> => {
    const cached = memory.find(cookieValue);
    if (cached !== undefined && memory.isFresh(cached.requestedAtMs)) {
      const result = applyLimits(cached.session, now());
      // If the session seems idle, the table is read: another worker may have extended the session since.
      if (result.kind !== 'none' || result.reason !== 'idle-expired') return result;
    }
    const shared = inFlight.get(cookieValue);
    if (shared !== undefined && memory.isFresh(shared.requestedAtMs)) return shared.result;
    const requestedAtMs = monotonicMs();
    const through = isEnding ? { ...dependencies, table: endingTable } : dependencies;
    const read = { requestedAtMs, result: readRow(through, cookieValue, cached, requestedAtMs) };
    inFlight.set(cookieValue, read);
    try {
      const result = await read.result;
      if (result.kind === 'none') memory.forget(cookieValue);
      return result;
    } finally {
      if (inFlight.get(cookieValue) === read) inFlight.delete(cookieValue);
    }
  };
}

async function readRow(
  { table, cookies, opener, memory, now }: SessionReaderDependencies,
  cookieValue: string,
  cached: CachedSession | undefined,
  requestedAtMs: number,
): Promise<ReadSessionResult> {
  const locator = cached?.session.locator ?? cookies.read(cookieValue);
  if (locator === undefined) return { kind: 'none', reason: 'cookie-invalid' };
  // The absolute limit that is sealed in the row is at most a second later, so reading the row would be pointless.
  if (locator.expiresAt.getTime() <= now().getTime()) return { kind: 'none', reason: 'expired' };
  const keys = sessionRowKeys(locator);
  if (memory.isMarkedEnded(keys)) return { kind: 'none', reason: 'missing' };
  const found = await table.read(keys);
  // If the session ended on this worker during the read, the row that was read is out of date.
  if (found.kind === 'missing' || memory.isMarkedEnded(keys)) return { kind: 'none', reason: 'missing' };
  if (cached !== undefined && cached.session.etag === found.etag) {
    memory.store(cookieValue, keys, { session: cached.session, requestedAtMs });
    return applyLimits(cached.session, now());
  }
  const opened = opener.open(locator, found);
  if (opened.kind === 'newer') return opened;
  if (opened.kind !== 'opened') return { kind: 'none', reason: opened.kind };
  memory.store(cookieValue, keys, { session: opened.session, requestedAtMs });
  return applyLimits(opened.session, now());
}

function applyLimits(session: Session, now: Date): ReadSessionResult {
  if (session.facts.expiresAt.getTime() <= now.getTime()) return { kind: 'none', reason: 'expired' };
  if (session.idleExpiresAt.getTime() <= now.getTime()) return { kind: 'none', reason: 'idle-expired' };
  return { kind: 'live', session };
}
