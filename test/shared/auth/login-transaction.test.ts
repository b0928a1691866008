import { Buffer } from 'node:buffer';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  createLoginTransactions,
  type LoginTransactions,
  parseState,
  type StartedTransaction,
  type TransactionCookie,
  type TransactionResult,
  type TransactionSlot,
  transactionSlots,
} from '../../../src/shared/auth/login-transaction.ts';
import { defaultReturnPath, parseReturnPath } from '../../../src/shared/auth/return-path.ts';
import { createKeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import {
  createTextSealer,
  type SealedTextPurpose,
  type TextSealer,
} from '../../../src/shared/crypto/sealed-text.ts';
import { MAX_PACKED_SCOPES_LENGTH, packScopes } from '../../../src/shared/entra/scopes.ts';

const origin = 'https://app.example';
const returnPathRules = { origin, proxiedPaths: ['/api/graph'] };
const registration = ['https://login.example/tenant', 'client', `${origin}/api/auth/callback`];
const keyRing = createKeyRing([{ id: 1, bytes: Buffer.alloc(32, 1) }]);
const request = { returnPath: defaultReturnPath, scopes: ['User.Read'], restarts: 0 };

let nowMs: number;
let tableAheadMs = 0;
let transactions: LoginTransactions;

beforeEach(() => {
  nowMs = Date.parse('2026-03-01T12:00:00Z');
  transactions = createTransactions();
});

describe('a login transaction', () => {
  it('opens for its own state, in the browser that started it, for 15 minutes', { tags: ['LR-2'] }, () => {
    const started = transactions.start({ ...request, feature: 'mail' }, new Map());
    nowMs += 15 * 60_000 - 1;
    expect(open(started)).toMatchObject({
      kind: 'open',
      transaction: { ...started.transaction, feature: 'mail', scopes: ['User.Read'] },
    });
    nowMs += 1;
    expect(open(started).kind).toBe('expired');
  });

  it('keeps what it was started for during one hour, and only that', { tags: ['LR-2'] }, () => {
    const started = transactions.start(
      { ...request, feature: 'mail', popupId: 'a-popup-of-mine' },
      new Map(),
    );
    nowMs += 60 * 60_000 - 1;
    expect(open(started)).toMatchObject({
      kind: 'expired',
      loginRequest: { feature: 'mail', popupId: 'a-popup-of-mine', restarts: 0 },
    });
    nowMs += 1;
    expect(open(started)).toEqual({ kind: 'none' });
  });

  it('keeps the earliest start by the clock of the table', () => {
    tableAheadMs = -290_600;
    const started = transactions.start(request, new Map());
    tableAheadMs = 0;
    const earliestStart = new Date(nowMs - 290_600);
    nowMs += 60_000;
    expect(open(started)).toMatchObject({ kind: 'open', transaction: { earliestStart } });
  });

  it('does not open a cookie of another version', () => {
    const started = transactions.start(request, new Map());
    const { state, nonce, codeVerifier } = started.transaction;
    const stored = { ...request, state, nonce, codeVerifier, startedAtMs: nowMs };
    const boundTo = [...registration, String(started.slot)];
    const cookieValue = sealerOf({}).seal(stored, boundTo, new Date(nowMs + 60_000));
    expect(open({ ...started, cookieValue })).toEqual({ kind: 'none' });
  });

  it('has a state, nonce and code verifier of 256 random bits each, never twice', { tags: ['LR-1'] }, () => {
    const secrets = new Set<string>();
    for (let count = 0; count < 1_000; count++) {
      const { state, nonce, codeVerifier } = transactions.start(request, new Map()).transaction;
      // RFC 7636, 4.1: 43 to 128 unreserved characters.
      for (const secret of [state.slice(2), nonce, codeVerifier]) expect(secret).toMatch(/^[\w-]{43}$/);
      for (const secret of [state.slice(2), nonce, codeVerifier]) secrets.add(secret);
    }
    expect(secrets.size).toBe(3_000);
  });

  it('uses a free slot if there is one, else the slot of the oldest', { tags: ['LR-6'] }, () => {
    const cookies = new Map<TransactionSlot, string>();
    const started: StartedTransaction[] = [];
    for (let count = 0; count < 8; count++) {
      nowMs += 1_000;
      const next = transactions.start(request, cookies);
      cookies.set(next.slot, next.cookieValue);
      started.push(next);
    }
    const slots = started.map(({ slot }) => slot);
    expect([...slots.slice(0, 5)].sort()).toEqual([...transactionSlots]);
    expect(slots.slice(5)).toEqual(slots.slice(0, 3));
    const open = started.map(({ transaction }) => {
      const state = parseState(transaction.state);
      return state !== undefined && transactions.open(state, cookies).kind === 'open';
    });
    expect(open).toEqual([false, false, false, true, true, true, true, true]);
  });

  it('uses the slot of an expired or forged transaction before one that is alive', {
    tags: ['LR-6'],
  }, () => {
    const cookies = new Map<TransactionSlot, string>();
    for (const slot of transactionSlots) cookies.set(slot, 'forged');
    const alive = transactions.start(request, cookies);
    cookies.set(alive.slot, alive.cookieValue);
    for (let count = 0; count < 50; count++)
      expect(transactions.start(request, cookies).slot).not.toBe(alive.slot);
  });

  it('keeps where the user belongs after it is finished, as long as a session can live, and no secret', {
    tags: ['LR-2', 'CB-2'],
  }, () => {
    for (const result of ['completed', 'consent_declined'] as const) {
      const started = transactions.start({ ...request, feature: 'mail' }, new Map());
      const { transaction } = started;
      const finished = finish(started, result);
      expect(finished).toMatchObject({ slot: started.slot, maxAgeSeconds: 12 * 3600 });
      nowMs += 12 * 3600_000 - 1;
      const opened = open({ ...started, ...finished });
      expect(opened).toMatchObject({
        kind: 'finished',
        result,
        startedAt: transaction.startedAt,
        loginRequest: { feature: 'mail', returnPath: '/', state: transaction.state },
      });
      const kept = JSON.stringify(opened);
      expect(kept).not.toContain(transaction.nonce);
      expect(kept).not.toContain(transaction.codeVerifier);
      nowMs += 1;
      expect(open({ ...started, ...finished })).toEqual({ kind: 'none' });
    }
  });

  it('uses the slot of the oldest finished transaction before one that is alive, and after a free one', {
    tags: ['LR-6'],
  }, () => {
    const cookies = new Map<TransactionSlot, string>();
    const started: StartedTransaction[] = [];
    for (let count = 0; count < 5; count++) {
      nowMs += 1_000;
      const next = transactions.start(request, cookies);
      cookies.set(next.slot, next.cookieValue);
      started.push(next);
    }
    for (const at of [3, 1]) {
      const one = started[at];
      if (one) cookies.set(one.slot, finish(one, 'completed').cookieValue);
    }
    const next = transactions.start(request, cookies);
    expect(next.slot).toBe(started[1]?.slot);
    cookies.delete(started[4]?.slot ?? 0);
    expect(transactions.start(request, cookies).slot).toBe(started[4]?.slot);
  });

  it('is so small that five with the longest return path fit into a cookie header of 8 KiB', {
    tags: ['LR-6'],
  }, () => {
    const returnPath = parseReturnPath(`/${'a'.repeat(511)}`, returnPathRules) ?? defaultReturnPath;
    const scopes = ['x'.repeat(MAX_PACKED_SCOPES_LENGTH)];
    expect(packScopes(scopes)).toHaveLength(MAX_PACKED_SCOPES_LENGTH);
    const { cookieValue } = transactions.start(
      {
        returnPath,
        scopes,
        restarts: 1,
        feature: 'a-feature',
        prompt: 'select_account',
        popupId: 'x'.repeat(36),
        hasUnstoredParameters: true,
      },
      new Map(),
    );
    expect(5 * cookieValue.length).toBeLessThan(8 * 1024);
  });

  describe('refuses', () => {
    const none = { kind: 'none' };

    it('another slot, state, authority, client or redirect URI', { tags: ['LR-2'] }, () => {
      const started = transactions.start(request, new Map());
      const elsewhere = transactionSlots.filter((slot) => slot !== started.slot);
      for (const slot of elsewhere) {
        const state = parseState(`${slot}${started.transaction.state.slice(1)}`);
        expect(state && transactions.open(state, new Map([[slot, started.cookieValue]]))).toEqual(none);
      }
      const other = transactions.start(request, new Map());
      const otherState = parseState(`${started.slot}${other.transaction.state.slice(1)}`);
      expect(
        otherState && transactions.open(otherState, new Map([[started.slot, started.cookieValue]])),
      ).toEqual(none);
      for (const at of registration.keys()) {
        const boundTo = registration.with(at, 'another');
        expect(open(started, createTransactions({ boundTo }))).toEqual(none);
      }
      expect(open(started).kind).toBe('open');
    });

    it('a cookie that was sealed for another purpose or with another key', { tags: ['LR-2'] }, () => {
      const started = transactions.start(request, new Map());
      expect(open(started, createTransactions({ purpose: 'form-token' }))).toEqual(none);
      const otherRing = createKeyRing([{ id: 1, bytes: Buffer.alloc(32, 2) }]);
      expect(open(started, createTransactions({ ring: otherRing }))).toEqual(none);
    });

    it('a cookie in which any one character was changed', { tags: ['LR-2'] }, () => {
      const started = transactions.start(request, new Map());
      const { cookieValue } = started;
      for (let at = 0; at < cookieValue.length; at++) {
        const changed = `${cookieValue.slice(0, at)}${cookieValue[at] === 'A' ? 'B' : 'A'}${cookieValue.slice(at + 1)}`;
        expect(open({ ...started, cookieValue: changed })).toEqual(none);
      }
    });

    it('a state of any other shape', { tags: ['CB-1'] }, () => {
      const secret = 'a'.repeat(43);
      const shapes = [
        undefined,
        '',
        '0',
        '0.',
        `0.${secret}a`,
        `0.${secret.slice(1)}`,
        `5.${secret}`,
        `-1.${secret}`,
      ];
      const near = [
        `00.${secret}`,
        `0,${secret}`,
        ` 0.${secret}`,
        `0.${secret}\n`,
        `0.${secret.slice(1)}=`,
        `٠.${secret}`,
      ];
      for (const text of [...shapes, ...near, 'x'.repeat(10_240)]) expect(parseState(text)).toBeUndefined();
      expect(parseState(`4.${secret}`)).toEqual({ slot: 4, text: `4.${secret}` });
    });
  });
});

function createTransactions({
  boundTo = registration,
  ring = keyRing,
  purpose = 'login-transaction',
}: {
  boundTo?: readonly string[];
  ring?: typeof keyRing;
  purpose?: SealedTextPurpose;
} = {}): LoginTransactions {
  const sealer = sealerOf({ ring, purpose });
  return createLoginTransactions({
    sealer,
    random: secureRandomBytes,
    now: () => new Date(nowMs),
    store: { signInStart: (instant) => new Date(instant.getTime() + tableAheadMs) },
    boundTo,
    returnPathRules,
    finishedCookieSeconds: 12 * 3600,
  });
}

function sealerOf({
  ring = keyRing,
  purpose = 'login-transaction',
}: {
  ring?: typeof keyRing;
  purpose?: SealedTextPurpose;
}): TextSealer {
  return createTextSealer({ keyRing: ring, purpose, now: () => new Date(nowMs), random: secureRandomBytes });
}

function finish({ transaction }: StartedTransaction, result: TransactionResult): TransactionCookie {
  const state = parseState(transaction.state);
  if (state === undefined) throw new Error('the state has another shape');
  const { startedAt } = transaction;
  return transactions.finish({ state, loginRequest: transaction, startedAt }, result);
}

function open({ transaction, slot, cookieValue }: StartedTransaction, at = transactions) {
  const state = parseState(transaction.state);
  if (state === undefined) throw new Error('not a state');
  return at.open(state, new Map([[slot, cookieValue]]));
}
