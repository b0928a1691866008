import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import { createAzureTable } from '../../../src/shared/storage/azure-table.ts';
import type { Row, Table } from '../../../src/shared/storage/table.ts';
import { createMemoryTable } from '../../support/memory-table.ts';

const tableName = `t${randomBytes(8).toString('hex')}`;
const tables: [string, Table][] = [
  ['in memory', createMemoryTable(tableName)],
  [
    'in Azurite',
    createAzureTable(
      {
        kind: 'connection-string',
        connectionString: inject('tableConnectionString'),
        allowInsecure: true,
      },
      tableName,
    ),
  ],
];

const newRow = (columns: Row['columns'] = { text: 'first' }): Row => ({
  partitionKey: `user-${randomBytes(32).toString('base64url')}`,
  rowKey: `session-${randomBytes(32).toString('base64url')}`,
  columns,
});

describe.each(tables)('a table %s', (_where, table) => {
  it('returns every type of value as it was inserted', async () => {
    const row = newRow({
      text: 'Ünïcödé',
      whole: 2_147_483_647,
      negative: -1,
      fraction: 0.5,
      yes: true,
      no: false,
      instant: new Date('2026-08-01T12:34:56.789Z'),
      bytes: Buffer.from([0, 1, 254, 255]),
    });
    await table.insert(row);
    const found = await table.read(row);
    expect(found.kind === 'found' && toComparable(found.row)).toEqual(toComparable(row));
  });

  it('can hold columns of 60 KiB up to the 700 KiB of a session', async () => {
    const parts = Array.from({ length: 12 }, (_, part) => [`part${part}`, randomBytes(60 * 1024)] as const);
    const row = newRow(Object.fromEntries(parts));
    await table.insert(row);
    const found = await table.read(row);
    expect(found.kind === 'found' && toComparable(found.row)).toEqual(toComparable(row));
  });

  it('inserts a row once', async () => {
    const row = newRow();
    const inserted = await table.insert(row);
    expect(inserted).toMatchObject({ kind: 'inserted', etag: expect.stringMatching(/./) });
    expect(await table.insert({ ...row, columns: { text: 'second' } })).toEqual({ kind: 'exists' });
    expect(await table.read(row)).toMatchObject({ kind: 'found', row: { columns: { text: 'first' } } });
  });

  it('reports a missing row', async () => {
    expect(await table.read(newRow())).toEqual({ kind: 'missing' });
  });

  it('replaces the whole row', async () => {
    const row = newRow({ text: 'first', other: 1 });
    const etag = etagOf(await table.insert(row));
    const updated = await table.replace({ ...row, columns: { text: 'second' } }, etag);
    const found = await table.read(row);
    expect(found).toEqual({
      kind: 'found',
      row: { ...row, columns: { text: 'second' } },
      etag: etagOf(updated),
    });
  });

  it('merges only the named columns', async () => {
    const row = newRow({ text: 'first', other: 1 });
    const updated = await table.merge(
      { ...row, columns: { text: 'second' } },
      etagOf(await table.insert(row)),
    );
    expect(await table.read(row)).toEqual({
      kind: 'found',
      row: { ...row, columns: { text: 'second', other: 1 } },
      etag: etagOf(updated),
    });
  });

  it.each(['replace', 'merge'] as const)('%s with another version changes nothing', async (operation) => {
    const row = newRow();
    const first = etagOf(await table.insert(row));
    await table[operation]({ ...row, columns: { text: 'second' } }, first);
    expect(await table[operation]({ ...row, columns: { text: 'third' } }, first)).toEqual({
      kind: 'changed',
    });
    expect(await table.read(row)).toMatchObject({ kind: 'found', row: { columns: { text: 'second' } } });
  });

  it.each(['replace', 'merge'] as const)('%s never restores a removed row', async (operation) => {
    const row = newRow();
    const etag = etagOf(await table.insert(row));
    await table.remove(row);
    expect(await table[operation](row, etag)).toEqual({ kind: 'missing' });
    expect(await table.read(row)).toEqual({ kind: 'missing' });
  });

  it('removes a row of any version, also repeatedly', async () => {
    const row = newRow();
    await table.merge(row, etagOf(await table.insert(row)));
    await table.remove(row);
    await table.remove(row);
    expect(await table.read(row)).toEqual({ kind: 'missing' });
  });

  it('distinguishes rows of one partition', async () => {
    const row = newRow();
    const neighbour = { ...newRow({ text: 'other' }), partitionKey: row.partitionKey };
    await table.insert(row);
    await table.insert(neighbour);
    await table.remove(row);
    expect(await table.read(neighbour)).toMatchObject({ kind: 'found', row: neighbour });
  });

  it('returns only the requested columns', async () => {
    const row = newRow({ text: 'first', other: 1 });
    const etag = etagOf(await table.insert(row));
    const found = await table.read(row, ['other', 'no such column']);
    expect(found).toEqual({ kind: 'found', row: { ...row, columns: { other: 1 } }, etag });
    expect(await table.read(row, [])).toEqual({ kind: 'found', row: { ...row, columns: {} }, etag });
  });

  it('removes a row conditionally only if it is unchanged', async () => {
    const row = newRow();
    const first = etagOf(await table.insert(row));
    const second = etagOf(await table.merge(row, first));
    expect(await table.removeUnchanged(row, first)).toEqual({ kind: 'changed' });
    expect((await table.read(row)).kind).toBe('found');
    expect(await table.removeUnchanged(row, second)).toEqual({ kind: 'removed' });
    expect(await table.removeUnchanged(row, second)).toEqual({ kind: 'removed' });
  });

  describe('lists', () => {
    const prefix = randomBytes(8).toString('hex');
    const rows = ['a1 b', 'a1 c', 'a1 d', 'a2 b', 'a3 b'].map((name): Row => {
      const [partition, rowKey] = name.split(' ');
      return {
        partitionKey: `${prefix}-${partition}`,
        rowKey: `${rowKey}`,
        columns: { name, other: 1 },
      };
    });
    const namesOf = (listed: readonly { row: Row }[]) => listed.map(({ row }) => row.columns['name']);
    beforeAll(async () => {
      for (const row of rows.toReversed()) await table.insert(row);
    });

    it('part of a partition in the order of keys, with the requested columns and a version', async () => {
      const range = {
        kind: 'partition',
        partitionKey: `${prefix}-a1`,
        rowsFrom: 'b',
        rowsBefore: 'd',
      } as const;
      const listed = await table.list(range, ['name'], 10);
      expect(namesOf(listed)).toEqual(['a1 b', 'a1 c']);
      const [first] = listed;
      if (first === undefined) throw new Error('nothing listed');
      expect(first.row.columns).toEqual({ name: 'a1 b' });
      expect((await table.merge(first.row, first.etag)).kind).toBe('updated');
    });

    it('rows with later instants and one exempt row, before the limit applies', async () => {
      const partitionKey = `${prefix}-late`;
      const at = (minute: number) => new Date(Date.UTC(2026, 7, 1, 12, minute, 0, 500));
      const columnsOf = [{ used: at(1), ends: at(9) }, { used: at(9), ends: at(1) }, { used: at(1) }, {}];
      for (const [index, columns] of columnsOf.entries()) {
        await table.insert({ partitionKey, rowKey: `b${index}`, columns: { ...columns, name: `b${index}` } });
      }
      for (const name of ['c', 'd']) {
        await table.insert({ partitionKey, rowKey: name, columns: { used: at(5), ends: at(5), name } });
      }
      const range = { kind: 'partition', partitionKey, rowsFrom: 'b', rowsBefore: 'd' } as const;
      const later = async (used: Date, ends: Date) =>
        namesOf(await table.list({ ...range, laterThan: { used, ends } }, ['name'], 1));
      expect(await later(at(4), at(4))).toEqual(['c']);
      expect(await later(at(5), at(4))).toEqual([]);
      expect(await later(at(0), at(0))).toEqual(['b0']);
      const withExempt = async (exemptRow: string, limit = 10) => {
        const laterThan = { used: at(4), ends: at(4) };
        return namesOf(await table.list({ ...range, laterThan, exemptRow }, ['name'], limit));
      };
      expect(await withExempt('b0')).toEqual(['b0', 'c']);
      expect(await withExempt('b0', 1)).toEqual(['b0']);
      expect(await withExempt('b9')).toEqual(['c']);
      expect(await withExempt("b' or RowKey ne '")).toEqual(['c']);
      // Bounds apply to it, too.
      expect(await withExempt('d')).toEqual(['c']);
      expect(namesOf(await table.list({ ...range, exemptRow: 'b1' }, ['name'], 2))).toEqual(['b0', 'b1']);
    });

    it('several partitions, up to the limit', async () => {
      const range = { kind: 'partitions', from: `${prefix}-a1`, before: `${prefix}-a3` } as const;
      expect(namesOf(await table.list(range, ['name'], 10))).toEqual(['a1 b', 'a1 c', 'a1 d', 'a2 b']);
      expect(namesOf(await table.list(range, ['name'], 3))).toEqual(['a1 b', 'a1 c', 'a1 d']);
      expect(await table.list({ ...range, before: `${prefix}-a1` }, [], 10)).toEqual([]);
    });

    it('no rows of other partitions, for any key', { tags: ['TC-9'] }, async () => {
      const hostile = `${prefix}' or PartitionKey ne '`;
      const range = { kind: 'partition', partitionKey: hostile, rowsFrom: 'a', rowsBefore: 'z' } as const;
      expect(await table.list(range, [], 10)).toEqual([]);
    });
  });

  it('is ready', async () => {
    await expect(table.check()).resolves.toBeUndefined();
  });
});

