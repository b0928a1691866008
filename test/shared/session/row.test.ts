import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeyRing, type KeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { BffError } from '../../../src/shared/errors.ts';
import { type SessionLocator, sessionRowKeys } from '../../../src/shared/session/locator.ts';
import { createSessionRowCodec } from '../../../src/shared/session/row.ts';
import type { ColumnValue, Row } from '../../../src/shared/storage/table.ts';
import { msalCacheOf, sessionContent } from '../../support/session-content.ts';

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
const state = { lastUsedAt: new Date('2026-08-01T12:30:00Z'), leaseId: 'lease', generation: 3 };
const content = sessionContent();
const newLocator = (userHash = secureRandomBytes(32)): SessionLocator => ({
  userHash,
  rowId: secureRandomBytes(32),
  secret: secureRandomBytes(32),
  expiresAt: content.facts.expiresAt,
});
const locator = newLocator();
const row = codec.toRow(locator, content, state);
const withColumns = (columns: Record<string, ColumnValue | undefined>): Row => {
  const kept = Object.entries({ ...row.columns, ...columns }).filter(([, value]) => value !== undefined);
  return { ...row, columns: Object.fromEntries(kept) as Row['columns'] };
};
const bytesOf = (from: Row, part = 'part0'): Buffer => {
  const value = from.columns[part];
  if (!(value instanceof Uint8Array)) throw new Error(`no ${part}`);
  return Buffer.from(value);
};
/** Random text, which does not compress. */
const textOfSize = (size: number) => secureRandomBytes(size).toString('base64').slice(0, size);

