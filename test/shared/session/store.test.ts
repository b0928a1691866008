import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createKeyRing, type ServerKey } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { BffError } from '../../../src/shared/errors.ts';
import type { SessionContent } from '../../../src/shared/session/facts.ts';
import type { Session } from '../../../src/shared/session/session.ts';
import { createSessionStore, type SessionStore } from '../../../src/shared/session/store.ts';
import type { Table } from '../../../src/shared/storage/table.ts';
import { type FaultyTable, withFaults } from '../../support/faulty-table.ts';
import { createMemoryTable, type MemoryTable } from '../../support/memory-table.ts';
import { msalCacheOf, sessionContent } from '../../support/session-content.ts';

const start = new Date('2026-08-01T12:00:00Z');
const idleSeconds = 3600;
const key = (id: number): ServerKey => ({ id, bytes: Buffer.alloc(32, id) });
const declinedMail = { by: 'user', count: 1, askAgainAt: '2026-08-01T13:00:00.000Z' } as const;
const newRowId = () => secureRandomBytes(32);

let memory: MemoryTable;
let table: FaultyTable;
let now: Date;
const advance = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1000);
};

beforeEach(() => {
  memory = createMemoryTable();
  table = withFaults(memory, BffError);
  now = start;
});

function storeOf(keys: readonly ServerKey[] = [key(1)], over: Table = table): SessionStore {
  return createSessionStore({
    registration: ['client', 'public'],
    table: over,
    keyRing: createKeyRing(keys),
    indexKey: Buffer.alloc(32, 99),
    idleSeconds,
    cacheSeconds: 0,
    now: () => now,
    monotonicMs: () => 0,
    random: secureRandomBytes,
  });
}

const sessionRows = () => memory.rows().filter(({ partitionKey }) => partitionKey.startsWith('user-'));

async function signIn(store = storeOf(), content = sessionContent(), rowId = newRowId()) {
  const created = await store.create(content, rowId, start);
  if (created.kind !== 'created') throw new Error(created.kind);
  const { cookieValue } = created;
  return { cookieValue, session: await readLive(store, cookieValue) };
}

async function readLive(store: SessionStore, cookieValue: string): Promise<Session> {
  const read = await store.read(cookieValue);
  if (read.kind !== 'live') throw new Error(read.kind);
  return read.session;
}

const withRefreshToken = (session: SessionContent, refreshToken: string): SessionContent => ({
  ...session,
  msalCache: msalCacheOf({ refreshToken }),
});

