import { beforeEach, describe, expect, it } from 'vitest';
import { createKeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { BffError } from '../../../src/shared/errors.ts';
import type { Session } from '../../../src/shared/session/session.ts';
import { createSessionStore, type SessionStore } from '../../../src/shared/session/store.ts';
import { type FaultyTable, withFaults } from '../../support/faulty-table.ts';
import { createMemoryTable, type MemoryTable } from '../../support/memory-table.ts';
import { msalCacheOf, sessionContent } from '../../support/session-content.ts';

const start = new Date('2026-08-01T12:00:00Z');
const alice = sessionContent().facts.claims.principal;

let memory: MemoryTable;
let table: FaultyTable;
let store: SessionStore;
let now: Date;

beforeEach(() => {
  memory = createMemoryTable();
  table = withFaults(memory, BffError);
  now = start;
  store = storeOf();
});

function storeOf(): SessionStore {
  return createSessionStore({
    registration: ['client', 'public'],
    table,
    keyRing: createKeyRing([{ id: 1, bytes: Buffer.alloc(32, 1) }]),
    indexKey: Buffer.alloc(32, 99),
    idleSeconds: 3600,
    cacheSeconds: 5,
    now: () => now,
    monotonicMs: () => 0,
    random: secureRandomBytes,
  });
}

const create = (claims: Record<string, unknown> = {}, startedAt = now) =>
  store.create(sessionContent({ claims }), secureRandomBytes(32), startedAt);

async function signIn(
  claims: Record<string, unknown> = {},
): Promise<{ session: Session; cookieValue: string }> {
  const created = await create(claims);
  if (created.kind !== 'created') throw new Error(created.kind);
  return created;
}

const isLive = async (cookieValue: string, on = storeOf()) => (await on.read(cookieValue)).kind === 'live';
const rowsIn = (prefix: string) =>
  memory.rows().filter(({ partitionKey }) => partitionKey.startsWith(prefix));
const sessions = () => rowsIn('user-').filter(({ rowKey }) => rowKey.startsWith('session-'));

describe('ending all sessions of a user', () => {
  it('ends each of them, at once on the worker that does it, and nobody else’s', async () => {
    const own = [await signIn(), await signIn(), await signIn()];
    const ben = await signIn({ oid: 'ben' });
    expect(await store.endAll(alice)).toBe(3);
    for (const { cookieValue } of own) expect(await isLive(cookieValue, store)).toBe(false);
    expect(await isLive(ben.cookieValue)).toBe(true);
    expect(sessions()).toHaveLength(1);
  });

  it('spares the one that is asked to stay', async () => {
    const [stays, goes] = [await signIn(), await signIn()];
    expect(await store.endAll(alice, stays.session.address)).toBe(1);
    expect(await isLive(stays.cookieValue)).toBe(true);
    expect(await isLive(goes.cookieValue)).toBe(false);
  });

  it('ends more of them than one listing holds', async () => {
    for (let count = 0; count < 230; count++) await signIn();
    expect(await store.endAll(alice)).toBe(230);
    expect(sessions()).toEqual([]);
  });

  it('catches a sign-in that is under way: its row is there after the listing and goes again', {
    tags: ['L1'],
  }, async () => {
    await signIn();
    const startedAt = now;
    now = new Date(start.getTime() + 1000);
    table.before = async (operation) => {
      if (operation !== 'insert') return;
      table.before = undefined;
      await storeOf().endAll(alice);
    };
    expect(await create({}, startedAt)).toEqual({ kind: 'ended-meanwhile' });
    expect(sessions()).toEqual([]);
  });

  it('is not what a mark says that lies ahead of every clock: users sign in, and the next ending counts', async () => {
    await store.endAll(alice);
    const [mark] = memory.rows().filter(({ rowKey }) => rowKey === 'tombstone');
    if (mark === undefined) throw new Error('no mark');
    const far = new Date(start.getTime() + 10 * 365 * 86_400_000);
    memory.put({ ...mark, columns: { ...mark.columns, endedAt: far } });
    now = new Date(start.getTime() + 60_000);
    expect((await create()).kind).toBe('created');
    await store.endAll(alice);
    expect(await create({}, now)).toEqual({ kind: 'ended-meanwhile' });
    // By the clock of another worker, which is ahead.
    memory.put({ ...mark, columns: { ...mark.columns, endedAt: new Date(now.getTime() + 290_000) } });
    expect(await create({}, now)).toEqual({ kind: 'ended-meanwhile' });
  });

  it('catches one whose row is inserted while the rows are being listed', async () => {
    await signIn();
    const startedAt = now;
    now = new Date(start.getTime() + 1000);
    let signingIn: ReturnType<typeof create> | undefined;
    table.before = async (operation) => {
      if (operation !== 'list') return;
      table.before = undefined;
      signingIn = create({}, startedAt);
      await signingIn;
    };
    await store.endAll(alice);
    expect(await signingIn).toEqual({ kind: 'ended-meanwhile' });
    expect(sessions()).toEqual([]);
  });

  it('lets the next sign-in in', async () => {
    await signIn();
    await store.endAll(alice);
    now = new Date(start.getTime() + 1000);
    expect(await isLive((await signIn()).cookieValue)).toBe(true);
  });

  it('by two at once, or twice, is the same', async () => {
    await signIn();
    await Promise.all([storeOf().endAll(alice), storeOf().endAll(alice)]);
    expect(await store.endAll(alice)).toBe(0);
    expect(rowsIn('user-')).toHaveLength(1);
  });

  it('keeps the later mark when clocks of workers differ', async () => {
    now = new Date(start.getTime() + 60_000);
    await store.endAll(alice);
    now = start;
    await store.endAll(alice);
    expect(await create({}, new Date(start.getTime() + 30_000))).toEqual({ kind: 'ended-meanwhile' });
  });

  it('says so when the table fails, and has ended what it could on this worker', async () => {
    const { cookieValue } = await signIn();
    table.failing.add('remove');
    await expect(store.endAll(alice)).rejects.toMatchObject({ code: 'storage_unavailable' });
    table.recover();
    expect(await isLive(cookieValue, store)).toBe(false);
  });
});

describe('the index by sid', () => {
  it('leads to every session of one sid, and ends those alone', async () => {
    const [first, second] = [await signIn({ sid: 'one' }), await signIn({ sid: 'one' })];
    const other = await signIn({ sid: 'two' });
    const without = await signIn();
    expect(await store.endBySid('one')).toHaveLength(2);
    for (const { cookieValue } of [first, second]) expect(await isLive(cookieValue)).toBe(false);
    for (const { cookieValue } of [other, without]) expect(await isLive(cookieValue)).toBe(true);
    expect(rowsIn('sid-')).toHaveLength(1);
    expect(await store.endBySid('one')).toHaveLength(0);
    expect(await store.endBySid('unknown')).toHaveLength(0);
  });

  it('loses its row with the session', async () => {
    const { session } = await signIn({ sid: 'one' });
    await store.remove(session.address, 'one');
    expect(rowsIn('sid-')).toEqual([]);
  });

  it('catches a sign-in that is under way: a sid that ends before the row is there ends it', {
    tags: ['L3'],
  }, async () => {
    let inserts = 0;
    table.before = async (operation) => {
      if (operation !== 'insert' || ++inserts < 3) return;
      table.before = undefined;
      await storeOf().endBySid('one');
    };
    expect(await create({ sid: 'one' })).toEqual({ kind: 'ended-meanwhile' });
    expect(sessions()).toEqual([]);
    expect(rowsIn('sid-')).toEqual([]);
  });

  it('catches one whose row is inserted between the deletions of session and index row', {
    tags: ['L3'],
  }, async () => {
    const { remove } = table;
    let arrived: (() => void) | undefined;
    const sessionDeleted = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    let inserts = 0;
    let ending: ReturnType<SessionStore['endBySid']> | undefined;
    table.before = async (operation) => {
      if (operation !== 'insert' || ++inserts < 3) return;
      // The index row is there, the session not yet: the whole deletion but the index row's happens now.
      table.before = undefined;
      table.remove = async (keys) => {
        if (keys.partitionKey.startsWith('sid-')) return new Promise<void>(() => {});
        await remove(keys);
        arrived?.();
      };
      ending = storeOf().endBySid('one');
      await sessionDeleted;
      table.remove = remove;
    };
    expect(await create({ sid: 'one' })).toEqual({ kind: 'ended-meanwhile' });
    expect(ending).toBeDefined();
    expect(sessions()).toEqual([]);
  });

  it('keeps its row while the session could not be deleted, so that trying again ends it', async () => {
    const { cookieValue } = await signIn({ sid: 'one' });
    const { remove } = table;
    table.remove = async (keys) => {
      if (keys.partitionKey.startsWith('user-')) throw new BffError('storage_unavailable');
      await remove(keys);
    };
    await expect(store.endBySid('one')).rejects.toMatchObject({ code: 'storage_unavailable' });
    table.remove = remove;
    expect(await isLive(cookieValue)).toBe(true);
    expect(await store.endBySid('one')).toHaveLength(1);
    expect(await isLive(cookieValue)).toBe(false);
  });

  it('follows a session that Entra calls by another name after a renewal', async () => {
    const { session, cookieValue } = await signIn({ sid: 'one' });
    const renewed = sessionContent({ claims: { sid: 'two', iat: 1_785_589_200 } });
    await store.write(session, { ...renewed, msalCache: msalCacheOf({ refreshToken: 'next' }) });
    expect(rowsIn('sid-')).toHaveLength(1);
    expect(await store.endBySid('two')).toHaveLength(1);
    expect(await isLive(cookieValue)).toBe(false);
    expect(rowsIn('sid-')).toEqual([]);
  });

  it('stays where a renewal gives no sid, and still ends the session', async () => {
    const { session, cookieValue } = await signIn({ sid: 'one' });
    const renewed = sessionContent({ claims: { sid: undefined, iat: 1_785_589_200 } });
    expect(await store.write(session, renewed)).toMatchObject({ kind: 'written' });
    expect(rowsIn('sid-')).toHaveLength(1);
    await store.endBySid('one');
    expect((await store.read(cookieValue)).kind).toBe('none');
  });

  it('is left without a row by a renewal that came too late', async () => {
    const { session } = await signIn({ sid: 'one' });
    await storeOf().remove(session.address, 'one');
    const renewed = sessionContent({ claims: { sid: 'two', iat: 1_785_589_200 } });
    await store.write(session, { ...renewed, msalCache: msalCacheOf({ refreshToken: 'next' }) });
    expect(rowsIn('sid-')).toEqual([]);
  });

  it('that cannot be cleared keeps nobody signed in', async () => {
    const { session, cookieValue } = await signIn({ sid: 'one' });
    table.before = () => {};
    const { remove } = table;
    table.remove = async (keys) => {
      if (keys.partitionKey.startsWith('sid-')) throw new BffError('storage_unavailable');
      await remove(keys);
    };
    await store.remove(session.address, 'one');
    expect(await isLive(cookieValue)).toBe(false);
    table.remove = remove;
    expect(await store.endBySid('one')).toHaveLength(1);
  });
});
