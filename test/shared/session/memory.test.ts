import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { keyedHash } from '../../../src/shared/crypto/keyed-hash.ts';
import { deriveKey, secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { BffError } from '../../../src/shared/errors.ts';
import { readVerifiedClaims } from '../../../src/shared/identity/principal.ts';
import { createSessionMemory, type SessionMemory } from '../../../src/shared/session/memory.ts';
import type { Session } from '../../../src/shared/session/session.ts';
import { createSessionStore, type SessionStore } from '../../../src/shared/session/store.ts';
import { type FaultyTable, withFaults } from '../../support/faulty-table.ts';
import { createMemoryTable } from '../../support/memory-table.ts';
import { msalCacheOf, sessionContent } from '../../support/session-content.ts';

const start = new Date('2026-08-01T12:00:00Z');
const indexKey = Buffer.alloc(32, 99);
const memoryTable = createMemoryTable();

let now: Date;
let elapsedMs: number;
let table: FaultyTable;
let store: SessionStore;

const workerOf = (over: FaultyTable, cacheSeconds = 5) =>
  createSessionStore({
    registration: ['client', 'public'],
    table: over,
    keyRing: createKeyRing([{ id: 1, bytes: Buffer.alloc(32, 1) }]),
    indexKey,
    idleSeconds: 3600,
    cacheSeconds,
    now: () => now,
    monotonicMs: () => elapsedMs,
    random: secureRandomBytes,
  });

async function signIn(on = store): Promise<string> {
  const created = await on.create(sessionContent(), secureRandomBytes(32), start);
  if (created.kind !== 'created') throw new Error(created.kind);
  return created.cookieValue;
}

async function readLive(cookieValue: string, on = store) {
  const read = await on.read(cookieValue);
  if (read.kind !== 'live') throw new Error(read.kind);
  return read.session;
}

beforeEach(() => {
  now = start;
  elapsedMs = 0;
  table = withFaults(memoryTable, BffError);
  store = workerOf(table);
});

describe('a session in the memory of a worker', () => {
  it('is served without a read from the sign-in until it is stale', async () => {
    const cookieValue = await signIn();
    const { read } = table.counts;
    elapsedMs = 4_999;
    await readLive(cookieValue);
    expect(table.counts.read).toBe(read);
    elapsedMs = 5_000;
    await readLive(cookieValue);
    expect(table.counts.read).toBe(read + 1);
  });

  it('has an age measured from when the read was sent, not from the response', async () => {
    const cookieValue = await signIn();
    elapsedMs = 5_000;
    table.before = (operation) => {
      if (operation === 'read') elapsedMs += 3_000;
    };
    await readLive(cookieValue);
    const { read } = table.counts;
    elapsedMs = 9_999;
    await readLive(cookieValue);
    expect(table.counts.read).toBe(read);
    elapsedMs = 10_000;
    await readLive(cookieValue);
    expect(table.counts.read).toBe(read + 1);
  });

  it('is compared by its version when stale, and not decrypted again if it is unchanged', async () => {
    const cookieValue = await signIn();
    const first = await readLive(cookieValue);
    elapsedMs = 6_000;
    expect(await readLive(cookieValue)).toBe(first);
    await workerOf(table, 0).write(first, {
      ...first,
      msalCache: msalCacheOf({ refreshToken: 'elsewhere' }),
    });
    elapsedMs = 12_000;
    expect((await readLive(cookieValue)).msalCache).toContain('elsewhere');
  });

  it('is updated by writes of this worker', async () => {
    const cookieValue = await signIn();
    const session = await readLive(cookieValue);
    await store.write(session, { ...session, msalCache: msalCacheOf({ refreshToken: 'renewed' }) });
    const { read } = table.counts;
    expect((await readLive(cookieValue)).msalCache).toContain('renewed');
    now = new Date(start.getTime() + 1_800_000);
    await store.extend(await readLive(cookieValue));
    expect((await readLive(cookieValue)).lastUsedAt).toEqual(now);
    expect(table.counts.read).toBe(read);
  });

  it('ends at both limits without a read', { tags: ['SC-3'] }, async () => {
    const cookieValue = await signIn();
    now = new Date(start.getTime() + 3_600_000);
    expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'idle-expired' });
    now = sessionContent().facts.expiresAt;
    expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'expired' });
  });

  it('is read again if it seems idle, because another worker may have recorded its use', async () => {
    const cookieValue = await signIn();
    const other = workerOf(table);
    now = new Date(start.getTime() + 3_598_000);
    elapsedMs = 3_598_000;
    await readLive(cookieValue, other);
    await store.extend(await readLive(cookieValue));
    now = new Date(start.getTime() + 3_601_000);
    elapsedMs = 3_601_000;
    await readLive(cookieValue, other);
  });

  it('is loaded by one read for concurrent requests', async () => {
    const cookieValue = await signIn();
    elapsedMs = 5_000;
    const { read } = table.counts;
    const reads = await Promise.all(Array.from({ length: 50 }, () => store.read(cookieValue)));
    expect(new Set(reads.map(({ kind }) => kind))).toEqual(new Set(['live']));
    expect(table.counts.read).toBe(read + 1);
  });

  it('is not cached if the cache is disabled', async () => {
    const asksAlways = workerOf(table, 0);
    const cookieValue = await signIn(asksAlways);
    const { read } = table.counts;
    await readLive(cookieValue, asksAlways);
    await Promise.all([readLive(cookieValue, asksAlways), readLive(cookieValue, asksAlways)]);
    expect(table.counts.read).toBe(read + 3);
  });

  it('is not served when stale while the table fails, and is read again', async () => {
    const cookieValue = await signIn();
    elapsedMs = 5_000;
    table.failing.add('read');
    await expect(store.read(cookieValue)).rejects.toMatchObject({ code: 'storage_unavailable' });
    table.recover();
    await readLive(cookieValue);
  });

  describe('after the session was ended', () => {
    it('on this worker is not served, even before the deletion arrives', {
      tags: ['LO-5'],
    }, async () => {
      const cookieValue = await signIn();
      const { locator } = await readLive(cookieValue);
      const removing = store.remove(locator);
      expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'missing' });
      await removing;
    });

    it('on this worker is not served, even if the deletion fails', {
      tags: ['LO-1', 'L2'],
    }, async () => {
      const cookieValue = await signIn();
      const { locator } = await readLive(cookieValue);
      table.failing.add('remove');
      await expect(store.remove(locator)).rejects.toMatchObject({ code: 'storage_unavailable' });
      table.recover();
      expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'missing' });
    });

    it('is not restored by a read or write in progress', {
      tags: ['SC-4', 'LO-5'],
    }, async () => {
      const cookieValue = await signIn();
      const session = await readLive(cookieValue);
      elapsedMs = 5_000;
      // Their responses arrive while the session ends.
      let deliver = () => {};
      const delivery = new Promise<void>((resolve) => {
        deliver = resolve;
      });
      const late =
        <Arguments extends unknown[], Result>(operation: (...given: Arguments) => Promise<Result>) =>
        async (...given: Arguments) => {
          const answer = await operation(...given);
          await delivery;
          return answer;
        };
      const { read, replace } = table;
      Object.assign(table, { read: late(read), replace: late(replace) });
      const inFlight = [
        store.read(cookieValue),
        store.write(session, { ...session, msalCache: msalCacheOf({ refreshToken: 'late' }) }),
      ];
      await store.remove(session.locator);
      deliver();
      await Promise.all(inFlight);
      Object.assign(table, { read, replace });
      expect(await inFlight[0]).toEqual({ kind: 'none', reason: 'missing' });
      expect(await store.read(cookieValue)).toEqual({ kind: 'none', reason: 'missing' });
    });

    it('on another worker is served for at most SESSION_CACHE_SECONDS', async () => {
      const cookieValue = await signIn();
      const other = workerOf(table);
      const { locator } = await readLive(cookieValue, other);
      await store.remove(locator);
      elapsedMs = 4_999;
      await readLive(cookieValue, other);
      elapsedMs = 5_000;
      expect(await other.read(cookieValue)).toEqual({ kind: 'none', reason: 'missing' });
    });
  });

  describe('refuses', () => {
    it('the right keys with a wrong secret, even if the session is cached', { tags: ['TC-1'] }, async () => {
      const cookieValue = await signIn();
      await readLive(cookieValue);
      // Forged by an attacker who has the index key: locator, deadline and MAC are right.
      const payload = Buffer.from(cookieValue, 'base64url').subarray(0, -32);
      payload.fill(7, payload.length - 32);
      const mac = keyedHash(deriveKey(indexKey, 'session-cookie'), [
        'session-cookie',
        payload.toString('base64url'),
      ]);
      const forged = Buffer.concat([payload, mac]).toString('base64url');
      expect(store.locatorOf(forged)).toBeDefined();
      expect(await store.read(forged)).toEqual({ kind: 'none', reason: 'unreadable' });
      await readLive(cookieValue);
    });
  });
});