describe('create', () => {
  it('creates one row and a cookie with its locator', async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    expect(sessionRows()).toHaveLength(1);
    expect(await readLive(store, cookieValue)).toMatchObject({ ...sessionContent(), lastUsedAt: start });
  });

  it('creates one session per sign-in, even if its callback is repeated', async () => {
    const store = storeOf();
    const rowId = newRowId();
    const first = await signIn(store, sessionContent(), rowId);
    expect(await store.create(sessionContent(), rowId, start)).toEqual({ kind: 'exists' });
    expect(sessionRows()).toHaveLength(1);
    expect((await store.read(first.cookieValue)).kind).toBe('live');
  });

  it('recognizes its own insert if the response was lost', { tags: ['T3'] }, async () => {
    const losing: Table = {
      ...memory,
      async insert(row) {
        await memory.insert(row);
        return memory.insert(row); // The client library repeats it.
      },
    };
    const store = storeOf([key(1)], losing);
    const { cookieValue, session } = await signIn(store);
    expect((await store.read(cookieValue)).kind).toBe('live');
    expect((await store.write(session, withRefreshToken(session, 'next'))).kind).toBe('written');
  });

  describe('that fails leaves no session without a browser', { tags: ['CB-8'] }, () => {
    const gone = () => new BffError('storage_unavailable');
    const isSession = ({ partitionKey }: { readonly partitionKey: string }) =>
      partitionKey.startsWith('user-');
    const rowsLeft = () =>
      memory.rows().filter((row) => isSession(row) || row.partitionKey.startsWith('sid-'));
    const content = sessionContent({ claims: { sid: 'one' } });
    /** Loses every response to the row's insert, and optionally the first responses to its reads and to its removal. */
    const losing = (options: { readonly reads?: number; readonly removes?: boolean } = {}): Table => {
      let failingReads = options.reads ?? 0;
      return {
        ...memory,
        async insert(row) {
          const inserted = await memory.insert(row);
          if (isSession(row)) throw gone();
          return inserted;
        },
        async read(keys, columns) {
          if (isSession(keys) && failingReads-- > 0) throw gone();
          return memory.read(keys, columns);
        },
        async removeUnchanged(keys, etag) {
          const removal = await memory.removeUnchanged(keys, etag);
          if (options.removes) throw gone();
          return removal;
        },
      };
    };
    const unavailable = { code: 'storage_unavailable' };

    it.each([
      ['every response to the insert is lost', {}],
      ['the first read fails too', { reads: 1 }],
      ['the removal fails too', { reads: 1, removes: true }],
    ])('if %s', { tags: ['T3'] }, async (_what, faults) => {
      const failing = storeOf([key(1)], losing(faults));
      await expect(failing.create(content, newRowId(), start)).rejects.toMatchObject(unavailable);
      expect(memory.rows().filter(isSession)).toEqual([]);
      if (!('removes' in faults)) expect(rowsLeft()).toEqual([]);
    });

    it('if the insert is repeated after a lost response, and the next read fails', {
      tags: ['T3'],
    }, async () => {
      let reads = 0;
      const failing: Table = {
        ...memory,
        async insert(row) {
          await memory.insert(row);
          return memory.insert(row); // The client library repeats it.
        },
        async read(keys, columns) {
          if (isSession(keys) && reads++ === 0) throw gone();
          return memory.read(keys, columns);
        },
      };
      const store = storeOf([key(1)], failing);
      await expect(store.create(content, newRowId(), start)).rejects.toMatchObject(unavailable);
      expect(reads).toBe(2);
      expect(rowsLeft()).toEqual([]);
    });

    it('if all sessions were ended meanwhile, and its own removal fails once', async () => {
      const user = sessionContent().facts.claims.principal;
      await storeOf().endAll(user);
      let failed = 0;
      const failing: Table = {
        ...memory,
        async remove(keys) {
          if (isSession(keys) && failed++ === 0) throw gone();
          return memory.remove(keys);
        },
      };
      const store = storeOf([key(1)], failing);
      await expect(store.create(content, newRowId(), start)).rejects.toMatchObject(unavailable);
      expect(failed).toBe(1);
      expect(sessionRows().map(({ rowKey }) => rowKey)).toHaveLength(1); // The tombstone.
    });

    it('if the last reads fail', async () => {
      let isThere = false;
      const failing: Table = {
        ...memory,
        async insert(row) {
          isThere ||= isSession(row);
          return memory.insert(row);
        },
        async read(keys, columns) {
          if (isThere) throw gone();
          return memory.read(keys, columns);
        },
      };
      const store = storeOf([key(1)], failing);
      await expect(store.create(content, newRowId(), start)).rejects.toMatchObject(unavailable);
      expect(rowsLeft()).toEqual([]);
    });

    it('and does not affect an earlier callback of the same sign-in', async () => {
      const rowId = newRowId();
      const first = await signIn(storeOf(), content, rowId);
      const failing = storeOf([key(1)], losing());
      await expect(failing.create(content, rowId, start)).rejects.toMatchObject(unavailable);
      expect((await storeOf().read(first.cookieValue)).kind).toBe('live');
    });

    it('and does not affect it even if no read succeeds', async () => {
      const rowId = newRowId();
      const first = await signIn(storeOf(), content, rowId);
      const failing = storeOf([key(1)], losing({ reads: 10 }));
      await expect(failing.create(content, rowId, start)).rejects.toMatchObject(unavailable);
      expect((await storeOf().read(first.cookieValue)).kind).toBe('live');
    });
  });

  it('leaves the row of a failed sign-in until its idle limit if no read succeeds', async () => {
    const failing: Table = {
      ...memory,
      async insert(row) {
        await memory.insert(row);
        if (row.partitionKey.startsWith('user-')) throw new BffError('storage_unavailable');
        return { kind: 'exists' };
      },
      async read() {
        throw new BffError('storage_unavailable');
      },
    };
    const store = storeOf([key(1)], failing);
    await expect(store.create(sessionContent(), newRowId(), start)).rejects.toThrow();
    const user = sessionContent().facts.claims.principal;
    expect((await storeOf().list(user)).sessions).toHaveLength(1);
    advance(idleSeconds + 1);
    expect((await storeOf().list(user)).sessions).toEqual([]);
  });

  it('never creates the same secret twice in 250 sign-ins', { tags: ['SC-1', 'SC-2'] }, async () => {
    const store = storeOf();
    const secrets = new Set<string>();
    for (let count = 0; count < 250; count++) {
      secrets.add((await signIn(store)).session.locator.secret.toString('hex'));
    }
    expect(secrets.size).toBe(250);
  });

  it('identifies a user by tenant id and object id, not by an address that may change', {
    tags: ['ID-7'],
  }, async () => {
    const store = storeOf();
    const partitionOf = async (claims: Record<string, unknown>) =>
      (await signIn(store, sessionContent({ claims }))).session.locator.userHash.toString('hex');
    const alice = await partitionOf({});
    expect(
      await partitionOf({ preferred_username: 'new@contoso.example', email: 'new@contoso.example' }),
    ).toBe(alice);
    expect(await partitionOf({ name: 'Alice Married', sub: 'another' })).toBe(alice);
    expect(await partitionOf({ oid: 'somebody-else', email: 'alice@contoso.example' })).not.toBe(alice);
    expect(await partitionOf({ tid: 'another-tenant' })).not.toBe(alice);
  });

  it('never writes an id into a key of the table', { tags: ['TC-9'] }, async () => {
    const store = storeOf();
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        "' or 1 eq 1",
        "x' or PartitionKey ne '",
        '/',
        '\\',
        '#',
        '?',
        '%2f',
        '\n\t\0',
        'a'.repeat(2048),
      ),
    );
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (oid, tid) => {
        await signIn(store, sessionContent({ claims: { oid, tid } }));
      }),
      { numRuns: 60 },
    );
    for (const { partitionKey, rowKey } of sessionRows()) {
      expect(partitionKey).toMatch(/^user-[A-Za-z0-9_-]{43}$/);
      expect(rowKey).toMatch(/^session-[A-Za-z0-9_-]{43}$/);
    }
  });
});