describe('the table in storage', () => {
  const options = { kind: 'connection-string', allowInsecure: true } as const;

  it('is created by the first insert, and is ready before', async () => {
    const connectionString = inject('tableConnectionString');
    const fresh = createAzureTable({ ...options, connectionString }, `t${randomBytes(8).toString('hex')}`);
    await expect(fresh.check()).resolves.toBeUndefined();
    expect(await fresh.list({ kind: 'partitions', from: 'a', before: 'b' }, [], 10)).toEqual([]);
    const row = newRow();
    expect((await fresh.insert(row)).kind).toBe('inserted');
    expect((await fresh.read(row)).kind).toBe('found');
  });

  it('translates a refusal of the service into storage_unavailable, without its text', async () => {
    // No server listens on port 9 (discard).
    const connectionString = inject('tableConnectionString').replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9');
    const down = createAzureTable({ ...options, connectionString }, tableName);
    const attempts = [
      () => down.read(newRow()),
      () => down.insert(newRow()),
      () => down.replace(newRow(), '*'),
      () => down.merge(newRow(), '*'),
      () => down.remove(newRow()),
      () => down.removeUnchanged(newRow(), '*'),
      () => down.list({ kind: 'partitions', from: 'a', before: 'b' }, [], 10),
      () => down.check(),
    ];
    const errors = await Promise.all(
      attempts.map((attempt) =>
        attempt().then(
          () => undefined,
          (error: unknown) => error,
        ),
      ),
    );
    for (const error of errors) {
      expect(error).toBeInstanceOf(BffError);
      expect(error).toMatchObject({ code: 'storage_unavailable', message: 'storage_unavailable' });
    }
  });
});

function etagOf(written: { kind: string; etag?: string }): string {
  if (written.etag === undefined) throw new Error(`no ETag: ${written.kind}`);
  return written.etag;
}

/** Converts bytes to text, so that a Buffer equals a Uint8Array with the same content. */
function toComparable({ columns, ...keys }: Row) {
  return {
    ...keys,
    columns: Object.fromEntries(
      Object.entries(columns).map(([name, value]) => [
        name,
        value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
      ]),
    ),
  };
}
