import { beforeEach, describe, expect, it } from 'vitest';
import { createKeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { BffError } from '../../../src/shared/errors.ts';
import type { Session } from '../../../src/shared/session/session.ts';
import { createSessionStore, type SessionStore } from '../../../src/shared/session/store.ts';
import { type FaultyTable, withFaults } from '../../support/faulty-table.ts';
import { createMemoryTable, type MemoryTable } from '../../support/memory-table.ts';
import { sessionContent } from '../../support/session-content.ts';

const now = new Date('2026-08-01T12:00:00Z');
const alice = sessionContent().facts.claims.principal;
const busy = { code: 'storage_unavailable', status: 503 };

let memory: MemoryTable;
let table: FaultyTable;
let store: SessionStore;
let ms: number;

beforeEach(() => {
  ms = 0;
  memory = createMemoryTable();
  table = withFaults(memory, BffError);
  store = createSessionStore({
    registration: ['client', 'public'],
    table,
    keyRing: createKeyRing([{ id: 1, bytes: Buffer.alloc(32, 1) }]),
    indexKey: Buffer.alloc(32, 99),
    idleSeconds: 3600,
    cacheSeconds: 5,
    now: () => now,
    monotonicMs: () => ms,
    random: secureRandomBytes,
  });
});

async function signIn(claims: Record<string, unknown> = {}): Promise<{ session: Session; cookie: string }> {
  const created = await store.create(sessionContent({ claims }), secureRandomBytes(32), now);
  if (created.kind !== 'created') throw new Error(created.kind);
  return { session: created.session, cookie: created.cookieValue };
}

/** Lets five reads and five inserts fail, so that further ones are held back, and then lets the table work. */
async function makeBusy(): Promise<void> {
  const oids = ['ben', 'mia', 'zoe', 'gus', 'leo'];
  const others = await Promise.all(oids.map((oid) => signIn({ oid })));
  ms += 6_000;
  table.failAll();
  for (const { cookie } of others) await expect(store.read(cookie)).rejects.toMatchObject(busy);
  for (const oid of oids) await expect(signIn({ oid })).rejects.toMatchObject(busy);
  table.recover();
  const reads = table.counts.read;
  for (const { cookie } of others) await expect(store.read(cookie)).rejects.toMatchObject(busy);
  await expect(signIn()).rejects.toMatchObject(busy);
  expect(table.counts.read).toBe(reads);
}

const rowsOf = (partition: string | undefined) =>
  memory.rows().filter(({ partitionKey }) => partitionKey === partition);

describe('while the table is busy', () => {
  it('reads are held back for five seconds at most', async () => {
    const { cookie } = await signIn();
    await makeBusy();
    ms += 5_000;
    expect((await store.read(cookie)).kind).toBe('live');
  });

  it('a call that ends sessions reads its session at once', async () => {
    const { cookie } = await signIn();
    await makeBusy();
    await expect(store.read(cookie)).rejects.toMatchObject(busy);
    expect((await store.read(cookie, { isEnding: true })).kind).toBe('live');
  });

  it('a sign-out is complete at once', async () => {
    const { session } = await signIn();
    const { partitionKey } = memory.rows().find(({ rowKey }) => rowKey.startsWith('session-')) ?? {};
    expect(rowsOf(partitionKey)).toHaveLength(1);
    await makeBusy();
    await store.remove(session.locator);
    expect(rowsOf(partitionKey)).toEqual([]);
  });

  it('all sessions of a user end, and the mark for sign-ins under way is written', async () => {
    await signIn();
    await signIn();
    await makeBusy();
    expect(await store.endAll(alice)).toBe(2);
    const tombstone = memory.rows().find(({ rowKey }) => rowKey === 'tombstone');
    expect(tombstone).toBeDefined();
    expect(rowsOf(tombstone?.partitionKey)).toEqual([tombstone]);
  });

  it('a sign-in finds at once that all sessions of its user ended meanwhile', async () => {
    await store.endAll(alice);
    const { cookie } = await signIn({ oid: 'ben' });
    ms += 6_000;
    table.failing.add('read').add('list');
    for (let attempt = 0; attempt < 5; attempt++) {
      await expect(store.read(cookie)).rejects.toMatchObject(busy);
      await expect(store.list(alice)).rejects.toMatchObject(busy);
    }
    table.recover();
    const { read, list } = table.counts;
    await expect(store.read(cookie)).rejects.toMatchObject(busy);
    await expect(store.list(alice)).rejects.toMatchObject(busy);
    const earlier = sessionContent({ claims: {} });
    expect(await store.create(earlier, secureRandomBytes(32), now)).toEqual({ kind: 'ended-meanwhile' });
    expect([table.counts.read - read, table.counts.list - list]).toEqual([0, 1]);
  });

  it('the sessions of a sid end', async () => {
    await signIn({ sid: 'sid-1' });
    await makeBusy();
    expect(await store.endBySid('sid-1')).toHaveLength(1);
  });
});
