import { beforeEach, describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import { type TableWithBreaker, withBreaker } from '../../../src/shared/storage/table-breaker.ts';
import { type FaultyTable, withFaults } from '../../support/faulty-table.ts';
import { createMemoryTable } from '../../support/memory-table.ts';

let faulty: FaultyTable;
let table: TableWithBreaker['table'];
let endingTable: TableWithBreaker['endingTable'];
let ms: number;

beforeEach(() => {
  ms = 0;
  faulty = withFaults(createMemoryTable(), BffError);
  ({ table, endingTable } = withBreaker(faulty, { monotonicMs: () => ms, jitter: () => 0 }));
});

const rowOf = (user: string) => ({ partitionKey: `user-${user}`, rowKey: 'session', columns: {} });
const range = { kind: 'partition', partitionKey: 'user-a', rowsFrom: 'a', rowsBefore: 'z' } as const;
const busy = { code: 'storage_unavailable', status: 503 };
const readOf = (user: string) => table.read(rowOf(user));
const failReads = async (...users: string[]) => {
  for (const user of users) await expect(readOf(user)).rejects.toMatchObject(busy);
};
/** The operations that reached the table since the last call of this function. */
function takeCounts() {
  const { read, list, insert, replace, merge, remove } = faulty.counts;
  Object.assign(faulty.counts, { read: 0, list: 0, insert: 0, replace: 0, merge: 0, remove: 0 });
  return { reads: read + list, writes: insert + replace + merge, removals: remove };
}

describe('a busy table', () => {
  it('gets no further reads after failures in three partitions, until the pause is over', async () => {
    faulty.failing.add('read');
    await failReads('a', 'b', 'c');
    takeCounts();
    await expect(readOf('z')).rejects.toMatchObject({ ...busy, retryAfterSeconds: 4 });
    await expect(table.list(range, [], 1)).rejects.toMatchObject(busy);
    expect(takeCounts().reads).toBe(0);
    ms += 4_000;
    // One probe, whose success lets the others through.
    faulty.recover();
    expect(await readOf('a')).toEqual({ kind: 'missing' });
    expect(await Promise.all(['a', 'b', 'c'].map(readOf))).toHaveLength(3);
  });

  it('is not assumed because queries with a deadline of their own were cut off', async () => {
    faulty.failing.add('list');
    for (const user of ['a', 'b', 'c']) {
      const partition = { ...range, partitionKey: `user-${user}` };
      await expect(table.list(partition, [], 1, 500)).rejects.toMatchObject(busy);
    }
    expect(await readOf('z')).toEqual({ kind: 'missing' });
  });

  it('in one partition is spared after five failures there, and others are not held back', async () => {
    faulty.failing.add('read');
    await failReads('a', 'a', 'a', 'a', 'a');
    takeCounts();
    await expect(readOf('a')).rejects.toMatchObject({ ...busy, retryAfterSeconds: 4 });
    expect(takeCounts().reads).toBe(0);
    faulty.recover();
    expect(await readOf('b')).toEqual({ kind: 'missing' });
    ms += 4_000;
    faulty.failing.add('read');
    await failReads('a', 'a');
    expect(takeCounts().reads).toBe(2);
    faulty.recover();
    ms += 4_000;
    expect(await readOf('a')).toEqual({ kind: 'missing' });
    expect(await readOf('a')).toEqual({ kind: 'missing' });
  });

  it('gets one probe at a time', async () => {
    faulty.failing.add('read');
    await failReads('a', 'b', 'c');
    ms += 4_000;
    takeCounts();
    await Promise.allSettled(['a', 'b', 'c', 'd'].map(readOf));
    expect(takeCounts().reads).toBe(1);
  });

  it('that refuses writes is still read', async () => {
    for (const operation of ['insert', 'replace', 'merge'] as const) faulty.failing.add(operation);
    for (const user of ['a', 'b', 'c']) await expect(table.insert(rowOf(user))).rejects.toThrow();
    takeCounts();
    for (const write of [
      () => table.insert(rowOf('a')),
      () => table.replace(rowOf('a'), 'etag'),
      () => table.merge(rowOf('a'), 'etag'),
    ])
      await expect(write()).rejects.toMatchObject(busy);
    expect(takeCounts().writes).toBe(0);
    expect(await readOf('a')).toEqual({ kind: 'missing' });
  });

  it('gets every deletion, and everything that ends sessions', async () => {
    faulty.failAll();
    for (const user of ['a', 'b', 'c']) {
      await expect(table.insert(rowOf(user))).rejects.toThrow();
      await expect(readOf(user)).rejects.toThrow();
    }
    for (let round = 0; round < 10; round++) {
      takeCounts();
      await Promise.allSettled([
        table.remove(rowOf('a')),
        table.removeUnchanged(rowOf('a'), 'etag'),
        endingTable.remove(rowOf('a')),
        endingTable.removeUnchanged(rowOf('a'), 'etag'),
        endingTable.read(rowOf('a')),
        endingTable.list(range, [], 1),
        endingTable.insert(rowOf('a')),
        endingTable.replace(rowOf('a'), 'etag'),
        endingTable.merge(rowOf('a'), 'etag'),
      ]);
      expect(takeCounts()).toEqual({ reads: 2, writes: 3, removals: 4 });
    }
  });

  it.each([0, 4_000])(
    'lets calls through again as soon as an ending succeeds, after %i ms',
    async (after) => {
      faulty.failing.add('read');
      await failReads('a', 'a', 'a', 'b', 'c', 'b');
      await expect(endingTable.read(rowOf('a'))).rejects.toMatchObject(busy);
      faulty.recover();
      ms += after;
      await endingTable.read(rowOf('a'));
      await Promise.all(['a', 'b', 'c'].map(readOf));
    },
  );
});

describe('a table that works', () => {
  it('is not held back for missing, existing and changed rows', async () => {
    for (let round = 0; round < 10; round++) {
      for (const user of ['a', 'b', 'c']) {
        expect(await readOf(user)).toEqual(round === 0 ? { kind: 'missing' } : expect.anything());
        expect((await table.insert(rowOf(user))).kind).toBe(round === 0 ? 'inserted' : 'exists');
        expect(await table.merge(rowOf(user), 'another')).toEqual({ kind: 'changed' });
      }
      expect(await table.merge(rowOf('nobody'), 'etag')).toEqual({ kind: 'missing' });
    }
  });

  it.each([400, 403, 413])('but refuses an operation with %i is not held back', async (statusCode) => {
    faulty.before = () => {
      throw new BffError('storage_unavailable', { cause: Object.assign(new Error(), { statusCode }) });
    };
    for (let round = 0; round < 10; round++) await failReads('a', 'b', 'c');
    expect(takeCounts().reads).toBe(30);
  });
});
