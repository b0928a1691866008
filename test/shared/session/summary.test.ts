import { describe, expect, it } from 'vitest';
import { createKeyRing, type KeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { deriveKey, encodeFields, open, seal, secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { type SessionLocator, sessionRowKeys } from '../../../src/shared/session/locator.ts';
import { createSessionRowCodec } from '../../../src/shared/session/row.ts';
import type { ColumnValue, Row } from '../../../src/shared/storage/table.ts';
import { sessionContent } from '../../support/session-content.ts';

const key = (id: number) => ({ id, bytes: Buffer.alloc(32, id) });
const codecOf = (options: { tableName?: string; keyRing?: KeyRing; registration?: string[] } = {}) =>
  createSessionRowCodec({
    registration: options.registration ?? ['client', 'public'],
    tableName: options.tableName ?? 'sessions',
    keyRing: options.keyRing ?? createKeyRing([key(2), key(1)]),
    indexKey: Buffer.alloc(32, 99),
    random: secureRandomBytes,
  });
const codec = codecOf();
const content = sessionContent({
  facts: { device: 'Edge on Windows', claimsAsOf: new Date('2026-08-01T11:58:00Z') },
});
const { signedInAt, claimsAsOf, grantedScopes } = content.facts;
const state = { lastUsedAt: new Date('2026-08-01T12:30:00Z'), generation: 0 };
const newLocator = (userHash = secureRandomBytes(32)): SessionLocator => ({
  userHash,
  rowId: secureRandomBytes(32),
  secret: secureRandomBytes(32),
  expiresAt: content.facts.expiresAt,
});
const readSummary = (of: Row, by = codec) => {
  const opening = by.openSummary(of);
  return opening.kind === 'opened' ? opening.summary : undefined;
};
const locator = newLocator();
const row = codec.toRow(locator, content, state);
const withColumns = (columns: Record<string, ColumnValue>): Row => ({
  ...row,
  columns: { ...row.columns, ...columns },
});
const without = (name: string): Row => {
  const { [name]: _gone, ...columns } = row.columns;
  return { ...row, columns };
};
const bytesOf = ({ columns: { summary } }: Row): Buffer => {
  if (!(summary instanceof Uint8Array)) throw new Error('no summary');
  return Buffer.from(summary);
};

describe('the summary in a row', () => {
  it('has device, times and permissions, and opens without the secret of the cookie', () => {
    expect(readSummary(row)).toEqual({
      device: 'Edge on Windows',
      signedInAt,
      rolesAsOf: claimsAsOf,
      grantedScopes,
    });
  });

  it('has no device if none is known', () => {
    const { device: _device, ...facts } = content.facts;
    const unnamed = readSummary(codec.toRow(locator, { ...content, facts }, state));
    expect(unnamed).toEqual({ signedInAt, rolesAsOf: claimsAsOf, grantedScopes });
    expect(unnamed).not.toHaveProperty('device');
  });

  it('has only these four facts, and no name, address, role or token', () => {
    const { partitionKey, rowKey } = row;
    const plaintext = open(
      deriveKey(key(2).bytes, 'session-summary', encodeFields([partitionKey, rowKey])),
      bytesOf(row),
      encodeFields(['session-summary', 'sessions', partitionKey, rowKey, 2, 'client', 'public']),
    );
    expect(JSON.parse(plaintext?.toString('utf8') ?? '')).toEqual({
      device: 'Edge on Windows',
      signedInAt: signedInAt.toISOString(),
      rolesAsOf: claimsAsOf.toISOString(),
      grantedScopes,
    });
  });

  it('is not readable in the table, and differs at every write', { tags: ['TC-2'] }, () => {
    const everything = Object.values(row.columns)
      .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)))
      .join('\n');
    for (const plain of ['Edge', 'Windows', 'User.Read', signedInAt.toISOString()]) {
      expect(everything).not.toContain(plain);
    }
    const writes = Array.from({ length: 50 }, () =>
      bytesOf(codec.toRow(locator, content, state)).toString('hex'),
    );
    expect(new Set(writes).size).toBe(writes.length);
  });

  it('opens with every key of the ring', () => {
    const old = codecOf({ keyRing: createKeyRing([key(1)]) }).toRow(locator, content, state);
    expect(readSummary(old)?.device).toBe('Edge on Windows');
  });

  it('is unreadable if it was removed from the row, whose session still opens', () => {
    expect(codec.openSummary(without('summary'))).toEqual({ kind: 'unreadable' });
    expect(codec.open(locator, without('summary')).kind).toBe('opened');
  });

  describe('does not open, without an error', { tags: ['TC-3'] }, () => {
    it('in another row of the same user, in another partition or another table', () => {
      for (const place of [newLocator(locator.userHash), { ...newLocator(), rowId: locator.rowId }]) {
        expect(codec.openSummary({ ...row, ...sessionRowKeys(place) })).toEqual({ kind: 'unreadable' });
        const theirs = codec.toRow(place, sessionContent(), state);
        const moved = { ...theirs, columns: { ...theirs.columns, summary: bytesOf(row) } };
        expect(codec.openSummary(moved)).toEqual({ kind: 'unreadable' });
        expect(codec.open(place, moved).kind).toBe('opened');
      }
      expect(readSummary(row, codecOf({ tableName: 'others' }))).toBeUndefined();
      const others = codecOf({ registration: ['another', 'public'] });
      expect(others.openSummary(row)).toEqual({ kind: 'unreadable' });
    });

    it('with a retired, unknown or wrong key', () => {
      expect(readSummary(row, codecOf({ keyRing: createKeyRing([key(3)]) }))).toBeUndefined();
      expect(readSummary(row, codecOf({ keyRing: createKeyRing([key(1)]) }))).toBeUndefined();
      expect(readSummary(withColumns({ keyId: 1 }))).toBeUndefined();
      expect(readSummary(without('keyId'))).toBeUndefined();
    });

    it('with any changed bit, cut short, or as anything but bytes', () => {
      const sealed = bytesOf(row);
      for (let at = 0; at < sealed.length; at++) {
        const changed = Buffer.from(sealed);
        changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
        expect(readSummary(withColumns({ summary: changed })), `byte ${at}`).toBeUndefined();
        expect(readSummary(withColumns({ summary: sealed.subarray(0, at) })), `cut at ${at}`).toBeUndefined();
      }
      for (const summary of ['text', 1, true, new Date(0)]) {
        expect(readSummary(withColumns({ summary }))).toBeUndefined();
      }
    });

    it('as the sealed content of the same row, nor the reverse', () => {
      const { part0 } = row.columns;
      if (part0 === undefined) throw new Error('no content');
      expect(readSummary(withColumns({ summary: part0 }))).toBeUndefined();
      expect(codec.open(locator, withColumns({ part0: bytesOf(row) })).kind).toBe('unreadable');
      const { partitionKey, rowKey } = row;
      const sealedAsContent = seal(
        deriveKey(key(2).bytes, 'session-summary', encodeFields([partitionKey, rowKey])),
        Buffer.from('{}'),
        encodeFields(['session-row', 'sessions', partitionKey, rowKey, 2, 'client', 'public']),
        secureRandomBytes,
      );
      expect(readSummary(withColumns({ summary: sealedAsContent }))).toBeUndefined();
    });
  });
});
