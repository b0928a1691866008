import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createKeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { createAuthority } from '../../../src/shared/entra/authority.ts';
import { BffError } from '../../../src/shared/errors.ts';
import type { Session } from '../../../src/shared/session/session.ts';
import { createSessionStore, type SessionStore } from '../../../src/shared/session/store.ts';
import { createRenew } from '../../../src/shared/tokens/renewal.ts';
import {
  createRenewalLease,
  HOLDER_WAIT_MS,
  SUCCESSOR_WAIT_MS,
} from '../../../src/shared/tokens/renewal-lease.ts';
import { createStoredTokens } from '../../../src/shared/tokens/stored-tokens.ts';
import type { TokenAcquisition, TokenRequest } from '../../../src/shared/tokens/token-request.ts';
import { createMemoryTable, type MemoryTable } from '../../support/memory-table.ts';
import { clientId, msalCacheOf, sessionContent } from '../../support/session-content.ts';

const scopes = ['User.Read'];
const log = () => {};
const { environments } = createAuthority('public', 'tenant');
const start = new Date('2026-08-01T12:00:00Z');

let memory: MemoryTable;
let store: SessionStore;
let session: Session;
let pausedForSeconds: number | undefined;
let turnRefused: BffError | undefined;

beforeEach(async () => {
  memory = createMemoryTable();
  pausedForSeconds = undefined;
  turnRefused = undefined;
  store = createSessionStore({
    registration: ['client', 'public'],
    table: memory,
    keyRing: createKeyRing([{ id: 1, bytes: Buffer.alloc(32, 1) }]),
    indexKey: Buffer.alloc(32, 99),
    idleSeconds: 3600,
    cacheSeconds: 0,
    now: () => start,
    monotonicMs: () => 0,
    random: secureRandomBytes,
  });
  const created = await store.create(
    sessionContent({ msalCache: msalCacheOf({ accessTokens: {} }) }),
    secureRandomBytes(32),
    start,
  );
  if (created.kind !== 'created') throw new Error(created.kind);
  session = created.session;
});

/** The cache after a redemption. */
const renewedCache = () =>
  msalCacheOf({
    refreshToken: 'brand-new',
    accessTokens: {
      key: { secret: 'brand-new', expires_on: String(start.getTime() / 1000 + 3600) },
    },
  });

/** A worker whose clock moves only while it waits. `answer` stands for Entra ID. */
function workerOf(answer: (held: Session) => Promise<TokenAcquisition> | TokenAcquisition) {
  let elapsedMs = 0;
  let redemptions = 0;
  const waits: (() => Promise<void> | void)[] = [];
  const storedTokens = createStoredTokens({ clientId, environments, now: () => start });
  const monotonicMs = () => elapsedMs;
  const renew = createRenew({
    storedTokens,
    refusalCheck: {
      find: async (latest) => ({ kind: 'continue', latest }),
      remember: () => {},
    },
    pace: {
      startLimit: () => {},
      waitForTurn: async () => {
        if (turnRefused !== undefined) throw turnRefused;
      },
    },
    pausedSeconds: () => pausedForSeconds,
    lease: createRenewalLease({
      store,
      storedTokens,
      random: secureRandomBytes,
      monotonicMs,
      wait: async (durationMs) => {
        elapsedMs += durationMs;
        await waits.shift()?.();
      },
    }),
    redeem: async (held, _request, leaseId) => {
      redemptions++;
      const outcome = await answer(held);
      if (outcome.kind !== 'token') return outcome;
      const content = { ...held, msalCache: renewedCache(), tokenGeneration: held.generation };
      const written = await store.write(held, content, leaseId);
      return written.kind === 'written'
        ? { ...outcome, session: written.session }
        : { kind: 'session-ended' };
    },
    monotonicMs,
  });
  return {
    renew: (request: Partial<TokenRequest> = {}) => renew(session, { scopes, ...request }, log),
    pass: (durationMs: number) => {
      elapsedMs += durationMs;
    },
    redemptions: () => redemptions,
    elapsedMs: () => elapsedMs,
    whileWaiting: (...actions: (() => Promise<void> | void)[]) => waits.push(...actions),
  };
}

const token = (): TokenAcquisition => ({
  kind: 'token',
  accessToken: 'brand-new',
  expiresAt: start,
  session,
});
const never = (): never => {
  throw new Error('this worker must not redeem');
};

