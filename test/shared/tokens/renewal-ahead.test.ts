import { beforeEach, describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import type { Session } from '../../../src/shared/session/session.ts';
import { createRenewIdentityAhead } from '../../../src/shared/tokens/renew-identity.ts';
import {
  type AheadRequest,
  createRenewalAhead,
  type RenewalAhead,
  type RenewedToken,
} from '../../../src/shared/tokens/renewal-ahead.ts';
import { HOLDER_WAIT_MS } from '../../../src/shared/tokens/renewal-lease.ts';
import type {
  AccessToken,
  TokenAcquisition,
  TokenRequest,
} from '../../../src/shared/tokens/token-request.ts';
import { openedSession, sessionContent } from '../../support/session-content.ts';

const start = new Date('2026-08-01T12:00:00Z');
const session = openedSession(sessionContent(), { now: start });
const current: AccessToken = { accessToken: 'current', expiresAt: start };
const request = { scopes: ['User.Read'], current };
const identity = { scopes: ['User.Read'], identityNotBefore: start, current };

let elapsedMs: number;
let delays: number[];
let randomByte: number;
/** Ends the delays that are in progress. */
let endDelays: (() => void)[];
let requests: TokenRequest[];
let outcome: () => Promise<TokenAcquisition> | TokenAcquisition;
let logged: unknown[];
let ahead: RenewalAhead;

const renewed: RenewedToken = { kind: 'token', accessToken: 'renewed', expiresAt: start, session };
const fail = (error: Error) => (): never => {
  throw error;
};

beforeEach(() => {
  elapsedMs = 0;
  delays = [];
  randomByte = 0;
  endDelays = [];
  requests = [];
  outcome = () => renewed;
  logged = [];
  ahead = createRenewalAhead({
    renew: async (_session, wanted) => {
      requests.push(wanted);
      return outcome();
    },
    random: () => Buffer.of(randomByte),
    monotonicMs: () => elapsedMs,
    wait: (durationMs) => {
      delays.push(durationMs);
      return new Promise((resolve) => endDelays.push(resolve));
    },
    log: (level, record) => void logged.push([level, record]),
  });
});

/** Lets every started renewal run until it ends or waits for Entra ID. */
async function settle(): Promise<void> {
  for (const end of endDelays.splice(0)) end();
  await new Promise(setImmediate);
}

async function renewAhead(wanted: AheadRequest = request, of: Session = session): Promise<void> {
  ahead.start(of, wanted);
  await settle();
}

describe('a renewal ahead of time', () => {
  it('begins after a random delay between 0.1 s and 1.1 s', () => {
    for (const byte of [0, 51, 255]) {
      randomByte = byte;
      ahead.start(session, { scopes: [`Scope.${byte}`], current });
    }
    expect(delays).toEqual([100, 300, 1100]);
    expect(requests).toEqual([]);
  });

  it('is started once, and passes on the new token', async () => {
    const received: RenewedToken[] = [];
    for (let call = 0; call < 5; call++) ahead.start(session, request, (token) => received.push(token));
    await settle();
    expect(requests).toEqual([request]);
    expect(received).toEqual([renewed]);
    expect(logged).toEqual([]);
  });

  it('is in progress as long as Entra ID does not respond', async () => {
    let respond = (_: TokenAcquisition) => {};
    outcome = () =>
      new Promise<TokenAcquisition>((resolve) => {
        respond = resolve;
      });
    await renewAhead();
    elapsedMs += 3_600_000;
    await renewAhead();
    expect(requests).toHaveLength(1);
    respond(renewed);
    await settle();
    elapsedMs += 60_000;
    await renewAhead();
    expect(requests).toHaveLength(2);
  });

  it('of claims, other scopes and another session is a separate one', async () => {
    const other = openedSession(sessionContent(), { now: start, row: 1 });
    await renewAhead();
    await renewAhead(identity);
    await renewAhead({ scopes: ['Mail.Read'], current });
    await renewAhead(request, other);
    expect(requests).toHaveLength(4);
  });

  it('of claims gives up if another renewal is in progress, even without a usable access token', async () => {
    const renewIdentityAhead = createRenewIdentityAhead(ahead, ['User.Read']);
    outcome = () => ({
      kind: 'token',
      accessToken: 'none',
      expiresAt: start,
      ...requests[0]?.current,
      session,
    });
    renewIdentityAhead(session);
    await settle();
    const { claimsAsOf } = session.facts;
    const identityNotBefore = new Date(claimsAsOf.getTime() + 1);
    expect(requests).toMatchObject([
      { scopes: ['User.Read'], identityNotBefore, current: { accessToken: '' } },
    ]);
    elapsedMs += HOLDER_WAIT_MS - 1;
    renewIdentityAhead(session);
    await settle();
    expect(requests).toHaveLength(1);
    elapsedMs += 1;
    renewIdentityAhead(session);
    await settle();
    expect(requests).toHaveLength(2);
    expect(logged).toEqual([]);
  });

  it('is not started if 64 are in progress on this worker', async () => {
    for (let user = 0; user < 100; user++) ahead.start(session, { scopes: [`Scope.${user}`], current });
    expect(delays).toHaveLength(64);
    await settle();
    await renewAhead();
    expect(delays).toHaveLength(65);
  });
});

describe('after a renewal ahead of time', () => {
  /** How many seconds pass until the next one is started, at a call every second. */
  async function secondsUntilNext(): Promise<number> {
    const before = requests.length;
    for (let seconds = 1; seconds < 600; seconds++) {
      elapsedMs += 1_000;
      await renewAhead();
      if (requests.length > before) return seconds;
    }
    return Number.NaN;
  }

  it('that succeeded, the next one is 30 s away, even if the new token is due at once', async () => {
    await renewAhead();
    expect(await secondsUntilNext()).toBe(30);
  });

  it('that found another renewal in progress, the next one can take over its lease', async () => {
    outcome = () => ({ kind: 'token', ...current, session });
    await renewAhead();
    expect((await secondsUntilNext()) * 1_000).toBe(HOLDER_WAIT_MS);
  });

  it('that failed, each pause is twice as long, up to five minutes, until one succeeds', async () => {
    outcome = fail(new BffError('sign_in_service_unavailable'));
    await renewAhead();
    const pauses: number[] = [];
    for (let time = 0; time < 7; time++) pauses.push(await secondsUntilNext());
    expect(pauses).toEqual([10, 20, 40, 80, 160, 300, 300]);
    outcome = () => renewed;
    elapsedMs += 300_000;
    await renewAhead();
    outcome = fail(new BffError('sign_in_service_unavailable'));
    await secondsUntilNext();
    expect(await secondsUntilNext()).toBe(10);
  });

  it('that was refused, a call can know it until one succeeds', async () => {
    expect(ahead.wasRefused(session, request)).toBe(false);
    outcome = () => ({ kind: 'interaction-required', reason: 'refresh_token_revoked' });
    await renewAhead();
    expect(ahead.wasRefused(session, request)).toBe(true);
    expect(ahead.wasRefused(session, identity)).toBe(false);
    outcome = () => renewed;
    expect(await secondsUntilNext()).toBe(300);
    expect(ahead.wasRefused(session, request)).toBe(false);
  });

  it('that found the session ended, nothing is remembered', async () => {
    outcome = () => ({ kind: 'session-ended' });
    await renewAhead();
    expect(ahead.wasRefused(session, request)).toBe(false);
    expect(await secondsUntilNext()).toBe(1);
  });
});

describe('an error of a renewal ahead of time is logged and never reaches a caller', () => {
  const user = expect.any(String);
  it.each([
    [
      new BffError('sign_in_service_unavailable'),
      ['warn', { event: 'renewal-postponed', code: 'sign_in_service_unavailable', user }],
    ],
    [new TypeError('a bug'), ['error', { event: 'renewal-ahead-failed', error: expect.any(String), user }]],
  ])('%s', { tags: ['I2'] }, async (error, record) => {
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', onUnhandled);
    outcome = fail(error);
    await renewAhead();
    outcome = () => renewed;
    elapsedMs += 10_000;
    ahead.start(session, request, fail(error));
    await settle();
    await settle();
    process.off('unhandledRejection', onUnhandled);
    expect(unhandled).toEqual([]);
    expect(logged).toEqual([record, record]);
  });
});
