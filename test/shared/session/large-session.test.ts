import { createCipheriv } from 'node:crypto';
import { TableClient } from '@azure/data-tables';
import fc from 'fast-check';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { createKeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { BffError } from '../../../src/shared/errors.ts';
import type { SessionContent } from '../../../src/shared/session/facts.ts';
import { sessionRowKeys } from '../../../src/shared/session/locator.ts';
import { createSessionRowCodec } from '../../../src/shared/session/row.ts';
import { createSessionStore } from '../../../src/shared/session/store.ts';
import { createAzureTable } from '../../../src/shared/storage/azure-table.ts';
import type { ColumnValue, Row } from '../../../src/shared/storage/table.ts';
import { pruneMsalCache } from '../../../src/shared/tokens/msal-cache.ts';
import { createMemoryTable } from '../../support/memory-table.ts';
import { isWholeRun } from '../../support/scale.ts';
import { msalCacheOf, sessionContent } from '../../support/session-content.ts';

const KIB = 1024;
const LARGEST_BYTES = 700 * KIB;
const PART_BYTES = 60 * KIB;

const tableName = `t${secureRandomBytes(8).toString('hex')}`;
const codec = createSessionRowCodec({
  registration: ['client', 'public'],
  tableName,
  keyRing: createKeyRing([{ id: 1, bytes: Buffer.alloc(32, 1) }]),
  indexKey: Buffer.alloc(32, 99),
  random: secureRandomBytes,
});
const state = { lastUsedAt: new Date('2026-08-01T12:30:00Z'), generation: 0 };
const locator = {
  userHash: secureRandomBytes(32),
  rowId: secureRandomBytes(32),
  secret: secureRandomBytes(32),
  expiresAt: sessionContent().facts.expiresAt,
};

/** The same text for the same seed, which compresses only because of its alphabet. */
function tokenText(length: number, seed = 1): string {
  const stream = createCipheriv('aes-256-ctr', Buffer.alloc(32, seed), Buffer.alloc(16));
  return stream.update(Buffer.alloc(length)).toString('base64url').slice(0, length);
}

const contentWith = (refreshToken: string): SessionContent =>
  sessionContent({ msalCache: msalCacheOf({ refreshToken }) });
const contentOf = (length: number) => contentWith(tokenText(length));

const partsOf = ({ columns }: Row): Buffer[] =>
  Object.keys(columns)
    .filter((name) => name.startsWith('part'))
    .map((_, at) => bytesOf(columns[`part${at}`]));
const sizeOf = (row: Row) => Buffer.concat(partsOf(row)).length;

function bytesOf(value: ColumnValue | undefined): Buffer {
  if (!(value instanceof Uint8Array)) throw new TypeError('a part is missing');
  return Buffer.from(value);
}

/** Returns the row, or undefined if it is refused. There is no other outcome. */
function seal(content: SessionContent): Row | undefined {
  try {
    return codec.toRow(locator, content, state);
  } catch (error) {
    expect(error).toBeInstanceOf(BffError);
    expect(error).toMatchObject({ code: 'storage_unavailable' });
    return undefined;
  }
}

/** Text whose row has exactly this number of sealed bytes. Each character adds about three quarters of a byte. */
function textSealedAs(bytes: number): string {
  for (const seed of [1, 2, 3, 4, 5]) {
    const text = tokenText(1_000_000, seed);
    let length = Math.floor(bytes * 1.3);
    for (let attempt = 0; attempt < 40; attempt++) {
      const row = seal(contentWith(text.slice(0, length)));
      const lacking = row === undefined ? -1 : bytes - sizeOf(row);
      if (lacking === 0) return text.slice(0, length);
      length += Math.trunc(lacking / 0.76) || Math.sign(lacking);
    }
  }
  throw new Error(`no content is sealed as ${bytes} bytes`);
}

describe('a session of any size', () => {
  it('from 1 KB to 1.2 MB opens unchanged, in parts that fit a column, or is refused', {
    tags: ['TC-7'],
  }, () => {
    const outcomes = { opened: 0, refused: 0 };
    const length = fc.integer({ min: 1_000, max: 1_200_000 });
    // A part of the text repeats, like the headers of tokens.
    const repeated = fc.integer({ min: 0, max: 100 });
    fc.assert(
      fc.property(length, repeated, fc.integer({ min: 1, max: 255 }), (size, percent, seed) => {
        const repeatedLength = Math.floor((size * percent) / 100);
        const content = contentWith(
          tokenText(size - repeatedLength, seed) + 'eyJ0eXAi'.repeat(repeatedLength / 8),
        );
        const row = seal(content);
        if (row === undefined) {
          outcomes.refused++;
          // Refused only if it does not compress below the limit. This alphabet needs six of eight bits.
          expect((size - repeatedLength) * 0.75).toBeGreaterThan(LARGEST_BYTES * 0.99);
          return;
        }
        outcomes.opened++;
        const parts = partsOf(row);
        expect(parts.slice(0, -1).every((part) => part.length === PART_BYTES)).toBe(true);
        expect(parts.at(-1)?.length).toBeLessThanOrEqual(PART_BYTES);
        expect(sizeOf(row)).toBeLessThanOrEqual(LARGEST_BYTES);
        expect(codec.open(locator, row)).toEqual({ kind: 'opened', content, state });
      }),
      {
        numRuns: isWholeRun ? 40 : 15,
        examples: [
          [1_000, 0, 1],
          [1_200_000, 0, 1],
          [1_200_000, 90, 1],
        ],
      },
    );
    expect(outcomes.opened).toBeGreaterThan(0);
    expect(outcomes.refused).toBeGreaterThan(0);
  });

  it.each([
    { bytes: PART_BYTES - 1, sizes: [PART_BYTES - 1] },
    { bytes: PART_BYTES, sizes: [PART_BYTES] },
    { bytes: PART_BYTES + 1, sizes: [PART_BYTES, 1] },
    { bytes: 2 * PART_BYTES, sizes: [PART_BYTES, PART_BYTES] },
    { bytes: 2 * PART_BYTES + 1, sizes: [PART_BYTES, PART_BYTES, 1] },
  ])('of $bytes sealed bytes is split at full parts', ({ bytes, sizes }) => {
    const content = contentWith(textSealedAs(bytes));
    const row = codec.toRow(locator, content, state);
    expect(partsOf(row).map((part) => part.length)).toEqual(sizes);
    expect(codec.open(locator, row)).toEqual({ kind: 'opened', content, state });
  });

  it('is stored up to exactly 700 KiB, and refused beyond', () => {
    const longest = textSealedAs(LARGEST_BYTES);
    expect(seal(contentWith(longest))).toBeDefined();
    expect(seal(contentWith(`${longest}!?`))).toBeUndefined();
  });

  it('of more than 8 MiB uncompressed is refused, even if it compresses well', () => {
    expect(seal(contentWith('a'.repeat(8 * KIB * KIB)))).toBeUndefined();
    expect(seal(contentWith('a'.repeat(7 * KIB * KIB)))).toBeDefined();
  });

  it('always fits a row after its cache is pruned, for any tokens', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 100, max: 250_000 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 100, max: 100_000 }),
        (lengths, otherLength) => {
          const accessTokens = Object.fromEntries(
            lengths.map((length, at) => [
              `token-${at}`,
              { secret: tokenText(length, (at % 255) + 1), expires_on: String(2_000_000_000 + at) },
            ]),
          );
          const [refreshToken, idToken] = [tokenText(otherLength, 254), tokenText(otherLength, 253)];
          const msalCache = pruneMsalCache(
            msalCacheOf({ accessTokens, refreshToken, idToken }),
            new Date('2026-08-01T12:00:00Z'),
          );
          expect(seal(sessionContent({ msalCache }))).toBeDefined();
        },
      ),
      { numRuns: isWholeRun ? 20 : 8 },
    );
  });
});

