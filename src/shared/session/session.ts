import { BffError } from '../errors.ts';
import type { TableRead } from '../storage/table.ts';
import type { SessionAddress } from './cookie.ts';
import type { SessionContent } from './facts.ts';
import { believedUse } from './plausible-instant.ts';
import type { RowOpening, RowState, SessionRowCodec } from './row.ts';

/** A session as it was read: its content, and the version a write is held against. */
export interface Session extends SessionContent, RowState {
  readonly address: SessionAddress;
  readonly idleExpiresAt: Date;
  readonly etag: string;
}

type FoundRow = Extract<TableRead, { kind: 'found' }>;

export type SessionOpening =
  | { readonly kind: 'opened'; readonly session: Session }
  | Exclude<RowOpening, { kind: 'opened' }>;

/** Makes sessions of rows. */
export interface SessionOpener {
  toSession(address: SessionAddress, content: SessionContent, state: RowState, etag: string): Session;
  open(address: SessionAddress, found: FoundRow): SessionOpening;
}

export function createSessionOpener(
  rows: SessionRowCodec,
  idleSeconds: number,
  now: () => Date,
): SessionOpener {
  const toSession: SessionOpener['toSession'] = (
    address,
    { facts, msalCache, tokenGeneration, refreshFailure },
    { lastUsedAt, leaseId, generation },
    etag,
  ) => ({
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
  return {
    toSession,
    open(address, { row, etag }) {
      const opening = rows.open(address, row);
      if (opening.kind !== 'opened') return opening;
      const { content, state } = opening;
      const { signedInAt, claimsAsOf } = content.facts;
      const sealed = { signedInAt, saidAt: claimsAsOf };
      // The next write of the row corrects the column.
      const lastUsedAt = believedUse(state.lastUsedAt, sealed, now());
      return { kind: 'opened', session: toSession(address, content, { ...state, lastUsedAt }, etag) };
    },
  };
}

/** Another worker of a roll-out can open the row, so no user is signed out. */
export function newerThanThisWorker(): BffError {
  return new BffError('storage_unavailable', {
    detail: 'This session belongs to a newer version of the service. Try again in a moment.',
    retryAfterSeconds: 5,
  });
}
