import { beforeEach, describe, expect, it } from 'vitest';
import { createKeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { BffError } from '../../../src/shared/errors.ts';
import { createSessionStore, type SessionStore } from '../../../src/shared/session/store.ts';
import { createSweep } from '../../../src/shared/session/sweep.ts';
import type { Row, RowKeys } from '../../../src/shared/storage/table.ts';
import type { LogRecord } from '../../../src/shared/telemetry/log.ts';
import { type FaultyTable, withFaults } from '../../support/faulty-table.ts';
import { createMemoryTable, type MemoryTable } from '../../support/memory-table.ts';
import { msalCacheOf, sessionContent } from '../../support/session-content.ts';

const start = new Date('2026-08-01T12:00:00Z');
const hour = 3_600_000;

let memory: MemoryTable;
let table: FaultyTable;
let store: SessionStore;
let now: Date;
let elapsedMs: number;
let lines: LogRecord[];

const since = (durationMs: number) => new Date(start.getTime() + durationMs);

beforeEach(() => {
  memory = createMemoryTable();
  table = withFaults(memory, BffError);
  now = start;
  elapsedMs = 0;
  lines = [];
  store = createSessionStore({
    registration: ['client', 'public'],
    table,
    keyRing: createKeyRing([{ id: 1, bytes: Buffer.alloc(32, 1) }]),
    indexKey: Buffer.alloc(32, 99),
    idleSeconds: 3600,
    cacheSeconds: 0,
    now: () => now,
    monotonicMs: () => elapsedMs,
    random: secureRandomBytes,
  });
});

const sweep = (maxRows?: number) =>
  createSweep({
    table,
    now: () => now,
    monotonicMs: () => elapsedMs,
    ...(maxRows === undefined ? {} : { maxRows }),
  })((_level, record) => lines.push(record));

async function signIn(expiresAt: Date, claims: Record<string, unknown> = {}) {
  const created = await store.create(
    sessionContent({ claims, facts: { expiresAt } }),
    secureRandomBytes(32),
    now,
  );
  if (created.kind !== 'created') throw new Error(created.kind);
  return created;
}

const rowsIn = (prefix: string) =>
  memory.rows().filter(({ partitionKey }) => partitionKey.startsWith(prefix)).length;

describe('the sweep', () => {
  it('removes the rows of expired sessions with their index rows', {
    tags: ['TC-10'],
  }, async () => {
    await signIn(since(hour), { sid: 'first' });
    await signIn(since(hour), { sid: 'second' });
    const living = await signIn(since(9 * hour), { sid: 'third' });
    now = since(2 * hour + 301_000);
    expect(await sweep()).toEqual({ removed: 2, alreadyGone: 0, alive: 0, failed: 0, more: false });
    expect([rowsIn('user-'), rowsIn('sid-'), rowsIn('expires-')]).toEqual([1, 1, 1]);
    now = since(hour - 1);
    expect((await store.read(living.cookieValue)).kind).toBe('live');
    expect(lines).toMatchObject([{ event: 'swept', removed: 2 }]);
  });

  it('waits until the hour is over by every clock', async () => {
    await signIn(since(hour / 2));
    now = since(hour + 299_000);
    expect((await sweep()).removed).toBe(0);
    now = since(hour + 300_000);
    expect((await sweep()).removed).toBe(1);
  });

  it('costs as much as has expired, regardless of active sessions', async () => {
    await signIn(since(hour));
    for (let count = 0; count < 200; count++) await signIn(since(9 * hour));
    now = since(2 * hour + 301_000);
    const before = { ...table.counts };
    await sweep();
    expect(table.counts.list - before.list).toBe(1);
    expect(table.counts.read - before.read).toBe(1);
    expect(table.counts.remove - before.remove).toBe(2);
    expect(await sweep()).toMatchObject({ removed: 0, more: false });
  });

  it('has a limit per run and continues where it stopped', async () => {
    for (let count = 0; count < 25; count++) await signIn(since(hour + (count % 3) * hour));
    now = since(9 * hour);
    const runs: number[] = [];
    for (let more = true; more; ) {
      const report = await sweep(10);
      runs.push(report.removed);
      more = report.more;
    }
    expect(runs).toEqual([10, 10, 5]);
    expect(memory.rows()).toEqual([]);
  });

  it('ends when its time is over, and reports that there is more', async () => {
    for (let count = 0; count < 40; count++) await signIn(since(hour));
    now = since(9 * hour);
    table.before = () => {
      elapsedMs += 10_000;
    };
    const report = await sweep();
    expect(report.more).toBe(true);
    expect(report.removed).toBeLessThan(40);
    table.before = undefined;
    await sweep();
    expect(memory.rows()).toEqual([]);
  });

  it('never removes an active row, and moves it from a wrong bucket to its own', {
    tags: ['TC-10'],
  }, async () => {
    const { cookieValue } = await signIn(since(9 * hour));
    const bucket = memory.rows().find(({ partitionKey }) => partitionKey.startsWith('expires-'));
    if (bucket === undefined) throw new Error('no bucket');
    await memory.remove(bucket);
    memory.put({ ...bucket, partitionKey: 'expires-2026-08-01T10-0' });
    expect(await sweep()).toMatchObject({ removed: 0, alive: 1 });
    expect((await store.read(cookieValue)).kind).toBe('live');
    expect(memory.rows().filter(({ partitionKey }) => partitionKey === bucket.partitionKey)).toHaveLength(1);
    expect(rowsIn('expires-')).toBe(1);
  });

  it('skips a row that is written meanwhile, and returns to it later', { tags: ['TC-10'] }, async () => {
    const { session } = await signIn(since(hour));
    const writer = { ...store };
    now = since(9 * hour);
    table.before = async (operation) => {
      if (operation !== 'remove') return;
      table.before = undefined;
      await writer.write(session, { ...session, msalCache: msalCacheOf({ refreshToken: 'late' }) });
    };
    expect(await sweep()).toMatchObject({ removed: 0, alive: 1 });
    expect(rowsIn('user-')).toBe(1);
    expect(await sweep()).toMatchObject({ removed: 1 });
    expect(memory.rows()).toEqual([]);
  });

  it('removes what sign-outs left, including the index row of an unreadable session', async () => {
    const { session } = await signIn(since(hour), { sid: 'first' });
    await store.remove(session.locator);
    expect(rowsIn('sid-')).toBe(1);
    now = since(9 * hour);
    expect(await sweep()).toMatchObject({ removed: 0, alreadyGone: 1 });
    expect(memory.rows()).toEqual([]);
  });

  describe('removes the index row of a renewed sid', { tags: ['TC-10'] }, () => {
    const renewed = (sid: string, expiresAt = since(hour)) => ({
      ...sessionContent({ claims: { sid, iat: 1_785_589_200 }, facts: { expiresAt } }),
      msalCache: msalCacheOf({ refreshToken: 'next' }),
    });
    const failOn = (operation: 'replace' | 'remove', isFailing: (row: RowKeys) => boolean) => {
      const original = table[operation].bind(table);
      table[operation] = (async (row: Row, etag: string) => {
        if (isFailing(row)) throw new BffError('storage_unavailable');
        return original(row, etag);
      }) as typeof table.replace & typeof table.remove;
    };
    const isIndexRow = ({ partitionKey }: RowKeys) => partitionKey.startsWith('sid-');
    const sweepAll = async () => {
      now = since(9 * hour);
      table.remove = withFaults(memory, BffError).remove;
      await sweep();
      return memory.rows();
    };

    it('if the write of the renewal fails', async () => {
      const { session } = await signIn(since(hour), { sid: 'first' });
      failOn('replace', () => true);
      await expect(store.write(session, renewed('second'))).rejects.toThrow();
      expect(rowsIn('sid-')).toBe(2);
      expect(await sweepAll()).toEqual([]);
    });

    it('if the removal of the previous index row fails, at each of two renewals', async () => {
      const { session } = await signIn(since(hour), { sid: 'first' });
      failOn('remove', isIndexRow);
      const written = await store.write(session, renewed('second'));
      if (written.kind !== 'written') throw new Error(written.kind);
      await store.write(written.session, {
        ...sessionContent({
          claims: { sid: 'third', iat: 1_785_589_300 },
          facts: { expiresAt: since(hour) },
        }),
        msalCache: msalCacheOf({ refreshToken: 'last' }),
      });
      expect(rowsIn('sid-')).toBe(3);
      expect(await sweepAll()).toEqual([]);
    });

    it('if the session ended and the removal of its index row failed', async () => {
      const { session } = await signIn(since(hour), { sid: 'first' });
      await store.write(session, renewed('second'));
      failOn('remove', isIndexRow);
      await store.remove(session.locator, 'second');
      expect([rowsIn('user-'), rowsIn('sid-')]).toEqual([0, 1]);
      expect(await sweepAll()).toEqual([]);
    });

    it('not while its session exists', async () => {
      const { session } = await signIn(since(9 * hour), { sid: 'first' });
      await store.write(session, renewed('second', since(9 * hour)));
      now = since(3 * hour);
      await sweep();
      expect(await store.endBySid('second')).toHaveLength(1);
    });
  });

  it('removes what an interrupted sign-in left', {
    tags: ['I1'],
  }, async () => {
    let inserts = 0;
    table.before = (operation) => {
      if (operation === 'insert' && ++inserts === 3) throw new BffError('storage_unavailable');
    };
    await expect(signIn(since(hour), { sid: 'first' })).rejects.toMatchObject({
      code: 'storage_unavailable',
    });
    table.before = undefined;
    expect([rowsIn('user-'), rowsIn('sid-'), rowsIn('expires-')]).toEqual([0, 1, 1]);
    now = since(9 * hour);
    await sweep();
    expect(memory.rows()).toEqual([]);
  });

  it('removes a tombstone when no sign-in can be in progress any more', async () => {
    const { session } = await signIn(since(hour));
    const { tenantId, objectId } = session.facts.claims.principal;
    await store.endAll({ tenantId, objectId });
    expect(rowsIn('user-')).toBe(1);
    now = since(9 * hour);
    expect(await sweep()).toMatchObject({ removed: 1, alreadyGone: 1 });
    expect(memory.rows()).toEqual([]);
  });

  it('stops after ten failures and loses nothing', async () => {
    for (let count = 0; count < 40; count++) await signIn(since(hour));
    now = since(9 * hour);
    table.failing.add('remove');
    const report = await sweep();
    expect(report.failed).toBeGreaterThanOrEqual(10);
    expect(report.failed).toBeLessThan(40);
    expect(report.more).toBe(true);
    table.recover();
    await sweep();
    expect(memory.rows()).toEqual([]);
  });

  it('skips a foreign row in a bucket', async () => {
    memory.put({ partitionKey: 'expires-2026-08-01T01-0', rowKey: 'what', columns: {} });
    expect(await sweep()).toMatchObject({ failed: 0, alreadyGone: 1 });
  });
});
