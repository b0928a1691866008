import { BffError } from '../errors.ts';
import type { TableRead } from '../storage/table.ts';
import type { SessionContent } from './facts.ts';
import type { SessionLocator } from './locator.ts';
import { plausibleLastUse } from './plausible-instant.ts';
import type { OpenRowResult, RowState, SessionRowCodec } from './row.ts';

/** A session as it was read: its content, its state, and the version that a write must replace. */
export interface Session extends SessionContent, RowState {
  readonly locator: SessionLocator;
  readonly idleExpiresAt: Date;
  readonly etag: string;
}

type FoundRow = Extract<TableRead, { kind: 'found' }>;

export type OpenSessionResult =
  | { readonly kind: 'opened'; readonly session: Session }
  | Exclude<OpenRowResult, { kind: 'opened' }>;

/** Creates sessions from rows. */
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
      const opening = rows.open(locator, row);
      if (opening.kind !== 'opened') return opening;
      const { content, state } = opening;
      // The next write of the row corrects an implausible column.
      const lastUsedAt = plausibleLastUse(state.lastUsedAt, content.facts, now());
      return { kind: 'opened', session: toSession(locator, content, { ...state, lastUsedAt }, etag) };
    },
  };
}

/** Another worker of a roll-out can open the row, so the user stays signed in. */
export function sessionTooNew(): BffError {
  return new BffError('storage_unavailable', {
    detail: 'A newer version of the service wrote this session. Try again in a moment.',
    retryAfterSeconds: 5,
  });
}
