import type { Buffer } from 'node:buffer';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { RandomBytes } from '../crypto/seal.ts';
import { BffError } from '../errors.ts';
import type { Row, Table } from '../storage/table.ts';
import type { SessionContent } from './facts.ts';
import { expiryRow, sidIndexRow, sidPartition } from './index-rows.ts';
import { sessionRowKeys } from './locator.ts';
import { mergeContent } from './merge.ts';
import type { RowState, SessionRowCodec } from './row.ts';
import type { Session, SessionOpener } from './session.ts';

export type CurrentSessionResult =
  | { readonly kind: 'found'; readonly session: Session }
  /** The row was deleted, or does not open. */
  | { readonly kind: 'gone' };

export type WriteSessionResult =
  | { readonly kind: 'written'; readonly session: Session }
  /** The row was deleted meanwhile, or no longer opens. Nothing was written. */
  | { readonly kind: 'gone' };

export interface SessionWriterDependencies {
  readonly table: Table;
  readonly rows: SessionRowCodec;
  readonly opener: SessionOpener;
  readonly indexKey: Buffer;
  readonly monotonicMs: () => number;
  readonly random: RandomBytes;
  /** Waits between two attempts. */
  readonly wait?: (durationMs: number) => Promise<void>;
  readonly refetch: (session: Session) => Promise<CurrentSessionResult>;
  /** Updates this worker's memory, and returns the session. */
  readonly remember: (session: Session, requestedAtMs: number) => Session;
  /** Marks the session as ended in this worker's memory. */
  readonly markGone: (session: Session) => { readonly kind: 'gone' };
}

const MAX_ATTEMPTS = 5;
const JITTER_MS = 20;

type Attempt = WriteSessionResult | { readonly kind: 'changed' };

/** Writes a session's content. If another request wrote in between, merges both changes and tries again. */
export function createSessionWriter(dependencies: SessionWriterDependencies) {
  const { refetch, random, wait = setTimeout } = dependencies;

  return async (
    session: Session,
    content: SessionContent,
    leaseIdToRelease?: string,
  ): Promise<WriteSessionResult> => {
    let base = session;
    let ours = content;
    for (let count = 0; count < MAX_ATTEMPTS; count++) {
      const attempt = await tryToWrite(dependencies, base, ours, leaseIdToRelease);
      if (attempt.kind !== 'changed') return attempt;
      await wait(random(1).readUInt8(0) % JITTER_MS);
      const theirs = await refetch(base);
      if (theirs.kind === 'gone') return { kind: 'gone' };
      ours = mergeContent(base, ours, theirs.session);
      base = theirs.session;
    }
    throw new BffError('storage_unavailable', {
      detail: 'Too many requests wrote to this session at the same time.',
      retryAfterSeconds: 1,
    });
  };
}

async function tryToWrite(
  dependencies: SessionWriterDependencies,
  base: Session,
  content: SessionContent,
  leaseIdToRelease: string | undefined,
): Promise<Attempt> {
  const { table, rows, opener, monotonicMs, remember, markGone } = dependencies;
  const releasesLease = leaseIdToRelease !== undefined && base.leaseId === leaseIdToRelease;
  if (isSameContent(base, content) && !releasesLease) return { kind: 'written', session: base };
  // Another worker's lease stays in the row. Its holder ends it, or it times out.
  const state = releasesLease ? withoutLease(base) : base;
  return withIndexRow(dependencies, base, content, async () => {
    const requestedAtMs = monotonicMs();
    const updated = await table.replace(rows.toRow(base.locator, content, state), base.etag);
    if (updated.kind === 'missing') return markGone(base);
    if (updated.kind === 'changed') return { kind: 'changed' };
    const session = opener.toSession(base.locator, content, state, updated.etag);
    return { kind: 'written', session: remember(session, requestedAtMs) };
  });
}

/**
 * Writes the session. If a renewal has changed its `sid`, replaces the index row too. The new index row is inserted before
 * the session's row has the new `sid`, so that the session can always be found by its `sid`.
 */
async function withIndexRow(
  dependencies: SessionWriterDependencies,
  base: Session,
  content: SessionContent,
  write: () => Promise<Attempt>,
): Promise<Attempt> {
  const { table } = dependencies;
  const current = indexRowOf(dependencies, base, base);
  const next = indexRowOf(dependencies, base, content);
  // If a renewed ID token has no `sid`, the previous index row stays, because Entra ID's session has not ended.
  if (next === undefined || next.partitionKey === current?.partitionKey) return write();
  // The session's expiry row names the index row from the sign-in only. This one leads the sweep to the new index row.
  await table.insert(expiryRow(next, content.facts.expiresAt));
  await table.insert(next);
  const attempt = await write();
  if (attempt.kind === 'written') await removeQuietly(table, current);
  if (attempt.kind === 'gone') await removeQuietly(table, next);
  return attempt;
}

function indexRowOf(
  { indexKey }: SessionWriterDependencies,
  { locator }: Session,
  { facts }: SessionContent,
): Row | undefined {
  const { entraSessionId: sid } = facts.claims;
  return sid === undefined ? undefined : sidIndexRow(sidPartition(indexKey, sid), sessionRowKeys(locator));
}

/** If the removal fails, the index row stays until the sweep. That is harmless, because it leads to no other session. */
async function removeQuietly(table: Table, row: Row | undefined): Promise<void> {
  if (row !== undefined) await table.remove(row).catch(() => undefined);
}

function isSameContent(left: SessionContent, right: SessionContent): boolean {
  return (
    left.msalCache === right.msalCache &&
    left.tokenGeneration === right.tokenGeneration &&
    isDeepStrictEqual(left.facts, right.facts) &&
    isDeepStrictEqual(left.refreshFailure, right.refreshFailure)
  );
}

function withoutLease({ lastUsedAt, generation }: RowState): RowState {
  return { lastUsedAt, generation };
}