describe('read', () => {
  it('costs no table operation for a value that this service did not create', {
    tags: ['DO-2'],
  }, async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    const { read } = table.counts;
    expect(cookieValue).toHaveLength(180);
    for (const value of [
      '',
      'x',
      cookieValue.slice(1),
      `${cookieValue}A`,
      // With the length and version of a real one. Only the MAC is wrong.
      Buffer.concat([Buffer.of(1), secureRandomBytes(134)]).toString('base64url'),
      'A'.repeat(cookieValue.length),
      'x'.repeat(64 * 1024),
    ]) {
      expect(await store.read(value)).toEqual({ kind: 'none', reason: 'cookie-invalid' });
      expect(store.locatorOf(value)).toBeUndefined();
    }
    expect(table.counts.read).toBe(read);
  });

  it('is one point read for a value that it created', { tags: ['DO-2'] }, async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    const { read } = table.counts;
    await store.read(cookieValue);
    expect(table.counts.read).toBe(read + 1);
  });

  it('finds the session until the last second of the idle time, and not after it', {
    tags: ['SC-3'],
  }, async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    advance(idleSeconds - 1);
    expect((await store.read(cookieValue)).kind).toBe('live');
    advance(1);
    expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'idle-expired' });
  });

  it('finds no session after the absolute limit, regardless of use', { tags: ['SC-3'] }, async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    const { expiresAt } = sessionContent().facts;
    while (now.getTime() + 1_800_000 < expiresAt.getTime()) {
      advance(1800);
      await store.extend(await readLive(store, cookieValue));
    }
    now = expiresAt;
    expect((await store.read(cookieValue)).kind).toBe('none');
  });

  it('costs no table operation for a cookie past its deadline', {
    tags: ['SC-3'],
  }, async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    now = sessionContent().facts.expiresAt;
    const { read } = table.counts;
    expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'expired' });
    expect(table.counts.read).toBe(read);
  });

  it('uses the sealed limit of the row, not that of the cookie or the column', {
    tags: ['SC-3'],
  }, async () => {
    const store = storeOf();
    const { cookieValue, session } = await signIn(store);
    const expiresAt = new Date(start.getTime() + 600_000);
    await store.write(session, { ...session, facts: { ...session.facts, expiresAt } });
    const [row] = sessionRows();
    if (row) memory.put({ ...row, columns: { ...row.columns, expiresAt: new Date('2099-01-01') } });
    advance(601);
    expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'expired' });
  });

  it('finds no session if the row was deleted', async () => {
    const store = storeOf();
    const { cookieValue, session } = await signIn(store);
    await store.remove(session.locator);
    await store.remove(session.locator);
    expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'missing' });
  });

  it('finds no session if the row was changed, cut or swapped, and does not affect other rows', {
    tags: ['TC-3', 'TC-8'],
  }, async () => {
    const store = storeOf();
    const alice = await signIn(store);
    const ben = await signIn(store, sessionContent({ claims: { oid: 'be', name: 'Ben' } }));
    const [aliceRow, benRow] = sessionRows();
    if (!aliceRow || !benRow) throw new Error('two rows');
    memory.put({ ...aliceRow, columns: benRow.columns });
    expect(await store.read(alice.cookieValue)).toEqual({ kind: 'none', reason: 'unreadable' });
    expect((await readLive(store, ben.cookieValue)).facts.claims.principal.name).toBe('Ben');
    memory.put({ ...aliceRow, columns: {} });
    expect(await store.read(alice.cookieValue)).toEqual({ kind: 'none', reason: 'unreadable' });
  });

  it('finds no session if the time of use is invalid', async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    const [row] = sessionRows();
    if (row) memory.put({ ...row, columns: { ...row.columns, lastUsedAt: new Date(Number.NaN) } });
    expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'unreadable' });
  });

  it('works while keys are rotated, in either order of deployment', { tags: ['TC-4', 'SC-7'] }, async () => {
    const old = storeOf([key(1)]);
    const both = storeOf([key(1), key(2)]);
    const rolled = storeOf([key(2), key(1)]);
    const first = await signIn(old);
    expect((await both.read(first.cookieValue)).kind).toBe('live');
    const second = await signIn(rolled);
    expect((await both.read(second.cookieValue)).kind).toBe('live');
    expect((await rolled.read(first.cookieValue)).kind).toBe('live');
  });

  it('finds a row by its old cookie after it was resealed with the new key', {
    tags: ['TC-4'],
  }, async () => {
    const { cookieValue, session } = await signIn(storeOf([key(1)]));
    await storeOf([key(2), key(1)]).write(session, withRefreshToken(session, 'next'));
    expect(sessionRows()[0]?.columns['keyId']).toBe(2);
    expect((await storeOf([key(2), key(1)]).read(cookieValue)).kind).toBe('live');
  });

  it('finds no session for a retired key, and fails temporarily for a newer key', {
    tags: ['TC-4', 'SC-7'],
  }, async () => {
    const { cookieValue, session } = await signIn(storeOf([key(1)]));
    expect((await storeOf([key(2)]).read(cookieValue)).kind).toBe('none');
    const newer = await signIn(storeOf([key(2), key(1)]));
    expect(await storeOf([key(1)]).read(newer.cookieValue)).toEqual({ kind: 'newer' });
    // A row that was resealed with a newer key. Its cookie is not bound to a key.
    await storeOf([key(2), key(1)]).write(session, withRefreshToken(session, 'next'));
    expect(await storeOf([key(1)]).read(cookieValue)).toEqual({ kind: 'newer' });
  });

  it('ignores a time of use ahead of every clock, and the next use is recorded', {
    tags: ['SC-3'],
  }, async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    const setLastUse = (aheadSeconds: number) => {
      const [row] = sessionRows();
      const lastUsedAt = new Date(now.getTime() + aheadSeconds * 1000);
      if (row) memory.put({ ...row, columns: { ...row.columns, lastUsedAt } });
    };
    // Written by another worker whose clock is ahead.
    setLastUse(290);
    expect(await readLive(store, cookieValue)).toMatchObject({
      lastUsedAt: new Date(start.getTime() + 290_000),
    });
    setLastUse(10 * 365 * 86_400);
    advance(idleSeconds - 1);
    const session = await readLive(store, cookieValue);
    expect(session.lastUsedAt).toEqual(start);
    await store.extend(session);
    expect(sessionRows()[0]?.columns['lastUsedAt']).toEqual(now);
    setLastUse(10 * 365 * 86_400);
    advance(1);
    expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'idle-expired' });
  });

  it('believes a time of use ahead by twice the tolerance of clocks, which two workers may differ by', {
    tags: ['K1'],
  }, async () => {
    const { cookieValue } = await signIn();
    advance(idleSeconds - 600);
    const usedByWorkerAhead = new Date(now.getTime() + 290_000);
    const [row] = sessionRows();
    if (row) memory.put({ ...row, columns: { ...row.columns, lastUsedAt: usedByWorkerAhead } });
    // By the clock of a worker that is 290 s behind, the session was used in 580 s.
    advance(-290);
    expect(await readLive(storeOf(), cookieValue)).toMatchObject({ lastUsedAt: usedByWorkerAhead });
  });

  it('finds a signed-out session whose row was restored, until all keys are replaced', {
    tags: ['TC-4'],
  }, async () => {
    const store = storeOf();
    const { cookieValue, session } = await signIn(store);
    const restored = memory.rows();
    await store.remove(session.locator);
    for (const row of restored) memory.put(row);
    expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'missing' });
    // SECURITY.md excludes this, and docs/guides/restored-table.md describes what to do.
    expect((await storeOf().read(cookieValue)).kind).toBe('live');
    expect(await storeOf([key(2)]).read(cookieValue)).toEqual({ kind: 'none', reason: 'retired-key' });
  });

  it('fails if the table does not answer, and never reports signed out', async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    table.failing.add('read');
    await expect(store.read(cookieValue)).rejects.toMatchObject({ code: 'storage_unavailable' });
    table.recover();
    expect((await store.read(cookieValue)).kind).toBe('live');
  });
});

