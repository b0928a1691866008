import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createKeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { createAuthority } from '../../../src/shared/entra/authority.ts';
import { RegistrationInvalid } from '../../../src/shared/entra/registration-problem.ts';
import { BffError } from '../../../src/shared/errors.ts';
import type { Session } from '../../../src/shared/session/session.ts';
import { createSessionStore, type SessionStore } from '../../../src/shared/session/store.ts';
import type { Log } from '../../../src/shared/telemetry/log.ts';
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
let logged: string[] = [];
const log: Log = (_level, { event }) => void logged.push(event);
const { environments } = createAuthority('public', 'tenant');
const start = new Date('2026-08-01T12:00:00Z');

let memory: MemoryTable;
let store: SessionStore;
let session: Session;
let pausedForSeconds: number | undefined;
let turnRefused: BffError | undefined;

beforeEach(async () => {
  memory = createMemoryTable();
  logged = [];
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

/** The token cache after a redemption. */
const renewedCache = () =>
  msalCacheOf({
    refreshToken: 'brand-new',
    accessTokens: {
      key: { secret: 'brand-new', expires_on: String(start.getTime() / 1000 + 3600) },
    },
  });

/** A worker whose clock moves only while it waits. `answer` replaces Entra ID. */
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

describe('a renewal with a lease', () => {
  it('redeems once, stores the result and ends the lease', async () => {
    const worker = workerOf(token);
    expect(await worker.renew()).toMatchObject({ kind: 'token' });
    const found = await store.refetch(session);
    expect(found).toMatchObject({ kind: 'found', session: { generation: 1, tokenGeneration: 1 } });
    expect(found).not.toHaveProperty('session.leaseId');
  });

  it('does not wait for its own lease if the library repeated the write', {
    tags: ['T3'],
  }, async () => {
    const { acquireLease } = store;
    // The library repeated the write after a lost response and returns the result of the second.
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

  it('uses the result of another holder without a redemption', async () => {
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

  it('adopts the holder’s refusal of this app, and Entra ID’s number of a refusal', async () => {
    const failures = [
      { fault: 'api', entraErrorCode: 500011, correlationId: 'c1' },
      { reason: 'not_assigned', entraErrorCode: 50105 },
    ];
    const outcomes = [];
    for (const failure of failures) {
      const current = await store.refetch(session);
      if (current.kind !== 'found') throw new Error(current.kind);
      const taken = await store.acquireLease(current.session, 'other');
      if (taken.kind !== 'acquired') throw new Error(taken.kind);
      const worker = workerOf(never);
      worker.whileWaiting(async () => {
        const refreshFailure = { leaseId: 'other', scopes, ...failure };
        await store.write(taken.session, { ...taken.session, refreshFailure }, 'other');
      });
      outcomes.push(await worker.renew().catch((error: unknown) => error));
    }
    expect(outcomes).toMatchObject([
      {
        code: 'registration_invalid',
        extensions: { scopes: [...scopes], entra_error_code: 500011, correlation_id: 'c1' },
      },
      { kind: 'interaction-required', reason: 'not_assigned', entraErrorCode: 50105 },
    ]);
  });

  it('records its own refusal of this app for the others', async () => {
    const error = new RegistrationInvalid({
      fault: 'permission',
      scopes,
      entraErrorCode: 650053,
      correlationId: 'c2',
    });
    const refuse = () => {
      throw error;
    };
    await expect(workerOf(refuse).renew()).rejects.toBe(error);
    expect(await store.refetch(session)).toMatchObject({
      session: { refreshFailure: { fault: 'permission', entraErrorCode: 650053, correlationId: 'c2' } },
    });
  });

  it('takes over the lease of a dead holder after 9 s', { tags: ['I2'] }, async () => {
    await store.acquireLease(session, 'dead');
    const worker = workerOf(token);
    expect(await worker.renew()).toMatchObject({ kind: 'token' });
    expect(worker.redemptions()).toBe(1);
    expect(worker.elapsedMs()).toBe(HOLDER_WAIT_MS);
    expect(logged).toEqual(['lease-taken-over']);
  });

  it('does not wait for another holder if the call has a current token, and takes over after 9 s', {
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

  it('keeps the newer refresh token if a slow holder redeems too', {
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

  it('takes over its own stale lease at once', {
    tags: ['T3'],
  }, async () => {
    const worker = workerOf(token);
    const { merge } = memory;
    // The write succeeded and its response was lost. The second attempt finds the worker's own write.
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

  it('takes over its own lease of a failed call at once, and reports no takeover', {
    tags: ['T3'],
  }, async () => {
    const worker = workerOf(token);
    const { merge } = memory;
    memory.merge = async (row, etag) => {
      memory.merge = merge;
      await merge(row, etag);
      throw new BffError('storage_unavailable');
    };
    await expect(worker.renew()).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(await store.refetch(session)).toHaveProperty('session.leaseId');
    expect(await worker.renew()).toMatchObject({ kind: 'token' });
    expect(worker.elapsedMs()).toBe(0);
    expect(logged).not.toContain('lease-taken-over');
  });

  it('writes nothing while the circuit breaker is open', {
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

  it('writes nothing before the user has a turn', async () => {
    turnRefused = new BffError('rate_limited', { retryAfterSeconds: 3 });
    const before = memory.rows();
    await expect(workerOf(never).renew()).rejects.toBe(turnRefused);
    expect(memory.rows()).toEqual(before);
  });

  it('fails temporarily if other workers always take the lease first', {
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
    ['early: 9 s in total', 6_000, HOLDER_WAIT_MS],
    ['late: 1 s more for the new holder', 8_800, 8_800 + SUCCESSOR_WAIT_MS],
  ])('waits if the holder changes %s', async (_circumstance, changedAtMs, waitedMs) => {
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

  it('shares its refusal with waiting calls for the same scopes', async () => {
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

  it('ignores a refusal if another worker has redeemed meanwhile, and uses that token', async () => {
    const worker = workerOf(async (held) => {
      const msalCache = renewedCache();
      await store.write(held, { ...held, msalCache, tokenGeneration: held.generation + 1 });
      return { kind: 'interaction-required', reason: 'sign_in_required' };
    });
    expect(await worker.renew()).toMatchObject({ kind: 'token', accessToken: 'brand-new' });
    // Its own lease has ended, so no call waits for it.
    expect(await store.refetch(session)).not.toHaveProperty('session.leaseId');
    expect(worker.elapsedMs()).toBe(0);
  });

  it('treats tokens with fewer scopes as a refusal, and does not retry', {
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

  it('reports an ended session if the row is deleted at any point', async () => {
    const deleted = workerOf(async (held) => {
      await store.remove(held.locator);
      return { kind: 'interaction-required', reason: 'sign_in_required' };
    });
    expect(await deleted.renew()).toEqual({ kind: 'session-ended' });
    expect(await workerOf(never).renew()).toEqual({ kind: 'session-ended' });
    expect(memory.rows().filter(({ partitionKey }) => partitionKey.startsWith('user-'))).toEqual([]);
  });

  it('shares a failure of Entra ID with waiting calls, and ends the lease', async () => {
    const worker = workerOf(() => {
      throw new TypeError('Entra fell over');
    });
    await expect(worker.renew()).rejects.toThrow('Entra fell over');
    const found = await store.refetch(session);
    expect(found).not.toHaveProperty('session.leaseId');
    expect(found).toMatchObject({ session: { refreshFailure: { scopes } } });
  });
});
