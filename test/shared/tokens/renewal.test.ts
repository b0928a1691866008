import { beforeEach, describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import type { Session } from '../../../src/shared/session/session.ts';
import type { CurrentSessionResult } from '../../../src/shared/session/writing.ts';
import { createRefusalCheck } from '../../../src/shared/tokens/refusal-check.ts';
import { createRefusals } from '../../../src/shared/tokens/refusals.ts';
import { createRenew, type Renew } from '../../../src/shared/tokens/renewal.ts';
import type { TokenAcquisition } from '../../../src/shared/tokens/token-request.ts';
import { openedSession, sessionContent } from '../../support/session-content.ts';

const start = new Date('2026-08-01T12:00:00Z');
const log = () => {};
const request = { scopes: ['Mail.Read'] };

let elapsedMs: number;
/** The sessions for which the refresh token was redeemed. */
let redeemed: Session[];
let reads: number;
let paced: number;
let inTable: () => CurrentSessionResult;
let answer: (session: Session) => TokenAcquisition;
let slow: () => Promise<void>;
let renew: Renew;

function sessionWith(tokenGeneration = 0, grantedScopes = ['User.Read']): Session {
  return openedSession(sessionContent({ tokenGeneration, facts: { grantedScopes } }), { now: start });
}
const refused = (): TokenAcquisition => ({ kind: 'interaction-required', reason: 'consent_required' });
const given = (session: Session): TokenAcquisition => ({
  kind: 'token',
  accessToken: 'token',
  expiresAt: start,
  session,
});

beforeEach(() => {
  elapsedMs = 0;
  redeemed = [];
  reads = 0;
  paced = 0;
  inTable = () => ({ kind: 'found', session: sessionWith() });
  answer = refused;
  slow = async () => {};
  const monotonicMs = () => elapsedMs;
  const pace = { startLimit: () => void paced++, waitForTurn: async () => {} };
  const store = {
    refetch: async () => {
      reads++;
      return inTable();
    },
  };
  renew = createRenew({
    storedTokens: { find: () => undefined },
    refusalCheck: createRefusalCheck({
      refusals: createRefusals({ monotonicMs, now: () => start, pace }),
      store,
      monotonicMs,
    }),
    pace,
    pausedSeconds: () => undefined,
    lease: {
      awaitResult: async (latest) => ({ kind: 'continue', latest }),
      acquire: async (session) => ({ kind: 'acquired', leaseId: 'lease', session }),
      end: async ({ session: latest }, _request, outcome) => ({ kind: 'settled', latest, outcome }),
      fail: async () => {},
    },
    redeem: async (session) => {
      redeemed.push(session);
      await slow();
      return answer(session);
    },
    monotonicMs,
  });
});

describe('a renewal that was refused', () => {
  it('is refused again after one read of the row for all calls that arrived before it', async () => {
    const session = sessionWith();
    const calls = () => Promise.all(Array.from({ length: 5 }, () => renew(session, request, log)));
    for (const outcome of await calls()) expect(outcome).toEqual(refused());
    expect([redeemed.length, reads]).toEqual([1, 0]);
    elapsedMs = 10;
    for (const outcome of await calls()) expect(outcome).toEqual(refused());
    expect([redeemed.length, reads]).toEqual([1, 1]);
  });

  it.each([
    ['tokens that came meanwhile', sessionWith(1)],
    ['a grant', sessionWith(0, ['User.Read', 'Mail.Read'])],
  ])('is tried again if the row has %s', async (_circumstance, found) => {
    await renew(sessionWith(), request, log);
    elapsedMs = 10;
    inTable = () => ({ kind: 'found', session: found });
    answer = given;
    expect(await renew(sessionWith(), request, log)).toMatchObject({ kind: 'token' });
    expect(redeemed.at(-1)).toBe(found);
  });

  it('ends the session if the row is gone', async () => {
    await renew(sessionWith(), request, log);
    elapsedMs = 10;
    inTable = () => ({ kind: 'gone' });
    expect(await renew(sessionWith(), request, log)).toEqual({ kind: 'session-ended' });
    expect(redeemed).toHaveLength(1);
  });

  it('is refused again without a read if the table does not answer, and passes on bugs', async () => {
    await renew(sessionWith(), request, log);
    elapsedMs = 10;
    inTable = () => {
      throw new BffError('storage_unavailable');
    };
    expect(await renew(sessionWith(), request, log)).toMatchObject({ kind: 'interaction-required' });
    inTable = () => {
      throw new TypeError('a bug');
    };
    elapsedMs = 20;
    await expect(renew(sessionWith(), request, log)).rejects.toThrow('a bug');
  });
});

describe('a renewal that brings no token', () => {
  it.each([
    ['a refusal', refused, 1],
    ['no usable answer', () => fail('sign_in_service_unavailable'), 1],
    ['a table that fails', () => fail('storage_unavailable'), 0],
    ['a token', given, 0],
  ] as const)('(%s) limits the pace of further ones accordingly', async (_circumstance, end, times) => {
    answer = end;
    await renew(sessionWith(), request, log).catch((error: unknown) =>
      expect(error).toBeInstanceOf(BffError),
    );
    expect(paced).toBe(times);
  });
});

it('a call with a current token does not wait for the renewal of another call', async () => {
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  answer = given;
  slow = () => finished;
  const session = sessionWith();
  const renewing = renew(session, request, log);
  const current = { accessToken: 'current', expiresAt: start };
  expect(await renew(session, { ...request, current }, log)).toEqual({ kind: 'token', ...current, session });
  finish();
  expect(await renewing).toMatchObject({ accessToken: 'token' });
  expect(await renew(session, { ...request, current }, log)).toMatchObject({ accessToken: 'token' });
  expect(redeemed).toHaveLength(2);
});

it.each([
  ['tokens', request],
  ['claims', { ...request, identityNotBefore: start }],
])('a call does not adopt the failure of a renewal of %s that did not wait', async (_what, wanted) => {
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  slow = async () => {
    if (redeemed.length === 1) await finished;
    else answer = given;
  };
  answer = () => fail('sign_in_service_unavailable');
  const session = sessionWith();
  const ahead = renew(session, { ...wanted, current: { accessToken: 'current', expiresAt: start } }, log);
  const waiting = [renew(session, wanted, log), renew(session, wanted, log)];
  finish();
  await expect(ahead).rejects.toMatchObject({ code: 'sign_in_service_unavailable' });
  for (const outcome of await Promise.all(waiting)) expect(outcome).toMatchObject({ kind: 'token' });
});

function fail(code: 'sign_in_service_unavailable' | 'storage_unavailable'): never {
  throw new BffError(code);
}