describe('a session that outgrows its row', () => {
  it('stays unchanged: the write is refused, and the stored session still opens', async () => {
    const table = createMemoryTable();
    const now = () => state.lastUsedAt;
    const store = createSessionStore({
      registration: ['client', 'public'],
      table,
      keyRing: createKeyRing([{ id: 1, bytes: Buffer.alloc(32, 1) }]),
      indexKey: Buffer.alloc(32, 99),
      idleSeconds: 3_600,
      cacheSeconds: 0,
      now,
      monotonicMs: () => 0,
      random: secureRandomBytes,
    });
    const created = await store.create(contentOf(1_000), secureRandomBytes(32), now());
    if (created.kind !== 'created') throw new Error(created.kind);
    const tooLarge = contentOf(1_000_000);
    await expect(store.write(created.session, tooLarge)).rejects.toBeInstanceOf(BffError);
    const read = await store.read(created.cookieValue);
    expect(read).toMatchObject({ kind: 'live', session: { msalCache: contentOf(1_000).msalCache } });
  });
});

describe('parts of two versions', () => {
  const [older, newer] = [contentOf(200 * KIB), contentWith(tokenText(300 * KIB, 2))];
  const [olderRow, newerRow] = [codec.toRow(locator, older, state), codec.toRow(locator, newer, state)];
  const [olderParts, newerParts] = [partsOf(olderRow), partsOf(newerRow)];
  const rowOf = (parts: readonly (Buffer | undefined)[]): Row => {
    const { schema = 0, keyId = 0, expiresAt = 0, lastUsedAt = 0, generation = 0 } = newerRow.columns;
    const columns: Record<string, ColumnValue> = {
      schema,
      keyId,
      expiresAt,
      lastUsedAt,
      leaseId: '',
      generation,
    };
    for (const [at, part] of parts.entries()) if (part !== undefined) columns[`part${at}`] = part;
    return { ...newerRow, columns };
  };

  it('open if they are all of the same version', () => {
    expect(codec.open(locator, rowOf(olderParts))).toEqual({ kind: 'opened', content: older, state });
    expect(codec.open(locator, rowOf(newerParts))).toEqual({ kind: 'opened', content: newer, state });
  });

  it.each([
    ['the newer over the older', newerParts, olderParts],
    ['the older over the newer', olderParts, newerParts],
  ])('never open after an interrupted write: %s', { tags: ['TC-7', 'T7'] }, (_, written, before) => {
    expect(written.length).not.toBe(before.length);
    for (let stoppedAfter = 1; stoppedAfter < Math.max(written.length, before.length); stoppedAfter++) {
      const mixed = [...written.slice(0, stoppedAfter), ...before.slice(stoppedAfter)];
      // A complete shorter version is still followed by the last parts of the longer one.
      expect(codec.open(locator, rowOf(mixed)), `after ${stoppedAfter} parts`).toEqual({
        kind: 'unreadable',
      });
    }
  });

  it('never open in any other combination, even with missing parts', () => {
    const choice = fc.constantFrom('older', 'newer', 'missing');
    const count = newerParts.length;
    fc.assert(
      fc.property(fc.array(choice, { minLength: count, maxLength: count }), (choices) => {
        const parts = choices.map((from, at) =>
          from === 'missing' ? undefined : (from === 'older' ? olderParts : newerParts)[at],
        );
        const gap = parts.indexOf(undefined);
        const read = Buffer.concat(parts.slice(0, gap === -1 ? count : gap).map(bytesOf));
        const isWhole = [olderParts, newerParts].some((whole) => read.equals(Buffer.concat(whole)));
        expect(codec.open(locator, rowOf(parts)).kind).toBe(isWhole ? 'opened' : 'unreadable');
      }),
      { numRuns: isWholeRun ? 300 : 100 },
    );
  });
});

