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
  it('makes one row, and a cookie that leads to it', async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    expect(sessionRows()).toHaveLength(1);
    expect(await readLive(store, cookieValue)).toMatchObject({ ...sessionContent(), lastUsedAt: start });
  });

  it('makes one session of one sign-in, however often its callback comes', async () => {
    const store = storeOf();
    const rowId = newRowId();
    const first = await signIn(store, sessionContent(), rowId);
    expect(await store.create(sessionContent(), rowId, start)).toEqual({ kind: 'exists' });
    expect(sessionRows()).toHaveLength(1);
    expect((await store.read(first.cookieValue)).kind).toBe('live');
  });

  it('knows its own insert whose answer was lost', { tags: ['T3'] }, async () => {
    const losing: Table = {
      ...memory,
      async insert(row) {
        await memory.insert(row);
        return memory.insert(row); // as the client library repeats it
      },
    };
    const store = storeOf([key(1)], losing);
    const { cookieValue, session } = await signIn(store);
    expect((await store.read(cookieValue)).kind).toBe('live');
    expect((await store.write(session, withRefreshToken(session, 'next'))).kind).toBe('written');
  });

  describe('that fails leaves no session that no browser has', { tags: ['CB-8'] }, () => {
    const gone = () => new BffError('storage_unavailable');
    const isSession = ({ partitionKey }: { readonly partitionKey: string }) =>
      partitionKey.startsWith('user-');
    const rowsLeft = () =>
      memory.rows().filter((row) => isSession(row) || row.partitionKey.startsWith('sid-'));
    const content = sessionContent({ claims: { sid: 'one' } });
    /** Every answer to the row's insert is lost, and so are the first answers to its reads, and those to its removal. */
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
      ['every answer to the insert is lost', {}],
      ['the first read is not answered either', { reads: 1 }],
      ['the removal is not answered either', { reads: 1, removes: true }],
    ])('where %s', { tags: ['T3'] }, async (_what, faults) => {
      const failing = storeOf([key(1)], losing(faults));
      await expect(failing.create(content, newRowId(), start)).rejects.toMatchObject(unavailable);
      expect(memory.rows().filter(isSession)).toEqual([]);
      if (!('removes' in faults)) expect(rowsLeft()).toEqual([]);
    });

    it('where the insert is repeated because its answer was lost, and the read that follows fails', {
      tags: ['T3'],
    }, async () => {
      let reads = 0;
      const failing: Table = {
        ...memory,
        async insert(row) {
          await memory.insert(row);
          return memory.insert(row); // as the client library repeats it
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

    it('where ending it because all were ended meanwhile fails once', async () => {
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
      expect(sessionRows().map(({ rowKey }) => rowKey)).toHaveLength(1); // the mark that all were ended
    });

    it('where the last reads fail', async () => {
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

    it('and takes nothing from a callback of the same sign-in that was faster', async () => {
      const rowId = newRowId();
      const first = await signIn(storeOf(), content, rowId);
      const failing = storeOf([key(1)], losing());
      await expect(failing.create(content, rowId, start)).rejects.toMatchObject(unavailable);
      expect((await storeOf().read(first.cookieValue)).kind).toBe('live');
    });

    it('and takes nothing from it where no read says whose the row is', async () => {
      const rowId = newRowId();
      const first = await signIn(storeOf(), content, rowId);
      const failing = storeOf([key(1)], losing({ reads: 10 }));
      await expect(failing.create(content, rowId, start)).rejects.toMatchObject(unavailable);
      expect((await storeOf().read(first.cookieValue)).kind).toBe('live');
    });
  });

  it('leaves the row of a sign-in that fails to its idle limit where no read says whose it is', async () => {
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

  it('never gives the same cookie twice: 250 sign-ins, 250 secrets', { tags: ['SC-1', 'SC-2'] }, async () => {
    const store = storeOf();
    const secrets = new Set<string>();
    for (let count = 0; count < 250; count++) {
      secrets.add((await signIn(store)).session.address.secret.toString('hex'));
    }
    expect(secrets.size).toBe(250);
  });

  it('puts a person under tenant and object id, not under an address that moves on', {
    tags: ['ID-7'],
  }, async () => {
    const store = storeOf();
    const partitionOf = async (claims: Record<string, unknown>) =>
      (await signIn(store, sessionContent({ claims }))).session.address.userHash.toString('hex');
    const alice = await partitionOf({});
    expect(
      await partitionOf({ preferred_username: 'new@contoso.example', email: 'new@contoso.example' }),
    ).toBe(alice);
    expect(await partitionOf({ name: 'Alice Married', sub: 'another' })).toBe(alice);
    expect(await partitionOf({ oid: 'somebody-else', email: 'alice@contoso.example' })).not.toBe(alice);
    expect(await partitionOf({ tid: 'another-tenant' })).not.toBe(alice);
  });

  it('lets nothing in an id reach a key of the table', { tags: ['TC-9'] }, async () => {
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
  it('costs no table operation for a value that this service did not make', { tags: ['DO-2'] }, async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    const { read } = table.counts;
    expect(cookieValue).toHaveLength(180);
    for (const value of [
      '',
      'x',
      cookieValue.slice(1),
      `${cookieValue}A`,
      // Of the length and version of a real one, so that only the MAC tells.
      Buffer.concat([Buffer.of(1), secureRandomBytes(134)]).toString('base64url'),
      'A'.repeat(cookieValue.length),
      'x'.repeat(64 * 1024),
    ]) {
      expect(await store.read(value)).toEqual({ kind: 'none', reason: 'cookie-invalid' });
      expect(store.addressOf(value)).toBeUndefined();
    }
    expect(table.counts.read).toBe(read);
  });

  it('is one point read for a value that it did make', { tags: ['DO-2'] }, async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    const { read } = table.counts;
    await store.read(cookieValue);
    expect(table.counts.read).toBe(read + 1);
  });

  it('ends after the idle time, and lives until its last second', { tags: ['SC-3'] }, async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    advance(idleSeconds - 1);
    expect((await store.read(cookieValue)).kind).toBe('live');
    advance(1);
    expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'idle-expired' });
  });

  it('ends at the absolute limit however much it is used', { tags: ['SC-3'] }, async () => {
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

  it('costs no table operation for a cookie past its deadline, whatever Max-Age the browser keeps', {
    tags: ['SC-3'],
  }, async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    now = sessionContent().facts.expiresAt;
    const { read } = table.counts;
    expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'expired' });
    expect(table.counts.read).toBe(read);
  });

  it("takes the row's sealed limit for the truth, not the cookie's and not the column's", {
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

  it('of a deleted row is no session', async () => {
    const store = storeOf();
    const { cookieValue, session } = await signIn(store);
    await store.remove(session.address);
    await store.remove(session.address);
    expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'missing' });
  });

  it('of a row that was changed, cut or swapped is no session, and the neighbour is not touched', {
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

  it('of a row whose time of use is no time is no session', async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    const [row] = sessionRows();
    if (row) memory.put({ ...row, columns: { ...row.columns, lastUsedAt: new Date(Number.NaN) } });
    expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'unreadable' });
  });

  it('goes on while keys are rolled, in either order of deployment', { tags: ['TC-4', 'SC-7'] }, async () => {
    const old = storeOf([key(1)]);
    const both = storeOf([key(1), key(2)]);
    const rolled = storeOf([key(2), key(1)]);
    const first = await signIn(old);
    expect((await both.read(first.cookieValue)).kind).toBe('live');
    const second = await signIn(rolled);
    expect((await both.read(second.cookieValue)).kind).toBe('live');
    expect((await rolled.read(first.cookieValue)).kind).toBe('live');
  });

  it('rewrites a row under the new key, and its old cookie still leads to it', {
    tags: ['TC-4'],
  }, async () => {
    const { cookieValue, session } = await signIn(storeOf([key(1)]));
    await storeOf([key(2), key(1)]).write(session, withRefreshToken(session, 'next'));
    expect(sessionRows()[0]?.columns['keyId']).toBe(2);
    expect((await storeOf([key(2), key(1)]).read(cookieValue)).kind).toBe('live');
  });

  it('of a retired key is no session; of a newer key it asks to wait and keeps the cookie', {
    tags: ['TC-4', 'SC-7'],
  }, async () => {
    const { cookieValue, session } = await signIn(storeOf([key(1)]));
    expect((await storeOf([key(2)]).read(cookieValue)).kind).toBe('none');
    const newer = await signIn(storeOf([key(2), key(1)]));
    expect(await storeOf([key(1)]).read(newer.cookieValue)).toEqual({ kind: 'newer' });
    // A row that was rewritten under a newer key: its cookie is under none of them.
    await storeOf([key(2), key(1)]).write(session, withRefreshToken(session, 'next'));
    expect(await storeOf([key(1)]).read(cookieValue)).toEqual({ kind: 'newer' });
  });

  it('whose time of use lies ahead of every clock ends idle all the same, and its next use is recorded', {
    tags: ['SC-3'],
  }, async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    const setLastUse = (aheadSeconds: number) => {
      const [row] = sessionRows();
      const lastUsedAt = new Date(now.getTime() + aheadSeconds * 1000);
      if (row) memory.put({ ...row, columns: { ...row.columns, lastUsedAt } });
    };
    // By the clock of another worker.
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

  it('that was signed out and put back opens on another worker, until all keys are replaced', {
    tags: ['TC-4'],
  }, async () => {
    const store = storeOf();
    const { cookieValue, session } = await signIn(store);
    const restored = memory.rows();
    await store.remove(session.address);
    for (const row of restored) memory.put(row);
    expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'missing' });
    // What SECURITY.md does not promise, and docs/guides/restored-table.md is for.
    expect((await storeOf().read(cookieValue)).kind).toBe('live');
    expect(await storeOf([key(2)]).read(cookieValue)).toEqual({ kind: 'none', reason: 'retired-key' });
  });

  it('of a table that does not answer is a failure, never "not signed in"', async () => {
    const store = storeOf();
    const { cookieValue } = await signIn(store);
    table.failing.add('read');
    await expect(store.read(cookieValue)).rejects.toMatchObject({ code: 'storage_unavailable' });
    table.recover();
    expect((await store.read(cookieValue)).kind).toBe('live');
  });
});