describe('a session row', () => {
  it('opens unchanged', () => {
    expect(codec.open(locator, row)).toEqual({ kind: 'opened', content, state });
  });

  it.each([1, 60, 64, 128, 500])('can hold a cache of %i KiB', (kib) => {
    const large = sessionContent({ msalCache: msalCacheOf({ refreshToken: textOfSize(kib * 1024) }) });
    const stored = codec.toRow(locator, large, state);
    for (const value of Object.values(stored.columns)) {
      if (value instanceof Uint8Array) expect(value.length).toBeLessThanOrEqual(64 * 1024);
    }
    expect(codec.open(locator, stored)).toEqual({ kind: 'opened', content: large, state });
  });

  it('seals only the content, even if a whole session is passed', () => {
    const whole = { ...content, locator, etag: 'first', idleExpiresAt: new Date() };
    expect(codec.open(locator, codec.toRow(locator, whole, state))).toEqual({
      kind: 'opened',
      content,
      state,
    });
  });

  it('refuses content that does not fit', () => {
    const huge = sessionContent({ msalCache: msalCacheOf({ refreshToken: textOfSize(2 * 1024 * 1024) }) });
    expect(() => codec.toRow(locator, huge, state)).toThrow(BffError);
  });

  it('contains no readable token, claim, address or object id in keys or columns', {
    tags: ['TC-2'],
  }, () => {
    const everything = Object.values(row.columns)
      .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)))
      .concat(row.partitionKey, row.rowKey)
      .join('\n');
    const { principal } = content.facts.claims;
    for (const secret of [
      'canary',
      'Alice',
      'contoso',
      principal.objectId,
      principal.tenantId,
      'Admin',
      'User.Read',
    ]) {
      expect(everything).not.toContain(secret);
    }
    expect(Object.keys(row.columns).sort()).toEqual([
      'expiresAt',
      'generation',
      'keyId',
      'lastUsedAt',
      'leaseId',
      'part0',
      'schema',
      'sidPartition',
      'summary',
    ]);
  });

  it('differs at every write of the same content', { tags: ['TC-2'] }, () => {
    const writes = Array.from({ length: 50 }, () =>
      bytesOf(codec.toRow(locator, content, state)).toString('hex'),
    );
    expect(new Set(writes).size).toBe(writes.length);
  });

  it('has keys in base64url only, so that nothing can be injected', { tags: ['TC-9'] }, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ maxLength: 100 }), (userHash, rowId) => {
        const keys = sessionRowKeys({ userHash: Buffer.from(userHash), rowId: Buffer.from(rowId) });
        expect(keys.partitionKey).toMatch(/^user-[A-Za-z0-9_-]*$/);
        expect(keys.rowKey).toMatch(/^session-[A-Za-z0-9_-]*$/);
      }),
    );
  });

  it('opens with every key of the ring, and is sealed with the first', () => {
    const old = codecOf({ keyRing: createKeyRing([key(1)]) }).toRow(locator, content, state);
    expect(old.columns['keyId']).toBe(1);
    expect(codec.open(locator, old).kind).toBe('opened');
    expect(row.columns['keyId']).toBe(2);
  });

  it('distinguishes a retired key, a newer key and a newer version', () => {
    expect(codecOf({ keyRing: createKeyRing([key(3)]) }).open(locator, row)).toEqual({ kind: 'retired-key' });
    expect(codecOf({ keyRing: createKeyRing([key(1)]) }).open(locator, row)).toEqual({ kind: 'newer' });
    expect(codec.open(locator, withColumns({ schema: 2 }))).toEqual({ kind: 'newer' });
  });

  describe('does not open', { tags: ['TC-3'] }, () => {
    const unreadable = { kind: 'unreadable' };

    it('with the secret of another cookie, so table and keys are not enough', () => {
      expect(codec.open({ ...locator, secret: secureRandomBytes(32) }, row)).toEqual(unreadable);
    });

    it('in another row of the same user, in another partition or another table', () => {
      const elsewhere = [
        { ...locator, rowId: secureRandomBytes(32) },
        { ...locator, userHash: secureRandomBytes(32) },
      ];
      for (const place of elsewhere) {
        expect(codec.open(place, { ...row, ...sessionRowKeys(place) })).toEqual(unreadable);
      }
      expect(codecOf({ tableName: 'others' }).open(locator, row)).toEqual(unreadable);
    });

    it('for another app registration or cloud with the same keys and table', () => {
      for (const registration of [
        ['another', 'public'],
        ['client', 'usgov'],
        ['clientpublic', ''],
      ]) {
        expect(codecOf({ registration }).open(locator, row)).toEqual(unreadable);
      }
    });

    it('of an earlier or invalid version', () => {
      for (const schema of [0, -1, 0.5, '1', true]) {
        expect(codec.open(locator, withColumns({ schema }))).toEqual(unreadable);
      }
    });

    it('swapped with the row of another user', () => {
      const other = newLocator();
      const theirs = codec.toRow(other, sessionContent({ claims: { oid: 'be' } }), state);
      expect(codec.open(locator, { ...row, columns: theirs.columns })).toEqual(unreadable);
      expect(codec.open(other, { ...theirs, columns: row.columns })).toEqual(unreadable);
    });

    it('labeled with another key', () => {
      expect(codec.open(locator, withColumns({ keyId: 1 }))).toEqual(unreadable);
    });

    it('with parts of two writes, or parts out of order, missing or added', () => {
      const large = sessionContent({ msalCache: msalCacheOf({ refreshToken: textOfSize(200 * 1024) }) });
      const one = codec.toRow(locator, large, state);
      const two = codec.toRow(locator, large, state);
      const parts = Object.keys(one.columns).filter((name) => name.startsWith('part'));
      expect(parts.length).toBeGreaterThan(2);
      const { part0, part1, part2 } = one.columns;
      const mixes: Record<string, ColumnValue | undefined>[] = [
        ...parts.map((name) => ({ [name]: two.columns[name] })),
        { part0: part1, part1: part0 },
        { part1: part2, part2: part1 },
        { [`part${parts.length}`]: new Uint8Array(1) },
        { [parts.at(-1) ?? '']: new Uint8Array(0) },
      ];
      for (const mix of mixes) {
        expect(
          codec.open(locator, { ...one, columns: { ...one.columns, ...mix } as Row['columns'] }),
        ).toEqual(unreadable);
      }
      for (const name of parts) {
        const { [name]: _gone, ...rest } = one.columns;
        expect(codec.open(locator, { ...one, columns: rest })).toEqual(unreadable);
      }
    });
  });

  it('with any of 1,000 mutations, and does not throw', { tags: ['TC-8'] }, () => {
    const sealed = bytesOf(row);
    const value: fc.Arbitrary<ColumnValue | undefined> = fc.oneof(
      fc.constant(undefined),
      fc.string(),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.uint8Array({ maxLength: 400 }),
      fc.date({ noInvalidDate: false }),
    );
    const changedBytes = fc.oneof(
      fc.nat(sealed.length * 8 - 1).map((bit) => {
        const changed = Buffer.from(sealed);
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        return changed;
      }),
      fc.nat(sealed.length - 1).map((length) => sealed.subarray(0, length)),
      fc.uint8Array({ minLength: 1, maxLength: 50 }).map((more) => Buffer.concat([sealed, more])),
      fc.uint8Array({ minLength: sealed.length, maxLength: sealed.length }),
    );
    const mutation = fc.oneof(
      fc.record({ part0: changedBytes }),
      fc.record({ part0: value }),
      fc.record({ schema: value.filter((changed) => changed !== 1) }),
      fc.record({ keyId: value.filter((changed) => changed !== 2) }),
      fc.record({ part1: fc.uint8Array({ minLength: 1 }) }),
      fc.record({ lastUsedAt: value.filter((changed) => !(changed instanceof Date)) }),
    );
    fc.assert(
      fc.property(mutation, (columns) => {
        expect(codec.open(locator, withColumns(columns)).kind).not.toBe('opened');
      }),
      { numRuns: 1000 },
    );
  });

  it('does not open without a valid time of use, because it would never expire idle', () => {
    expect(codec.open(locator, withColumns({ lastUsedAt: new Date(Number.NaN) }))).toEqual({
      kind: 'unreadable',
    });
  });
});
