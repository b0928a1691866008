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
  it('ends all of them, at once on this worker, and none of other users', async () => {
    const own = [await signIn(), await signIn(), await signIn()];
    const ben = await signIn({ oid: 'ben' });
    expect(await store.endAll(alice)).toBe(3);
    for (const { cookieValue } of own) expect(await isLive(cookieValue, store)).toBe(false);
    expect(await isLive(ben.cookieValue)).toBe(true);
    expect(sessions()).toHaveLength(1);
  });

  it('can spare one session', async () => {
    const [stays, goes] = [await signIn(), await signIn()];
    expect(await store.endAll(alice, stays.session.locator)).toBe(1);
    expect(await isLive(stays.cookieValue)).toBe(true);
    expect(await isLive(goes.cookieValue)).toBe(false);
  });

  it('ends more sessions than one page of a listing has', async () => {
    for (let count = 0; count < 230; count++) await signIn();
    expect(await store.endAll(alice)).toBe(230);
    expect(sessions()).toEqual([]);
  });

  it('ends a sign-in in progress whose row is inserted after the listing', {
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

  it('ignores a tombstone ahead of every clock, and the next one counts', async () => {
    await store.endAll(alice);
    const [mark] = memory.rows().filter(({ rowKey }) => rowKey === 'tombstone');
    if (mark === undefined) throw new Error('no tombstone');
    const far = new Date(start.getTime() + 10 * 365 * 86_400_000);
    memory.put({ ...mark, columns: { ...mark.columns, endedAt: far } });
    now = new Date(start.getTime() + 60_000);
    expect((await create()).kind).toBe('created');
    await store.endAll(alice);
    expect(await create({}, now)).toEqual({ kind: 'ended-meanwhile' });
    // Written by another worker that has not learned the table's clock, while both clocks are wrong.
    memory.put({ ...mark, columns: { ...mark.columns, endedAt: new Date(now.getTime() + 590_000) } });
    expect(await create({}, now)).toEqual({ kind: 'ended-meanwhile' });
  });

  it('ends a sign-in whose row is inserted during the listing', async () => {
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

  it('does not affect the next sign-in', async () => {
    await signIn();
    await store.endAll(alice);
    now = new Date(start.getTime() + 1000);
    expect(await isLive((await signIn()).cookieValue)).toBe(true);
  });

  it('has the same result if it runs twice or concurrently', async () => {
    await signIn();
    await Promise.all([storeOf().endAll(alice), storeOf().endAll(alice)]);
    expect(await store.endAll(alice)).toBe(0);
    expect(rowsIn('user-')).toHaveLength(1);
  });

  it('keeps the later tombstone if clocks of workers differ', async () => {
    now = new Date(start.getTime() + 60_000);
    await store.endAll(alice);
    now = start;
    await store.endAll(alice);
    expect(await create({}, new Date(start.getTime() + 30_000))).toEqual({ kind: 'ended-meanwhile' });
  });

  describe('by a worker whose clock is wrong', { tags: ['K1', 'L1'] }, () => {
    /** The worker's clock and what it has learned of the table's, whose clock is right. */
    const at = (rightTime: Date, aheadMs: number) => {
      now = new Date(rightTime.getTime() + aheadMs);
      memory.clock.observe({ date: rightTime.toUTCString(), sentAt: now, receivedAt: now });
    };
    const later = (durationMs: number) => new Date(start.getTime() + durationMs);

    it.each([
      [-290_000, 0],
      [0, -290_000],
      [290_000, 0],
      [0, 290_000],
      [290_000, -290_000],
      [-290_000, 290_000],
    ])(
      '(ahead by %i ms) ends earlier sign-ins of one whose clock is ahead by %i ms, and no later ones',
      async (endingAheadMs, signInAheadMs) => {
        at(later(-1_000), signInAheadMs);
        const earlier = store.signInStart(now);
        at(start, endingAheadMs);
        await store.endAll(alice);
        at(later(3_000), signInAheadMs);
        expect(await create({}, earlier)).toEqual({ kind: 'ended-meanwhile' });
        expect((await create({}, store.signInStart(now))).kind).toBe('created');
      },
    );

    it('ends a sign-in if its order cannot be known, because dates have whole seconds', async () => {
      at(start, 0);
      await store.endAll(alice);
      at(later(900), 0);
      expect(await create({}, store.signInStart(now))).toEqual({ kind: 'ended-meanwhile' });
    });
  });

  it('fails if the table fails, and has ended the sessions on this worker', async () => {
    const { cookieValue } = await signIn();
    table.failing.add('remove');
    await expect(store.endAll(alice)).rejects.toMatchObject({ code: 'storage_unavailable' });
    table.recover();
    expect(await isLive(cookieValue, store)).toBe(false);
  });
});

describe('the index by sid', () => {
  it('finds and ends all sessions of one sid, and no others', async () => {
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

  it('is removed with the session', async () => {
    const { session } = await signIn({ sid: 'one' });
    await store.remove(session.locator, 'one');
    expect(rowsIn('sid-')).toEqual([]);
  });

  it('ends a sign-in in progress if its sid ends before the row is inserted', {
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

  it('ends a sign-in whose row is inserted between the deletions of session and index row', {
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
      // The index row exists, the session does not. Everything but the index row is deleted now.
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

  it('stays if the session could not be deleted, so that the next attempt ends it', async () => {
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

  it('follows a session whose sid changes with a renewal', async () => {
    const { session, cookieValue } = await signIn({ sid: 'one' });
    const renewed = sessionContent({ claims: { sid: 'two', iat: 1_785_589_200 } });
    await store.write(session, { ...renewed, msalCache: msalCacheOf({ refreshToken: 'next' }) });
    expect(rowsIn('sid-')).toHaveLength(1);
    expect(await store.endBySid('two')).toHaveLength(1);
    expect(await isLive(cookieValue)).toBe(false);
    expect(rowsIn('sid-')).toEqual([]);
  });

  it('stays if a renewal has no sid, and still ends the session', async () => {
    const { session, cookieValue } = await signIn({ sid: 'one' });
    const renewed = sessionContent({ claims: { sid: undefined, iat: 1_785_589_200 } });
    expect(await store.write(session, renewed)).toMatchObject({ kind: 'written' });
    expect(rowsIn('sid-')).toHaveLength(1);
    await store.endBySid('one');
    expect((await store.read(cookieValue)).kind).toBe('none');
  });

  it('gets no row from a renewal that is too late', async () => {
    const { session } = await signIn({ sid: 'one' });
    await storeOf().remove(session.locator, 'one');
    const renewed = sessionContent({ claims: { sid: 'two', iat: 1_785_589_200 } });
    await store.write(session, { ...renewed, msalCache: msalCacheOf({ refreshToken: 'next' }) });
    expect(rowsIn('sid-')).toEqual([]);
  });

  it('that cannot be removed keeps no user signed in', async () => {
    const { session, cookieValue } = await signIn({ sid: 'one' });
    table.before = () => {};
    const { remove } = table;
    table.remove = async (keys) => {
      if (keys.partitionKey.startsWith('sid-')) throw new BffError('storage_unavailable');
      await remove(keys);
    };
    await store.remove(session.locator, 'one');
    expect(await isLive(cookieValue)).toBe(false);
    table.remove = remove;
    expect(await store.endBySid('one')).toHaveLength(1);
  });
});
