import { beforeEach, describe, expect, it } from 'vitest';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { BffError } from '../../../src/shared/errors.ts';
import { createTableProbe } from '../../../src/shared/health/table-probe.ts';
import { createSweep } from '../../../src/shared/session/sweep.ts';
import type { Table } from '../../../src/shared/storage/table.ts';
import { createMemoryTable, type MemoryTable } from '../../support/memory-table.ts';

let memory: MemoryTable;
let now: Date;
let done: string[];
let failing: ReadonlyMap<string, number | undefined>;

beforeEach(() => {
  memory = createMemoryTable();
  now = new Date('2026-06-01T12:00:00Z');
  done = [];
  failing = new Map();
});

/** Fails as the Azure table does, if `failing` has a status for the operation. */
const table = (): Table => {
  const run = async <Result>(operation: string, action: () => Promise<Result>): Promise<Result> => {
    done.push(operation);
    if (!failing.has(operation)) return action();
    const cause = Object.assign(new Error('refused'), { statusCode: failing.get(operation) });
    throw new BffError('storage_unavailable', { cause });
  };
  return {
    ...memory,
    insert: (row) => run('insert', () => memory.insert(row)),
    read: (keys) => run('read', () => memory.read(keys)),
    remove: (keys) => run('remove', () => memory.remove(keys)),
  };
};
const createProbe = () => createTableProbe(table(), secureRandomBytes, () => now);

describe('the probe of the table', () => {
  it('writes a row, reads it and removes it', async () => {
    expect(await createProbe()()).toEqual({ kind: 'works' });
    expect(done).toEqual(['insert', 'read', 'remove']);
    expect(memory.rows()).toEqual([]);
  });

  it.each(['insert', 'read', 'remove'])(
    'fails at once if the permission for %s is refused',
    async (operation) => {
      for (const status of [401, 403]) {
        failing = new Map([[operation, status]]);
        expect(await createProbe()()).toMatchObject({ kind: 'failing', cure: expect.any(String) });
      }
    },
  );

  it.each(['insert', 'read', 'remove'])(
    'fails the second time that %s fails for another reason',
    async (operation) => {
      const probe = createProbe();
      failing = new Map([[operation, 503]]);
      expect((await probe()).kind).toBe('degraded');
      expect((await probe()).kind).toBe('failing');
      failing = new Map();
      expect((await probe()).kind).toBe('works');
      failing = new Map([[operation, undefined]]);
      expect((await probe()).kind).toBe('degraded');
    },
  );

  it('removes a row that an earlier run left, and leaves those of other workers', async () => {
    const probe = createProbe();
    failing = new Map([['remove', 503]]);
    await probe();
    await createProbe()();
    expect(memory.rows()).toHaveLength(2);
    failing = new Map();
    await probe();
    expect(memory.rows()).toHaveLength(1);
  });

  it('leaves a row that the sweep removes if the worker ends meanwhile', async () => {
    failing = new Map([['remove', 503]]);
    await createProbe()();
    expect(memory.rows()).toHaveLength(1);
    const sweep = createSweep({ table: memory, now: () => now, monotonicMs: () => 0 });
    await sweep(() => {});
    expect(memory.rows()).toHaveLength(1);
    now = new Date('2026-06-01T14:06:00Z');
    await sweep(() => {});
    expect(memory.rows()).toEqual([]);
  });
});
