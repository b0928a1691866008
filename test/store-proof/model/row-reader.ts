import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { createKeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { type SessionContent, toStoredFacts } from '../../../src/shared/session/facts.ts';
import { createSessionRowCodec, type RowState } from '../../../src/shared/session/row.ts';
import type { Row } from '../../../src/shared/storage/table.ts';
import { indexKey, sealingKey } from './people.ts';
import { isSessionRow } from './simulated-table.ts';

/** A row as somebody would see it who holds every key and every cookie. */
export type OpenedRow =
  | { readonly kind: 'session'; readonly content: SessionContent; readonly state: RowState }
  /** One of the rows beside it: nothing in it is sealed. */
  | { readonly kind: 'other' }
  | { readonly kind: 'unreadable' };

export interface RowReader {
  readonly secrets: readonly Buffer[];
  /** A secret that a worker made: it may be the one in a cookie. */
  addSecret(secret: Buffer): void;
  open(row: Row): OpenedRow;
  /** All that the row says, the same for rows that say the same: sealed twice, a content has two spellings. */
  describe(row: Row): string;
}

// Opening is dear, and the same row is asked about in every state and, being where they begin, in every run.
const opened = new WeakMap<Row, OpenedRow>();
const described = new WeakMap<Row, string>();

/** @param secrets those of the sign-ins that went before */
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
    const address = {
      userHash: Buffer.from(row.partitionKey.slice('user-'.length), 'base64url'),
      rowId: Buffer.from(row.rowKey.slice('session-'.length), 'base64url'),
      expiresAt: new Date(0),
    };
    for (const secret of known) {
      const opening = codec.open({ ...address, secret }, row);
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
