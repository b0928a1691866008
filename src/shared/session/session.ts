import { BffError } from '../errors.ts';
import type { TableRead } from '../storage/table.ts';
import type { SessionContent } from './facts.ts';
import type { SessionLocator } from './locator.ts';
import { plausibleLastUse } from './plausible-instant.ts';
import type { OpenRowResult, RowState, SessionRowCodec } from './row.ts';

/** A session as it was last read or written. */
export interface Session extends SessionContent, RowState {
  readonly locator: SessionLocator;
  readonly idleExpiresAt: Date;
  /** The row's version. A write replaces only this version. */
  readonly etag: string;
}

type FoundRow = Extract<TableRead, { kind: 'found' }>;

export type OpenSessionResult =
  | { readonly kind: 'opened'; readonly session: Session }
  | Exclude<OpenRowResult, { kind: 'opened' }>;

/** Opens rows, and builds the session of a row that was opened or written. */
export interface SessionOpener {
  toSession(locator: SessionLocator, content: SessionContent, state: RowState, etag: string): Session;
  open(locator: SessionLocator, found: FoundRow): OpenSessionResult;
}

export function createSessionOpener(
  rows: SessionRowCodec,
  idleSeconds: number,
  now: () => Date,
): SessionOpener {
  const toSession: SessionOpener['toSession'] = (
    locator,
    { facts, msalCache, tokenGeneration, refreshFailure },
    { lastUsedAt, leaseId, generation },
    etag,
  ) => ({
    facts,
    msalCache,
    tokenGeneration,
    ...(refreshFailure === undefined ? {} : { refreshFailure }),
    locator,
    lastUsedAt,
    ...(leaseId === undefined ? {} : { leaseId }),
    generation,
    idleExpiresAt: new Date(lastUsedAt.getTime() + idleSeconds * 1000),
    etag,
  });
  return {
    toSession,
    open(locator, { row, etag }) {
      const opened = rows.open(locator, row);
      if (opened.kind !== 'opened') return opened;
      const { content, state } = opened;
      // If the stored `lastUsedAt` is implausible, a sealed instant replaces it. The next write of the content stores it.
      const lastUsedAt = plausibleLastUse(state.lastUsedAt, content.facts, now());
      return { kind: 'opened', session: toSession(locator, content, { ...state, lastUsedAt }, etag) };
    },
  };
}

/** During a roll-out, an updated worker can still open the row. So this call fails, but the session does not end. */
export function sessionTooNew(): BffError {
  return new BffError('storage_unavailable', {
    detail:
      'This worker cannot open the session yet, because a newer version or a newer key wrote it. Try again in a moment.',
    retryAfterSeconds: 5,
  });
}