describe('a refresh under a lease', () => {
  it('redeems once, stores the result and ends the lease', async () => {
    const worker = workerOf(token);
    expect(await worker.renew()).toMatchObject({ kind: 'token' });
    const found = await store.refetch(session);
    expect(found).toMatchObject({ kind: 'found', session: { generation: 1, tokenGeneration: 1 } });
    expect(found).not.toHaveProperty('session.leaseId');
  });

  it("that a repeated write took is the holder's own: it does not wait for itself", {
    tags: ['T3'],
  }, async () => {
    const { acquireLease } = store;
    // The library sent the write again, because its first answer was lost, and tells how the second one ended.
    const repeated = vi.spyOn(store, 'acquireLease').mockImplementation(async (current, leaseId) => {
      await acquireLease(current, leaseId);
      return acquireLease(current, leaseId);
    });
    const worker = workerOf(token);
    expect(await worker.renew()).toMatchObject({ kind: 'token' });
    expect(repeated).toHaveBeenCalledOnce();
    expect(worker.redemptions()).toBe(1);
    expect(worker.elapsedMs()).toBe(0);
  });

  it('of somebody else is watched, and its result used without a redemption', async () => {
    const taken = await store.acquireLease(session, 'other');
    if (taken.kind !== 'acquired') throw new Error(taken.kind);
    const worker = workerOf(never);
    worker.whileWaiting(
      () => {},
      async () => {
        const msalCache = renewedCache();
        await store.write(taken.session, { ...taken.session, msalCache, tokenGeneration: 1 }, 'other');
      },
    );
    expect(await worker.renew()).toMatchObject({ kind: 'token', accessToken: 'brand-new' });
  });

  it('of a holder that died is taken over after 9 s', { tags: ['I2'] }, async () => {
    await store.acquireLease(session, 'dead');
    const worker = workerOf(token);
    expect(await worker.renew()).toMatchObject({ kind: 'token' });
    expect(worker.redemptions()).toBe(1);
    expect(worker.elapsedMs()).toBe(HOLDER_WAIT_MS);
  });

  it('of another worker is not waited for by a call with a current token, which is taken over 9 s later', {
    tags: ['I2'],
  }, async () => {
    const taken = await store.acquireLease(session, 'dead');
    if (taken.kind !== 'acquired') throw new Error(taken.kind);
    session = taken.session;
    const current = { accessToken: 'current', expiresAt: start };
    const worker = workerOf(token);
    for (const passedMs of [0, HOLDER_WAIT_MS - 1]) {
      worker.pass(passedMs);
      expect(await worker.renew({ current })).toEqual({ kind: 'token', ...current, session });
    }
    expect([worker.redemptions(), worker.elapsedMs()]).toEqual([0, HOLDER_WAIT_MS - 1]);
    worker.pass(1);
    expect(await worker.renew({ current })).toMatchObject({ accessToken: 'brand-new' });
    expect([worker.redemptions(), worker.elapsedMs()]).toEqual([1, HOLDER_WAIT_MS]);
  });

  it('of a holder that is slow: both redeem, and the later holder has the newer refresh token', {
    tags: ['I2'],
  }, async () => {
    const slow = await store.acquireLease(session, 'slow');
    if (slow.kind !== 'acquired') throw new Error(slow.kind);
    const worker = workerOf(token);
    expect(await worker.renew()).toMatchObject({ accessToken: 'brand-new' });
    const expires_on = String(start.getTime() / 1000 + 1800);
    const msalCache = msalCacheOf({
      refreshToken: 'from the slow holder',
      accessTokens: { mail: { secret: 'slow', expires_on, target: 'Mail.Read' } },
    });
    const { generation } = slow.session;
    const written = await store.write(
      slow.session,
      { ...slow.session, msalCache, tokenGeneration: generation },
      'slow',
    );
    const found = await store.refetch(session);
    for (const { kind, ...rest } of [written, found]) {
      if (!('session' in rest)) throw new Error(kind);
      const { msalCache: merged, tokenGeneration } = rest.session;
      expect(tokenGeneration).toBe(generation + 1);
      expect(merged).toContain('"brand-new"');
      expect(merged).toContain('"slow"');
      expect(merged).not.toContain('from the slow holder');
    }
  });

  it('of its own that the row still shows has no holder: it is taken over at once', {
    tags: ['T3'],
  }, async () => {
    const worker = workerOf(token);
    const { merge } = memory;
    // Done, and the answer lost: the library's second try then meets the worker's own write.
    memory.merge = async (row, etag) => {
      memory.merge = merge;
      await merge(row, etag);
      return { kind: 'changed' };
    };
    expect(await worker.renew()).toMatchObject({ kind: 'token' });
    expect(worker.redemptions()).toBe(1);
    expect(worker.elapsedMs()).toBe(0);
    expect(await store.refetch(session)).not.toHaveProperty('session.leaseId');
  });

  it('is not begun while the token endpoint is left alone: nothing is written', {
    tags: ['E2'],
  }, async () => {
    pausedForSeconds = 30;
    const before = memory.rows();
    await expect(workerOf(never).renew()).rejects.toMatchObject({
      code: 'sign_in_service_unavailable',
      retryAfterSeconds: 30,
    });
    expect(memory.rows()).toEqual(before);
  });

  it('is not begun before the user has a turn: nothing is written', async () => {
    turnRefused = new BffError('rate_limited', { retryAfterSeconds: 3 });
    const before = memory.rows();
    await expect(workerOf(never).renew()).rejects.toBe(turnRefused);
    expect(memory.rows()).toEqual(before);
  });

  it('that others are always faster to take is given up: the caller is told to come back', {
    tags: ['T4'],
  }, async () => {
    let tries = 0;
    memory.merge = async () => {
      tries++;
      return { kind: 'changed' };
    };
    await expect(workerOf(never).renew()).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(tries).toBe(10);
  });

  it.each([
    ['early: a call waits 9 s in all', 6_000, HOLDER_WAIT_MS],
    ['late: the new holder has 1 s', 8_800, 8_800 + SUCCESSOR_WAIT_MS],
  ])('that changes hands %s', async (_circumstance, changedAtMs, waitedMs) => {
    const first = await store.acquireLease(session, 'first');
    if (first.kind !== 'acquired') throw new Error(first.kind);
    const worker = workerOf(token);
    let isChanged = false;
    worker.whileWaiting(
      ...Array.from({ length: 100 }, () => async () => {
        if (isChanged || worker.elapsedMs() < changedAtMs) return;
        isChanged = true;
        await store.acquireLease(first.session, 'second');
      }),
    );
    expect(await worker.renew()).toMatchObject({ kind: 'token' });
    expect(isChanged).toBe(true);
    expect(worker.elapsedMs()).toBeGreaterThanOrEqual(waitedMs);
    expect(worker.elapsedMs()).toBeLessThan(waitedMs + 300);
  });

  it('leaves its refusal for those who wait, who adopt it for the same scopes', async () => {
    const taken = await store.acquireLease(session, 'other');
    if (taken.kind !== 'acquired') throw new Error(taken.kind);
    const worker = workerOf(never);
    worker.whileWaiting(async () => {
      const refreshFailure = { leaseId: 'other', scopes, reason: 'refresh_token_revoked' };
      await store.write(taken.session, { ...taken.session, refreshFailure }, 'other');
    });
    expect(await worker.renew()).toEqual({
      kind: 'interaction-required',
      reason: 'refresh_token_revoked',
    });
  });

  it('believes a refusal only while the row is as it was: a token that somebody redeemed meanwhile is used', async () => {
    const worker = workerOf(async (held) => {
      const msalCache = renewedCache();
      await store.write(held, { ...held, msalCache, tokenGeneration: held.generation + 1 });
      return { kind: 'interaction-required', reason: 'sign_in_required' };
    });
    expect(await worker.renew()).toMatchObject({ kind: 'token', accessToken: 'brand-new' });
    // Its own lease has ended: nobody waits for a holder that has gone on.
    expect(await store.refetch(session)).not.toHaveProperty('session.leaseId');
    expect(worker.elapsedMs()).toBe(0);
  });

  it('that brought tokens for less than was asked is a refusal, and is not tried again and again', {
    tags: ['E5'],
  }, async () => {
    const worker = workerOf(async (held) => {
      const msalCache = msalCacheOf({ refreshToken: 'for less' });
      const { leaseId } = held;
      await store.write(held, { ...held, msalCache, tokenGeneration: held.generation }, leaseId);
      return { kind: 'interaction-required', reason: 'consent_required' };
    });
    expect(await worker.renew()).toEqual({
      kind: 'interaction-required',
      reason: 'consent_required',
    });
    expect(worker.redemptions()).toBe(1);
    const found = await store.refetch(session);
    expect(found).toMatchObject({ session: { refreshFailure: { reason: 'consent_required' } } });
    expect(found).not.toHaveProperty('session.leaseId');
  });

  it('ends with the session when the row is deleted, at every point', async () => {
    const deleted = workerOf(async (held) => {
      await store.remove(held.address);
      return { kind: 'interaction-required', reason: 'sign_in_required' };
    });
    expect(await deleted.renew()).toEqual({ kind: 'session-ended' });
    expect(await workerOf(never).renew()).toEqual({ kind: 'session-ended' });
    expect(memory.rows().filter(({ partitionKey }) => partitionKey.startsWith('user-'))).toEqual([]);
  });

  it('tells those who wait that Entra could not be reached, and ends the lease', async () => {
    const worker = workerOf(() => {
      throw new TypeError('Entra fell over');
    });
    await expect(worker.renew()).rejects.toThrow('Entra fell over');
    const found = await store.refetch(session);
    expect(found).not.toHaveProperty('session.leaseId');
    expect(found).toMatchObject({ session: { refreshFailure: { scopes } } });
  });
});
