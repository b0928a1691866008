import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createKeyRing, type ServerKey } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { BffError } from '../../../src/shared/errors.ts';
import type { UserId } from '../../../src/shared/identity/principal.ts';
import type { CreatedSession } from '../../../src/shared/session/creation.ts';
import { createSessionStore, type SessionStore } from '../../../src/shared/session/store.ts';
import type { ColumnValue, Row } from '../../../src/shared/storage/table.ts';
import { type FaultyTable, withFaults } from '../../support/faulty-table.ts';
import { createMemoryTable, type MemoryTable } from '../../support/memory-table.ts';
import { isWholeRun } from '../../support/scale.ts';
import { msalCacheOf, sessionContent } from '../../support/session-content.ts';

const start = new Date('2026-08-01T12:00:00Z');
const idleSeconds = 3600;
const key = (id: number): ServerKey => ({ id, bytes: Buffer.alloc(32, id) });
const alice = sessionContent().facts.claims.principal;
const ben = { ...alice, objectId: 'ben' };

let memory: MemoryTable;
let table: FaultyTable;
let store: SessionStore;
let now: Date;
const advance = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1000);
};

beforeEach(() => {
  memory = createMemoryTable();
  table = withFaults(memory, BffError);
  now = start;
  store = storeOf();
});

function storeOf(keys: readonly ServerKey[] = [key(1)], maxPerUser?: number): SessionStore {
  return createSessionStore({
    registration: ['client', 'public'],
    table,
    keyRing: createKeyRing(keys),
    indexKey: Buffer.alloc(32, 99),
    idleSeconds,
    cacheSeconds: 5,
    ...(maxPerUser === undefined ? {} : { maxPerUser }),
    now: () => now,
    monotonicMs: () => 0,
    random: secureRandomBytes,
  });
}

async function signIn(
  options: { claims?: Record<string, unknown>; device?: string; expiresAt?: Date; on?: SessionStore } = {},
): Promise<CreatedSession & { id: string }> {
  const { claims = {}, device = 'Edge on Windows', expiresAt, on = store } = options;
  const facts = { device, signedInAt: now, ...(expiresAt && { expiresAt }) };
  const created = await on.create(sessionContent({ claims, facts }), secureRandomBytes(32), now);
  if (created.kind !== 'created') throw new Error(created.kind);
  return { ...created, id: created.session.locator.rowId.toString('base64url') };
}

const rowOf = (id: string): Row => {
  const row = memory.rows().find(({ rowKey, partitionKey }) => {
    return rowKey === `session-${id}` && partitionKey.startsWith('user-');
  });
  if (row === undefined) throw new Error('no row');
  return row;
};
const plant = (id: string, columns: Record<string, ColumnValue>) => {
  const row = rowOf(id);
  memory.put({ ...row, columns: { ...row.columns, ...columns } });
};
const isLive = async (cookieValue: string, on = storeOf()) => (await on.read(cookieValue)).kind === 'live';
const listOf = async (user: UserId, on = store) => (await on.list(user)).sessions;
const sidRows = () => memory.rows().filter(({ partitionKey }) => partitionKey.startsWith('sid-'));

