import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { createKeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { type SessionContent, toStoredFacts } from '../../../src/shared/session/facts.ts';
import { createSessionRowCodec, type RowState } from '../../../src/shared/session/row.ts';
import type { Row } from '../../../src/shared/storage/table.ts';
import { isSessionRow } from './simulated-table.ts';
import { indexKey, sealingKey } from './users.ts';

/** A row as an observer with all keys and cookies sees it. */
export type OpenedRow =
  | { readonly kind: 'session'; readonly content: SessionContent; readonly state: RowState }
  /** An index row or another row without sealed content. */
  | { readonly kind: 'other' }
  | { readonly kind: 'unreadable' };

export interface RowReader {
  readonly secrets: readonly Buffer[];
  /** Registers a secret that a worker created, which may be in a cookie. */
  addSecret(secret: Buffer): void;
  open(row: Row): OpenedRow;
  /** The decrypted content in a canonical form, because the same content is sealed differently each time. */
  describe(row: Row): string;
}

// Results are cached, because decryption is slow and the same row is opened in every state of every run.
const opened = new WeakMap<Row, OpenedRow>();
const described = new WeakMap<Row, string>();

/** @param secrets of earlier sign-ins */
export function createRowReader(secrets: readonly Buffer[] = []): RowReader {
  const known = [...secrets];
  const codec = createSessionRowCodec({
    registration: ['client', 'public'],
    tableName: 'sessions',
    keyRing: createKeyRing([sealingKey]),
    indexKey,
    random: secureRandomBytes,
  });
  const open = (row: Row): OpenedRow => {
    const found = opened.get(row) ?? openAnew(row);
    if (found.kind !== 'unreadable') opened.set(row, found);
    return found;
  };

  const openAnew = (row: Row): OpenedRow => {
    if (!isSessionRow(row)) return { kind: 'other' };
    const locator = {
      userHash: Buffer.from(row.partitionKey.slice('user-'.length), 'base64url'),
      rowId: Buffer.from(row.rowKey.slice('session-'.length), 'base64url'),
      expiresAt: new Date(0),
    };
    for (const secret of known) {
      const opening = codec.open({ ...locator, secret }, row);
      if (opening.kind === 'opened')
        return { kind: 'session', content: opening.content, state: opening.state };
    }
    return { kind: 'unreadable' };
  };

  const describeAnew = (row: Row): string => {
    const found = open(row);
    if (found.kind !== 'session') return JSON.stringify(row);
    const { content, state } = found;
    return createHash('sha1')
      .update(JSON.stringify([row.rowKey, { ...content, facts: toStoredFacts(content.facts) }, state]))
      .digest('base64');
  };

  return {
    secrets: known,
    addSecret(secret) {
      known.push(secret);
    },
    open,
    describe(row) {
      const known = described.get(row) ?? describeAnew(row);
      described.set(row, known);
      return known;
    },
  };
}