describe('write', () => {
  it('does nothing for the same content', async () => {
    const store = storeOf();
    const { session } = await signIn(store);
    expect(await store.write(session, { ...session, facts: { ...session.facts } })).toEqual({
      kind: 'written',
      session,
    });
    expect(table.counts.replace).toBe(0);
  });

  it('keeps the content of two concurrent writers', { tags: ['TC-5'] }, async () => {
    const store = storeOf();
    const { cookieValue, session } = await signIn(store);
    await store.write(session, {
      ...session,
      facts: { ...session.facts, consentDenials: { mail: declinedMail } },
    });
    const written = await store.write(session, withRefreshToken(session, 'newest'));
    expect(written.kind).toBe('written');
    const merged = await readLive(store, cookieValue);
    expect(merged.facts.consentDenials).toEqual({ mail: declinedMail });
    expect(merged.msalCache).toContain('newest');
  });

  it('keeps a use that was recorded meanwhile', async () => {
    const store = storeOf();
    const { cookieValue, session } = await signIn(store);
    advance(1800);
    await store.extend(session);
    await store.write(session, withRefreshToken(session, 'newest'));
    expect((await readLive(store, cookieValue)).lastUsedAt).toEqual(now);
  });

  it('keeps the content of ten concurrent writers, or fails', async () => {
    const store = storeOf();
    const { cookieValue, session } = await signIn(store);
    const scopes = Array.from({ length: 10 }, (_, index) => `Scope.${index}`);
    const tokenOf = (scope: string) => ({ [scope]: { secret: `token of ${scope}`, expires_on: '1' } });
    const outcomes = await Promise.all(
      scopes.map((scope) =>
        store
          .write(session, { ...session, msalCache: msalCacheOf({ accessTokens: tokenOf(scope) }) })
          .then(() => scope)
          .catch((error: unknown) => {
            expect(error).toMatchObject({ code: 'storage_unavailable' });
            return undefined;
          }),
      ),
    );
    const { msalCache } = await readLive(store, cookieValue);
    const kept = outcomes.filter((scope) => scope !== undefined);
    expect(kept.length).toBeGreaterThan(0);
    for (const scope of kept) expect(msalCache).toContain(`token of ${scope}`);
  });

  it('loses against a deletion before it or between its attempts', { tags: ['TC-5', 'SC-4'] }, async () => {
    const store = storeOf();
    const { session } = await signIn(store);
    await store.remove(session.locator);
    expect(await store.write(session, withRefreshToken(session, 'late'))).toEqual({ kind: 'gone' });

    const again = await signIn(store);
    await store.write(again.session, withRefreshToken(again.session, 'first'));
    table.before = async (operation) => {
      if (operation === 'read') await memory.remove(keysOfOnlyRow());
    };
    expect(await store.write(again.session, withRefreshToken(again.session, 'late'))).toEqual({
      kind: 'gone',
    });
    expect(sessionRows()).toEqual([]);
  });

  it('recognizes its own write if the response was lost', { tags: ['T3'] }, async () => {
    const losing: Table = {
      ...memory,
      async replace(row, etag) {
        const first = await memory.replace(row, etag);
        return first.kind === 'updated' ? memory.replace(row, etag) : first; // The client library repeats it.
      },
    };
    const store = storeOf([key(1)], losing);
    const { cookieValue, session } = await signIn(storeOf());
    const written = await store.write(session, withRefreshToken(session, 'newest'));
    expect(written.kind).toBe('written');
    expect((await readLive(store, cookieValue)).msalCache).toContain('newest');
  });

  it('fails if the row keeps changing', async () => {
    const store = storeOf([key(1)], { ...memory, replace: async () => ({ kind: 'changed' }) });
    const { session } = await signIn(storeOf());
    await expect(store.write(session, withRefreshToken(session, 'x'))).rejects.toMatchObject({
      code: 'storage_unavailable',
      retryAfterSeconds: 1,
    });
  });

  it('never overwrites a row that it cannot open', async () => {
    const store = storeOf();
    const { session } = await signIn(store);
    const [row] = sessionRows();
    if (!row) throw new Error('one row');
    memory.put({ ...row, columns: { ...row.columns, part0: Buffer.alloc(100) } });
    expect(await store.write(session, withRefreshToken(session, 'x'))).toEqual({ kind: 'gone' });
    expect(sessionRows()[0]?.columns['part0']).toHaveLength(100);
  });
});