describe('the list of a user’s sessions', () => {
  it('has device, times and granted permissions of each session', async () => {
    const { id, session } = await signIn();
    expect(await listOf(alice)).toEqual([
      {
        id,
        device: 'Edge on Windows',
        signedInAt: start,
        rolesAsOf: session.facts.claimsAsOf,
        grantedScopes: ['User.Read'],
        lastUsedAt: start,
        expiresAt: session.facts.expiresAt,
        idleExpiresAt: new Date(start.getTime() + idleSeconds * 1000),
      },
    ]);
  });

  it('has the sessions of this user only', async () => {
    const own = await signIn();
    const other = await signIn({ claims: { oid: 'ben' } });
    const sameIdElsewhere = await signIn({ claims: { tid: 'another-tenant' } });
    expect((await listOf(alice)).map(({ id }) => id)).toEqual([own.id]);
    expect((await listOf(ben)).map(({ id }) => id)).toEqual([other.id]);
    expect((await listOf({ ...alice, tenantId: 'another-tenant' })).map(({ id }) => id)).toEqual([
      sameIdElsewhere.id,
    ]);
    expect(await listOf({ ...alice, objectId: 'nobody' })).toEqual([]);
  });

  it('starts with the most recently used session', async () => {
    const first = await signIn();
    advance(60);
    const second = await signIn();
    advance(600);
    const { session } = first;
    await store.extend(session);
    expect((await listOf(alice)).map(({ id }) => id)).toEqual([first.id, second.id]);
  });

  it('omits sessions past their idle or absolute limit', async () => {
    const idle = await signIn();
    const ending = await signIn({ expiresAt: new Date(start.getTime() + 600_000) });
    advance(599);
    const living = await signIn();
    expect(await listOf(alice)).toHaveLength(3);
    advance(1);
    expect((await listOf(alice)).map(({ id }) => id)).not.toContain(ending.id);
    advance(idleSeconds - 600);
    expect((await listOf(alice)).map(({ id }) => id)).toEqual([living.id]);
    expect(rowOf(idle.id)).toBeDefined();
  });

  it('is updated by a write of the session, and not by use or leases', async () => {
    const { id, session } = await signIn();
    const renewed = sessionContent({
      facts: { ...session.facts, grantedScopes: ['User.Read', 'Mail.Read'] },
      msalCache: msalCacheOf({ refreshToken: 'next' }),
    });
    const written = await store.write(session, renewed);
    if (written.kind !== 'written') throw new Error(written.kind);
    expect(await listOf(alice)).toMatchObject([
      { id, device: 'Edge on Windows', grantedScopes: ['User.Read', 'Mail.Read'] },
    ]);
    const { summary } = rowOf(id).columns;
    advance(600);
    const used = await store.extend(written.session);
    if (used.kind !== 'found') throw new Error(used.kind);
    await store.acquireLease(used.session, 'lease');
    expect(rowOf(id).columns['summary']).toEqual(summary);
    expect(await listOf(alice)).toMatchObject([{ id, device: 'Edge on Windows', lastUsedAt: now }]);
  });

  it('keeps the device when two writes are merged', async () => {
    const { id, session, cookieValue } = await signIn();
    const other = storeOf();
    const theirs = await other.read(cookieValue);
    if (theirs.kind !== 'live') throw new Error(theirs.kind);
    await other.write(theirs.session, {
      ...theirs.session,
      msalCache: msalCacheOf({ refreshToken: 'theirs' }),
    });
    const withScope = { ...session.facts, grantedScopes: ['User.Read', 'Mail.Read'] };
    await store.write(session, { ...session, facts: withScope });
    expect(await listOf(alice)).toMatchObject([
      { id, device: 'Edge on Windows', grantedScopes: ['User.Read', 'Mail.Read'] },
    ]);
  });

  it('omits a session whose summary was removed, and counts it as unreadable', async () => {
    const { id, session } = await signIn();
    const row = rowOf(id);
    const { summary: _removed, ...columns } = row.columns;
    memory.put({ ...row, columns });
    const { expiresAt } = session.facts;
    const idleExpiresAt = new Date(start.getTime() + idleSeconds * 1000);
    expect(await listOf(alice)).toEqual([{ id, lastUsedAt: start, expiresAt, idleExpiresAt }]);
    expect((await store.list(alice)).unreadable).toBe(1);
  });

  it('omits sessions whose summary is manipulated, moved or sealed with a retired key', async () => {
    const [moved, source] = [await signIn({ device: 'Chrome on Linux' }), await signIn()];
    const { summary } = rowOf(source.id).columns;
    plant(moved.id, { summary: summary ?? '' });
    const ofMoved = (await listOf(alice)).find(({ id }) => id === moved.id);
    expect(ofMoved).not.toHaveProperty('device');
    plant(source.id, { summary: new Uint8Array(40) });
    for (const listed of await listOf(alice)) expect(listed).not.toHaveProperty('signedInAt');
    expect((await store.list(alice)).unreadable).toBe(2);
    const rolled = storeOf([key(2)]);
    expect(await listOf(alice, rolled)).toHaveLength(2);
    expect((await listOf(alice, rolled))[0]).not.toHaveProperty('device');
    expect((await rolled.list(alice)).unreadable).toBe(0);
  });

  it('ignores a time of use that is ahead of every clock', async () => {
    const { id } = await signIn();
    plant(id, { lastUsedAt: new Date(start.getTime() + 10 * 365 * 86_400_000) });
    advance(idleSeconds - 1);
    expect(await listOf(alice)).toMatchObject([{ id, lastUsedAt: start }]);
    // The order by last use ignores it too.
    const { endLeastRecentlyUsed } = await signIn({ on: storeOf([key(1)], 1) });
    expect(await endLeastRecentlyUsed()).toBe(1);
    const again = await signIn();
    plant(again.id, { lastUsedAt: new Date(start.getTime() + 10 * 365 * 86_400_000) });
    advance(idleSeconds);
    expect(await listOf(alice)).toEqual([]);
  });

  it('omits foreign rows in the partition', async () => {
    const { id } = await signIn();
    const row = rowOf(id);
    for (const rowKey of [
      'session-',
      'session-short',
      `session-${'A'.repeat(42)}B`,
      `session-${'A'.repeat(44)}`,
    ]) {
      memory.put({ ...row, rowKey });
    }
    const planted = secureRandomBytes(32).toString('base64url');
    memory.put({ ...row, rowKey: `session-${planted}`, columns: {} });
    memory.put({
      ...row,
      rowKey: `session-${secureRandomBytes(32).toString('base64url')}`,
      columns: { ...row.columns, lastUsedAt: new Date(Number.NaN) },
    });
    expect((await listOf(alice)).map((listed) => listed.id)).toEqual([id]);
  });

  it('has every active session, even if many expired ones wait for the sweep', async () => {
    const { id: idle } = await signIn();
    advance(idleSeconds);
    const living = [];
    for (let count = 0; count < 20; count++) living.push((await signIn()).id);
    const ended = rowOf(idle);
    for (let count = 0; count < 1_500; count++) {
      memory.put({ ...ended, rowKey: `session-${secureRandomBytes(32).toString('base64url')}` });
    }
    const { sessions, isCut } = await store.list(alice);
    expect(sessions.map(({ id }) => id).toSorted()).toEqual(living.toSorted());
    expect(isCut).toBe(false);
  });

  it('reads at most 500 rows with the required columns, and reports that there are more', async () => {
    const { id } = await signIn();
    const row = rowOf(id);
    const more = (rows: number) => {
      for (let count = 0; count < rows; count++) {
        memory.put({ ...row, rowKey: `session-${secureRandomBytes(32).toString('base64url')}` });
      }
    };
    more(499);
    expect((await store.list(alice)).isCut).toBe(false);
    more(1);
    const before = table.counts.list + table.counts.read;
    const { sessions, isCut } = await store.list(alice);
    expect([sessions.length, isCut]).toEqual([500, true]);
    expect(table.counts.list + table.counts.read).toBe(before + 1);
  });

  it('fails if the table does not answer', async () => {
    await signIn();
    table.failing.add('list');
    await expect(store.list(alice)).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});

describe('the limit of active sessions', () => {
  it('ends the user’s least recently used sessions with their index rows, and no others', async () => {
    const limited = storeOf([key(1)], 3);
    const first = await signIn({ claims: { sid: 'first' } });
    advance(400);
    const second = await signIn({ claims: { sid: 'second' } });
    advance(400);
    await limited.extend(first.session);
    const others = await signIn({ claims: { oid: 'ben', sid: 'others' } });
    advance(1);
    const third = await signIn({ claims: { sid: 'third' }, on: limited });
    expect(await third.endLeastRecentlyUsed()).toBe(0);
    advance(1);
    const fourth = await signIn({ claims: { sid: 'fourth' }, on: limited });
    expect(await fourth.endLeastRecentlyUsed()).toBe(1);
    expect((await listOf(alice)).map(({ id }) => id)).toEqual([fourth.id, third.id, first.id]);
    expect(await isLive(second.cookieValue, limited)).toBe(false);
    expect(await isLive(others.cookieValue)).toBe(true);
    expect(sidRows()).toHaveLength(4);
  });

  it('ends at most twenty at one sign-in, and the others at the next ones', async () => {
    const limited = storeOf([key(1)], 3);
    for (let session = 0; session < 40; session++) {
      await signIn();
      advance(1);
    }
    const counts: number[] = [];
    for (let session = 0; session < 3; session++) {
      const { endLeastRecentlyUsed } = await signIn({ on: limited });
      counts.push(await endLeastRecentlyUsed());
      advance(1);
    }
    expect(counts).toEqual([20, 19, 1]);
    expect(await listOf(alice)).toHaveLength(3);
  });

  it('ends no session for a sign-in whose own session is gone', async () => {
    const limited = storeOf([key(1)], 1);
    await signIn();
    advance(1);
    await signIn();
    advance(1);
    // The sign-in could not list the sessions, so they are listed when its own session is gone.
    table.failing.add('list');
    const { session, endLeastRecentlyUsed } = await signIn({ on: limited });
    table.recover();
    await store.remove(session.locator);
    expect(await endLeastRecentlyUsed()).toBe(0);
    expect(await listOf(alice)).toHaveLength(2);
  });

  it('does not count expired sessions, and keeps the new one', async () => {
    const limited = storeOf([key(1)], 1);
    const idle = await signIn();
    advance(idleSeconds);
    const older = await signIn({ on: limited });
    expect(await older.endLeastRecentlyUsed()).toBe(0);
    expect(rowOf(idle.id)).toBeDefined();
    advance(1);
    const newer = await signIn({ on: limited });
    expect(await older.endLeastRecentlyUsed()).toBe(0);
    expect(await newer.endLeastRecentlyUsed()).toBe(1);
    expect((await listOf(alice)).map(({ id }) => id)).toEqual([newer.id]);
  });

  it.each([1, 2])('of %i holds for two concurrent sign-ins on two workers', async (limit) => {
    const [one, two] = [storeOf([key(1)], limit), storeOf([key(1)], limit)];
    await signIn();
    await signIn();
    advance(1);
    const bothInserted = Promise.withResolvers<void>();
    let lists = 0;
    table.before = async (operation) => {
      if (operation !== 'list') return;
      if (++lists === 2) bothInserted.resolve();
      await bothInserted.promise;
    };
    const [left, right] = await Promise.all([signIn({ on: one }), signIn({ on: two })]);
    await Promise.all([left.endLeastRecentlyUsed(), right.endLeastRecentlyUsed()]);
    expect(await listOf(alice)).toHaveLength(limit);
  });
});

describe('ending one session by its id', () => {
  it('takes effect at once on this worker, includes its index row, and ends no other session', async () => {
    const [goes, stays] = [
      await signIn({ claims: { sid: 'one' } }),
      await signIn({ claims: { sid: 'two' } }),
    ];
    expect(await isLive(goes.cookieValue, store)).toBe(true);
    expect(await store.endOne(alice, goes.id)).toEqual({ kind: 'ended' });
    expect(await isLive(goes.cookieValue, store)).toBe(false);
    expect(await isLive(goes.cookieValue)).toBe(false);
    expect(await isLive(stays.cookieValue)).toBe(true);
    expect(sidRows()).toHaveLength(1);
  });

  it('finds nothing the second time', async () => {
    const { id } = await signIn();
    await store.endOne(alice, id);
    expect(await store.endOne(alice, id)).toEqual({ kind: 'none' });
  });

  it('wins over a concurrent write', { tags: ['SC-4'] }, async () => {
    const { id, session, cookieValue } = await signIn();
    let ending: Promise<unknown> | undefined;
    table.before = async (operation) => {
      if (operation !== 'replace') return;
      table.before = undefined;
      ending = storeOf().endOne(alice, id);
      await ending;
    };
    const next = { ...session, msalCache: msalCacheOf({ refreshToken: 'next' }) };
    expect(await store.write(session, next)).toEqual({ kind: 'gone' });
    expect(await ending).toEqual({ kind: 'ended' });
    expect(await isLive(cookieValue)).toBe(false);
  });

  it('fails if the table cannot be read', async () => {
    const { id, cookieValue } = await signIn();
    table.failing.add('read');
    await expect(store.endOne(alice, id)).rejects.toMatchObject({ code: 'storage_unavailable' });
    table.recover();
    expect(await isLive(cookieValue, store)).toBe(true);
  });

  describe('refuses', { tags: ['AD-2'] }, () => {
    it('the id of another user’s session, because only the user’s own partition is searched', async () => {
      const theirs = await signIn({ claims: { oid: 'ben' } });
      expect(await store.endOne(alice, theirs.id)).toEqual({ kind: 'none' });
      expect(await isLive(theirs.cookieValue)).toBe(true);
    });

    it('anything but a canonical id of 32 bytes, without reading the table', async () => {
      const { id, cookieValue } = await signIn();
      const otherSpelling = `${id.slice(0, -1)}${String.fromCharCode(id.charCodeAt(42) + 1)}`;
      const hostile = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.base64String(),
        fc.constantFrom(
          '',
          ' ',
          id.slice(1),
          `${id}A`,
          `${id}=`,
          ` ${id}`,
          `session-${id}`,
          'user',
          '../user',
        ),
        fc.constantFrom(otherSpelling, `${id}\n`, `${id}/`, "' or RowKey ne '", '__proto__'),
      );
      const before = table.counts.read + table.writes();
      await fc.assert(
        fc.asyncProperty(
          hostile.filter((text) => text !== id),
          async (text) => {
            expect(await store.endOne(alice, text)).toEqual({ kind: 'none' });
          },
        ),
        { numRuns: isWholeRun ? 100 : 25 },
      );
      expect(table.counts.read + table.writes()).toBe(before);
      expect(await isLive(cookieValue)).toBe(true);
    });
  });
});