describe("the limits of a worker's memory", () => {
  const keysOf = (name: string) => ({ partitionKey: 'user-x', rowKey: `session-${name}` });
  const sessionOf = async (cacheLength: number) => {
    const session = await readLive(await signIn());
    return { ...session, msalCache: 'x'.repeat(cacheLength) };
  };
  const fill = async (memory: SessionMemory, names: readonly string[], cacheLength: number) => {
    const session = await sessionOf(cacheLength);
    for (const name of names) memory.store(name, keysOf(name), { session, requestedAtMs: 1 });
  };
  const kept = (memory: SessionMemory, names: readonly string[]) =>
    names.filter((name) => memory.find(name) !== undefined);
  const names = ['a', 'b', 'c', 'd'];

  it('are a number of sessions, and the least recently used one is removed', async () => {
    const memory = createSessionMemory({ cacheSeconds: 5, monotonicMs: () => 0, maxEntries: 3 });
    await fill(memory, ['a', 'b', 'c'], 10);
    memory.find('a');
    await fill(memory, ['d'], 10);
    expect(kept(memory, names)).toEqual(['a', 'c', 'd']);
  });

  it('are a number of bytes', async () => {
    const memory = createSessionMemory({ cacheSeconds: 5, monotonicMs: () => 0, maxBytes: 100_000 });
    await fill(memory, names, 40_000);
    expect(kept(memory, names)).toEqual(['c', 'd']);
    await fill(memory, ['huge'], 120_000);
    expect(kept(memory, [...names, 'huge'])).toEqual([]);
  });

  it('include related bytes of a session until its facts are renewed', async () => {
    const memory = createSessionMemory({ cacheSeconds: 5, monotonicMs: () => 0, maxBytes: 100_000 });
    await fill(memory, ['a', 'b'], 40_000);
    const heavy = memory.find('b')?.session;
    if (heavy === undefined) throw new Error('b is kept');
    memory.setRelatedBytes(keysOf('b'), heavy.facts, 5_000);
    expect(kept(memory, ['a', 'b'])).toEqual(['a', 'b']);
    memory.setRelatedBytes(keysOf('b'), heavy.facts, 20_000);
    expect(kept(memory, ['a', 'b'])).toEqual(['b']);
    // A write with the same facts keeps its size.
    memory.update(keysOf('b'), { session: { ...heavy, etag: 'later' }, requestedAtMs: 2 });
    await fill(memory, ['c'], 40_000);
    expect(kept(memory, ['b', 'c'])).toEqual(['c']);
    // Sessions that are not cached do not count.
    memory.setRelatedBytes(keysOf('nobody'), { ...heavy.facts }, 1_000_000);
    expect(kept(memory, ['c'])).toEqual(['c']);
  });

  it('count text above U+00FF twice, and all groups of a user', async () => {
    const memory = createSessionMemory({ cacheSeconds: 5, monotonicMs: () => 0, maxBytes: 100_000 });
    const { facts, ...session } = await sessionOf(0);
    const store = (name: string, own: Partial<Session>) =>
      memory.store(name, keysOf(name), { session: { ...session, facts, ...own }, requestedAtMs: 1 });
    store('a', { msalCache: '山'.repeat(45_000) });
    expect(kept(memory, ['a'])).toEqual(['a']);
    store('b', { msalCache: '山'.repeat(55_000) });
    expect(kept(memory, ['a', 'b'])).toEqual([]);
    const claimsOf = (groups: number) =>
      readVerifiedClaims({
        ...facts.claims.all,
        groups: Array.from({ length: groups }, () => 'g'.repeat(36)),
      });
    store('c', { facts: { ...facts, claims: claimsOf(1_000) } });
    expect(kept(memory, ['c'])).toEqual(['c']);
    store('d', { facts: { ...facts, claims: claimsOf(2_000) } });
    expect(kept(memory, ['c', 'd'])).toEqual([]);
  });

  it('are the end of the session, and one minute after the last read or write', async () => {
    let clockMs = 1;
    const memory = createSessionMemory({ cacheSeconds: 5, monotonicMs: () => clockMs });
    await fill(memory, ['a', 'b'], 10);
    memory.forget('b');
    clockMs = 60_000;
    expect(kept(memory, ['a', 'b'])).toEqual(['a']);
    clockMs = 60_001;
    expect(kept(memory, ['a'])).toEqual([]);
  });

  describe('in time', () => {
    let session: Session;
    let clockMs: number;
    let memory: SessionMemory;
    const pass = (ms: number) => {
      clockMs += ms;
      vi.advanceTimersByTime(ms);
    };
    const add = (name: string) => memory.store(name, keysOf(name), { session, requestedAtMs: clockMs });
    const keptLater = () => {
      // At this instant, `find` itself removes nothing.
      clockMs = 0;
      return kept(memory, names);
    };

    beforeEach(async () => {
      session = await sessionOf(10);
      clockMs = 0;
      memory = createSessionMemory({ cacheSeconds: 5, monotonicMs: () => clockMs });
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it('end without any further call', () => {
      add('a');
      add('b');
      pass(59_000);
      expect(vi.getTimerCount()).toBe(1);
      pass(1_000);
      // A worker without sessions needs no timer.
      expect(vi.getTimerCount()).toBe(0);
      expect(keptLater()).toEqual([]);
    });

    it('end for each session by itself, in any order of use', () => {
      add('a');
      pass(10_000);
      add('b');
      pass(45_000);
      add('c');
      memory.find('a');
      pass(5_000);
      expect(keptLater()).toEqual(['b', 'c']);
      clockMs = 60_000;
      pass(10_000);
      expect(vi.getTimerCount()).toBe(1);
      expect(keptLater()).toEqual(['c']);
    });
  });

  it('keep the result of the later request, in any order of responses', async () => {
    const memory = createSessionMemory({ cacheSeconds: 5, monotonicMs: () => 0 });
    const older = await sessionOf(1);
    const newer = await sessionOf(2);
    memory.store('a', keysOf('a'), { session: newer, requestedAtMs: 2 });
    memory.store('a', keysOf('a'), { session: older, requestedAtMs: 1 });
    memory.update(keysOf('a'), { session: older, requestedAtMs: 1 });
    expect(memory.find('a')?.session).toBe(newer);
  });
});