describe('touch', () => {
  it('writes at most once in a twelfth of the idle time', async () => {
    const store = storeOf();
    const { session } = await signIn(store);
    advance(idleSeconds / 12 - 1);
    expect(await store.extend(session)).toEqual({ kind: 'found', session });
    advance(1);
    expect(await store.extend(session)).toMatchObject({ kind: 'found', session: { lastUsedAt: now } });
    expect(table.counts.merge).toBe(1);
  });

  it('does not change the sealed content', async () => {
    const store = storeOf();
    const { cookieValue, session } = await signIn(store);
    const before = sessionRows()[0]?.columns['part0'];
    advance(1800);
    await store.extend(session);
    expect(sessionRows()[0]?.columns['part0']).toEqual(before);
    expect((await readLive(store, cookieValue)).idleExpiresAt).toEqual(
      new Date(now.getTime() + idleSeconds * 1000),
    );
  });

  it('does not restore a session that was deleted elsewhere, and reports that it is gone', async () => {
    const store = storeOf();
    const { session } = await signIn(store);
    advance(1800);
    await storeOf().remove(session.locator);
    expect(await store.extend(session)).toEqual({ kind: 'gone' });
    expect(sessionRows()).toEqual([]);
  });
});

function keysOfOnlyRow() {
  const [row] = sessionRows();
  return row ?? { partitionKey: 'none', rowKey: 'none' };
}