describe('write', () => {
  it('of the same content writes nothing', async () => {
    const store = storeOf();
    const { session } = await signIn(store);
    expect(await store.write(session, { ...session, facts: { ...session.facts } })).toEqual({
      kind: 'written',
      session,
    });
    expect(table.counts.replace).toBe(0);
  });

  it('keeps what two writers wrote at once', { tags: ['TC-5'] }, async () => {
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

  it('keeps the words of ten writers at once, or says that it could not', async () => {
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

  it('lets a deletion win: before the write, and between its tries', { tags: ['TC-5', 'SC-4'] }, async () => {
    const store = storeOf();
    const { session } = await signIn(store);
    await store.remove(session.address);
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

  it('knows its own write whose answer was lost', { tags: ['T3'] }, async () => {
    const losing: Table = {
      ...memory,
      async replace(row, etag) {
        const first = await memory.replace(row, etag);
        return first.kind === 'updated' ? memory.replace(row, etag) : first; // as the client library repeats it
      },
    };
    const store = storeOf([key(1)], losing);
    const { cookieValue, session } = await signIn(storeOf());
    const written = await store.write(session, withRefreshToken(session, 'newest'));
    expect(written.kind).toBe('written');
    expect((await readLive(store, cookieValue)).msalCache).toContain('newest');
  });

  it('gives up on a row that changes faster than it can write, and says so', async () => {
    const store = storeOf([key(1)], { ...memory, replace: async () => ({ kind: 'changed' }) });
    const { session } = await signIn(storeOf());
    await expect(store.write(session, withRefreshToken(session, 'x'))).rejects.toMatchObject({
      code: 'storage_unavailable',
      retryAfterSeconds: 1,
    });
  });

  it('never writes over a row that it cannot open', async () => {
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

  it('leaves the sealed content as it is', async () => {
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

  it('never brings back a session that was deleted elsewhere, and says that it is gone', async () => {
    const store = storeOf();
    const { session } = await signIn(store);
    advance(1800);
    await storeOf().remove(session.address);
    expect(await store.extend(session)).toEqual({ kind: 'gone' });
    expect(sessionRows()).toEqual([]);
  });
});

function keysOfOnlyRow() {
  const [row] = sessionRows();
  return row ?? { partitionKey: 'none', rowKey: 'none' };
}
