import { BffError } from '../errors.ts';
import type { Row, TableRead } from '../storage/table.ts';
import type { SessionContent } from './session.ts';
import type { SessionAddress } from './session-cookie.ts';
import type { RowOpening, RowState, SessionRowCodec } from './session-row.ts';

/** A session as it was read: its content, and the version a write is held against. */
export interface Session extends SessionContent, RowState {
  readonly address: SessionAddress;
  readonly idleExpiresAt: Date;
  readonly etag: string;
}

type FoundRow = Extract<TableRead, { kind: 'found' }>;

export type SessionOpening =
  | { readonly kind: 'opened'; readonly session: Session }
  | Exclude<RowOpening, { kind: 'opened' | 'newer' }>;

/** Makes sessions of rows. */
export interface SessionOpener {
  toSession(address: SessionAddress, content: SessionContent, state: RowState, etag: string): Session;
  /** @throws {BffError} storage_unavailable when the row was written by a newer version or under a newer key */
  open(address: SessionAddress, found: FoundRow): SessionOpening;
}

export function createSessionOpener(rows: SessionRowCodec, idleSeconds: number): SessionOpener {
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
  const openRow = (address: SessionAddress, row: Row) => {
    const opening = rows.open(address, row);
    if (opening.kind === 'newer') throw newerThanThisWorker();
    return opening;
  };
  return {
    toSession,
    open(address, { row, etag }) {
      const opening = openRow(address, row);
      if (opening.kind !== 'opened') return opening;
      return { kind: 'opened', session: toSession(address, opening.content, opening.state, etag) };
    },
  };
}

function newerThanThisWorker(): BffError {
  return new BffError('storage_unavailable', {
    detail: 'This session belongs to a newer version of the service. Try again in a moment.',
    retryAfterSeconds: 5,
  });
}
