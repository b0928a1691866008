import { beforeEach, describe, expect, it } from 'vitest';
import { createKeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { BffError } from '../../../src/shared/errors.ts';
import type { CreatedSession } from '../../../src/shared/session/creation.ts';
import { createSessionStore, type SessionStore } from '../../../src/shared/session/store.ts';
import type { RowKeys } from '../../../src/shared/storage/table.ts';
import { type FaultyTable, withFaults } from '../../support/faulty-table.ts';
import { createMemoryTable, type MemoryTable } from '../../support/memory-table.ts';
import { sessionContent } from '../../support/session-content.ts';

const start = new Date('2026-08-01T12:00:00Z');
const idleSeconds = 3600;
const alice = sessionContent().facts.claims.principal;
/** A sign-in lists at most this many rows of its user. */
const LIST_LIMIT = 1_000;

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

function storeOf(maxPerUser?: number): SessionStore {
  return createSessionStore({
    registration: ['client', 'public'],
    table,
    keyRing: createKeyRing([{ id: 1, bytes: Buffer.alloc(32, 1) }]),
    indexKey: Buffer.alloc(32, 99),
    idleSeconds,
    cacheSeconds: 5,
    ...(maxPerUser === undefined ? {} : { maxPerUser }),
    now: () => now,
    monotonicMs: () => 0,
    random: secureRandomBytes,
  });
}

const create = (startedAt = now, on = store) =>
  on.create(sessionContent({ claims: { sid: 'one' } }), secureRandomBytes(32), startedAt);

async function signIn(on = store): Promise<CreatedSession> {
  now = new Date(now.getTime() + 1000);
  const created = await create(now, on);
  if (created.kind !== 'created') throw new Error(created.kind);
  return created;
}

/** All sessions of the user end, so that a sign-in that began before must end too. @returns when that one began */
async function endAllDuringSignIn(): Promise<Date> {
  const startedAt = now;
  now = new Date(now.getTime() + 1000);
  await storeOf().endAll(alice);
  return startedAt;
}

const sessionRows = () =>
  memory.rows().filter(({ partitionKey, rowKey }) => {
    return partitionKey.startsWith('user-') && rowKey.startsWith('session-');
  });
const isLive = async ({ cookieValue }: CreatedSession) => (await storeOf().read(cookieValue)).kind === 'live';

/** Copies a session's row, as an attacker with write access to the table can do. */
function fillPartition(copies: number, lastUsedAt: Date, toKey = newKey): void {
  const [row] = sessionRows();
  if (row === undefined) throw new Error('no row to copy');
  for (let copy = 0; copy < copies; copy++) {
    memory.put({ ...row, rowKey: toKey(copy), columns: { ...row.columns, lastUsedAt } });
  }
}

const newKey = (_copy: number) => `session-${secureRandomBytes(32).toString('base64url')}`;

async function countOperations(action: () => Promise<unknown>) {
  const before = { ...table.counts };
  await action();
  const { insert, read, list, remove } = table.counts;
  return {
    insert: insert - before.insert,
    read: read - before.read,
    list: list - before.list,
    remove: remove - before.remove,
  };
}

describe('a sign-in', () => {
  it('finds the endings and the other sessions of its user with one read and one query', async () => {
    const limited = storeOf(2);
    await signIn();
    await signIn();
    const operations = await countOperations(async () => {
      const { endLeastRecentlyUsed } = await signIn(limited);
      expect(await endLeastRecentlyUsed()).toBe(1);
    });
    // The ended session's row and its index row are removed.
    expect(operations).toEqual({ insert: 3, read: 1, list: 1, remove: 2 });
    expect(sessionRows()).toHaveLength(2);
  });

  it('needs no more if all sessions of its user ended before', async () => {
    await store.endAll(alice);
    expect(await countOperations(signIn)).toEqual({ insert: 3, read: 1, list: 1, remove: 0 });
  });

  it('does not count the session that it replaced, unless that one is still there', async () => {
    const limited = storeOf(2);
    const elsewhere = await signIn();
    const replaced = await signIn();
    const { endLeastRecentlyUsed } = await signIn(limited);
    await store.remove(replaced.session.locator, 'one');
    expect(await endLeastRecentlyUsed(replaced.session.locator)).toBe(0);
    expect(await isLive(elsewhere)).toBe(true);
    const other = await signIn(limited);
    expect(await other.endLeastRecentlyUsed()).toBe(1);
    expect(await isLive(elsewhere)).toBe(false);
  });
});

describe('refuses a sign-in during which all sessions of its user ended', { tags: ['L1'] }, () => {
  /** The other rows of its partition, and whether the tombstone has to be read by its key. */
  const partitions: readonly [string, () => void, boolean][] = [
    ['no other session', () => {}, false],
    [
      'many expired sessions that wait for the sweep',
      () => fillPartition(2 * LIST_LIMIT, new Date(start.getTime() - idleSeconds * 1000)),
      false,
    ],
    // The sign-in's own row and the tombstone are listed, too.
    ['as many sessions as fit into the list', () => fillPartition(LIST_LIMIT - 2, start), false],
    ['one session more', () => fillPartition(LIST_LIMIT - 1, start), true],
    ['many more sessions', () => fillPartition(2 * LIST_LIMIT, start), true],
    [
      'many rows between those of sessions and the tombstone',
      () => fillPartition(LIST_LIMIT, start, (copy) => `space${copy}`),
      true,
    ],
  ];

  it.each(partitions)('if its partition has %s', async (_, fill, isReadByKey) => {
    await signIn();
    const rows = sessionRows();
    const startedAt = await endAllDuringSignIn();
    for (const row of rows) memory.put(row);
    fill();
    for (const row of rows) await memory.remove(row);
    const others = sessionRows().length;
    const operations = await countOperations(async () =>
      expect(await create(startedAt)).toEqual({ kind: 'ended-meanwhile' }),
    );
    expect(operations).toMatchObject({ list: 1, read: isReadByKey ? 2 : 1 });
    expect(sessionRows()).toHaveLength(others);
  });

  it('if the query fails', async () => {
    const startedAt = await endAllDuringSignIn();
    table.failing.add('list');
    expect(await create(startedAt)).toEqual({ kind: 'ended-meanwhile' });
    expect(sessionRows()).toEqual([]);
  });
});

describe('a sign-in whose query fails', () => {
  it('still succeeds, and the sessions beyond the limit end as soon as they can be listed', async () => {
    const limited = storeOf(1);
    const older = await signIn();
    table.failing.add('list');
    const { endLeastRecentlyUsed } = await signIn(limited);
    await expect(endLeastRecentlyUsed()).rejects.toMatchObject({ code: 'storage_unavailable' });
    table.recover();
    expect(await endLeastRecentlyUsed()).toBe(1);
    expect(await isLive(older)).toBe(false);
  });

  it('fails if the tombstone cannot be read either, and leaves no session', async () => {
    table.failing.add('list').add('read');
    await expect(create()).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(sessionRows()).toEqual([]);
  });

  it('waits half a second for it, not as long as for other lists', async () => {
    const deadlines: (number | undefined)[] = [];
    const { list } = table;
    table.list = (range, columns, limit, deadlineMs) => {
      deadlines.push(deadlineMs);
      return list(range, columns, limit, deadlineMs);
    };
    await signIn();
    await store.list(alice);
    expect(deadlines).toEqual([500, undefined]);
  });
});

describe('the limit of sessions', () => {
  it('ends no row that is not a session’s, wherever an attacker has put it', async () => {
    const limited = storeOf(1);
    await signIn();
    const isPlanted = ({ rowKey }: RowKeys) => rowKey.startsWith('space');
    fillPartition(3, new Date(start.getTime() - 1000), (copy) => `space${copy}`);
    const { endLeastRecentlyUsed } = await signIn(limited);
    expect(await endLeastRecentlyUsed()).toBe(1);
    expect(memory.rows().filter(isPlanted)).toHaveLength(3);
    expect(sessionRows()).toHaveLength(1);
  });
});