describe('a large session in Azurite', () => {
  const table = createAzureTable(
    { kind: 'connection-string', connectionString: inject('tableConnectionString'), allowInsecure: true },
    tableName,
  );
  // Azurite closes the connection in the middle of a large row if the table does not exist.
  beforeAll(() =>
    TableClient.fromConnectionString(inject('tableConnectionString'), tableName, {
      allowInsecureConnection: true,
    }).createTable(),
  );
  const openStored = async () => {
    const found = await table.read(sessionRowKeys(locator));
    if (found.kind === 'missing') throw new Error('the row is missing');
    return { row: found.row, opening: codec.open(locator, found.row) };
  };

  it('of 700 KiB is stored and opens, and a smaller one after it leaves no parts', {
    tags: ['TC-7'],
  }, async () => {
    const largest = contentWith(textSealedAs(LARGEST_BYTES));
    const inserted = await table.insert(codec.toRow(locator, largest, state));
    if (inserted.kind !== 'inserted') throw new Error(inserted.kind);
    expect((await openStored()).opening).toEqual({ kind: 'opened', content: largest, state });

    const small = contentOf(KIB);
    const updated = await table.replace(codec.toRow(locator, small, state), inserted.etag);
    expect(updated.kind).toBe('updated');
    const { row, opening } = await openStored();
    expect(Object.keys(row.columns).filter((name) => name.startsWith('part'))).toEqual(['part0']);
    expect(opening).toEqual({ kind: 'opened', content: small, state });
    await table.remove(row);
  });

  it('is read as either version during a write, never as a mixture', async () => {
    const versions = [contentOf(600 * KIB), contentWith(tokenText(100 * KIB, 2))] as const;
    const [first, second] = versions.map((content) => codec.toRow(locator, content, state));
    if (first === undefined || second === undefined) throw new Error('no rows');
    const inserted = await table.insert(first);
    if (inserted.kind !== 'inserted') throw new Error(inserted.kind);
    let isWriting = true;
    const write = async () => {
      let { etag } = inserted;
      for (let time = 0; time < 12; time++) {
        const updated = await table.replace(time % 2 === 0 ? second : first, etag);
        if (updated.kind !== 'updated') throw new Error(updated.kind);
        etag = updated.etag;
      }
      isWriting = false;
    };
    const read = async () => {
      let reads = 0;
      for (; isWriting; reads++) {
        const { opening } = await openStored();
        if (opening.kind !== 'opened') throw new Error(opening.kind);
        expect(versions.map(({ msalCache }) => msalCache)).toContain(opening.content.msalCache);
      }
      return reads;
    };
    const [, reads] = await Promise.all([write(), read()]);
    expect(reads).toBeGreaterThan(3);
    await table.remove(first);
  });
});
