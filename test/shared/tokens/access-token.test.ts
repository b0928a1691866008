import { beforeEach, describe, expect, it } from 'vitest';
import { createAuthority } from '../../../src/shared/entra/authority.ts';
import { BffError } from '../../../src/shared/errors.ts';
import type { Session } from '../../../src/shared/session/session.ts';
import {
  type AcquireAccessToken,
  createAcquireAccessToken,
} from '../../../src/shared/tokens/access-token.ts';
import type { RenewedToken } from '../../../src/shared/tokens/renewal-ahead.ts';
import { createStoredTokens } from '../../../src/shared/tokens/stored-tokens.ts';
import type {
  TokenAcquisition,
  TokenChallenge,
  TokenRequest,
} from '../../../src/shared/tokens/token-request.ts';
import { clientId, msalCacheOf, openedSession, sessionContent } from '../../support/session-content.ts';

const start = new Date('2026-08-01T12:00:00Z');
const inSeconds = (seconds: number) => new Date(start.getTime() + seconds * 1000);
const log = () => {};
const { environments } = createAuthority('public', 'tenant');

let now: Date;
/** The results of the renewals, in order. */
let renewals: (() => TokenAcquisition)[];
let requests: TokenRequest[];
/** The renewals that were started behind a call. */
let started: { request: TokenRequest; onRenewed: ((renewed: RenewedToken) => void) | undefined }[];
let isRefusedAhead: boolean;
let acquire: AcquireAccessToken;
let weighed: { session: Session; bytes: number }[];

/** A session with or without an access token in its row. */
function sessionWith(secret?: string, secondsLeft = 3600, refreshInSeconds?: number): Session {
  const at = (seconds: number) => String(inSeconds(seconds).getTime() / 1000);
  const refresh = refreshInSeconds === undefined ? {} : { refresh_on: at(refreshInSeconds) };
  const key = { secret: secret ?? '', expires_on: at(secondsLeft), target: 'User.Read', ...refresh };
  const accessTokens = secret === undefined ? {} : { key };
  return openedSession(sessionContent({ msalCache: msalCacheOf({ accessTokens }) }), { now: start });
}

const token = (accessToken: string, session: Session, secondsLeft = 3600): RenewedToken => ({
  kind: 'token',
  accessToken,
  expiresAt: inSeconds(secondsLeft),
  session,
});
const unavailable = (): never => {
  throw new BffError('sign_in_service_unavailable');
};

beforeEach(() => {
  now = start;
  renewals = [];
  requests = [];
  weighed = [];
  started = [];
  isRefusedAhead = false;
  acquire = createAcquireAccessToken({
    storedTokens: createStoredTokens({ clientId, environments, now: () => now }),
    renew: async (_session, request) => {
      requests.push(request);
      const renewal = renewals.shift();
      if (renewal === undefined) throw new Error('no renewal was expected');
      return renewal();
    },
    ahead: {
      start: (_session, request, onRenewed) => void started.push({ request, onRenewed }),
      wasRefused: () => isRefusedAhead,
    },
    refusals: { forgetOutdated: () => undefined },
    now: () => now,
    setBytes: (session, bytes) => weighed.push({ session, bytes }),
  });
});

describe('an access token', () => {
  it('in the row is served without a renewal until its last five minutes', async () => {
    for (const secondsLeft of [3600, 300]) {
      const session = sessionWith('stored', secondsLeft);
      expect(await acquire(session, ['User.Read'], log)).toEqual(token('stored', session, secondsLeft));
    }
    expect([requests, started]).toEqual([[], []]);
  });

  it('that was served before is served from memory', async () => {
    const session = sessionWith();
    renewals.push(() => token('first', session));
    for (let call = 0; call < 3; call++) {
      expect(await acquire(session, ['User.Read'], log)).toMatchObject({ accessToken: 'first' });
    }
    expect(requests).toHaveLength(1);
    now = inSeconds(3600 - 300);
    expect(await acquire(session, ['User.Read'], log)).toMatchObject({ accessToken: 'first' });
    expect([requests.length, started.length]).toEqual([1, 0]);
  });

  it('is served from memory for the same scopes in any order, and for no others', async () => {
    const session = sessionWith();
    renewals.push(() => token('both', session));
    await acquire(session, ['User.Read', 'Mail.Read'], log);
    expect(await acquire(session, ['Mail.Read', 'User.Read'], log)).toMatchObject({ accessToken: 'both' });
    renewals.push(() => token('one', session));
    expect(await acquire(session, ['Mail.Read'], log)).toMatchObject({ accessToken: 'one' });
  });

  it('of one session is never served to another session of the same user', { tags: ['PX-17'] }, async () => {
    const [first, second] = [sessionWith(), sessionWith()];
    renewals.push(() => token('first', first));
    await acquire(first, ['User.Read'], log);
    renewals.push(() => token('second', second));
    expect(await acquire(second, ['User.Read'], log)).toMatchObject({ accessToken: 'second' });
  });

  it('from a renewal is remembered with the session as it was written', async () => {
    const [before, after] = [sessionWith(), sessionWith()];
    renewals.push(() => token('renewed', after));
    await acquire(before, ['User.Read'], log);
    expect(await acquire({ ...after, etag: 'third' }, ['User.Read'], log)).toMatchObject({
      accessToken: 'renewed',
    });
    expect(requests).toHaveLength(1);
  });

  it('that an API rejected is renewed, unless the row has a newer one', async () => {
    const claims = '{"access_token":{}}';
    const session = sessionWith('stored');
    await acquire(session, ['User.Read'], log);
    for (const rejected of [session, sessionWith('stored')]) {
      renewals.push(() => token('renewed', rejected));
      const challenge = { claims, refusedToken: 'stored' };
      expect(await acquire(rejected, ['User.Read'], log, challenge)).toMatchObject({
        accessToken: 'renewed',
      });
      expect(requests.at(-1)).toEqual({ scopes: ['User.Read'], challenge });
    }
    const challenge = { claims, refusedToken: 'older' };
    expect(await acquire(sessionWith('stored'), ['User.Read'], log, challenge)).toMatchObject({
      accessToken: 'stored',
    });
    expect(requests).toHaveLength(2);
  });
});

describe('an access token that is due for renewal', () => {
  const ask = (session: Session, challenge?: TokenChallenge) =>
    acquire(session, ['User.Read'], log, challenge);

  it.each([
    ['in its last five minutes', () => sessionWith('stored', 299)],
    ['in its last minute but one', () => sessionWith('stored', 60)],
    ['when Entra ID wants it (refresh_in)', () => sessionWith('stored', 3600, 0)],
  ])('is served at once and renewed behind the call: %s', { tags: ['K1'] }, async (_when, make) => {
    const session = make();
    const served = await ask(session);
    expect(served).toMatchObject({ kind: 'token', accessToken: 'stored', session });
    expect(requests).toEqual([]);
    expect(started).toMatchObject([
      { request: { scopes: ['User.Read'], current: { accessToken: 'stored' } } },
    ]);
    expect(started[0]?.request).not.toHaveProperty('challenge');
  });

  it('in memory is treated in the same way, and the new one is served from memory', async () => {
    const session = sessionWith();
    renewals.push(() => token('first', session));
    await ask(session);
    now = inSeconds(3600 - 60);
    expect(await ask(session)).toMatchObject({ accessToken: 'first' });
    started[0]?.onRenewed?.(token('second', session, 7200));
    expect(await ask(session)).toMatchObject({ accessToken: 'second' });
    expect([requests.length, started.length]).toEqual([1, 1]);
  });

  it('makes the call wait in its last minute', async () => {
    const session = sessionWith('stored', 59);
    renewals.push(() => token('renewed', session));
    expect(await ask(session)).toMatchObject({ accessToken: 'renewed' });
    expect(started).toEqual([]);
  });

  it('makes the call wait after a claims challenge', async () => {
    const session = sessionWith('stored', 299);
    await ask(session);
    for (const refusedToken of ['stored', 'older']) {
      renewals.push(() => token('renewed', session));
      const challenge = { claims: '{"access_token":{}}', refusedToken };
      expect(await ask(sessionWith('stored', 299), challenge)).toMatchObject({ accessToken: 'renewed' });
    }
    expect(started).toHaveLength(1);
  });

  it('makes the call wait if Entra ID has refused to renew it, but only in its last five minutes', async () => {
    isRefusedAhead = true;
    expect(await ask(sessionWith('stored', 300, 0))).toMatchObject({ accessToken: 'stored' });
    const session = sessionWith('stored', 299);
    renewals.push(() => ({ kind: 'interaction-required', reason: 'refresh_token_revoked' }));
    expect(await ask(session)).toMatchObject({ kind: 'interaction-required' });
  });

  it('is renewed if the row has several', async () => {
    const at = (seconds: number) => String(inSeconds(seconds).getTime() / 1000);
    const accessTokens = {
      one: { secret: 'one', expires_on: at(3600), target: 'User.Read' },
      two: { secret: 'two', expires_on: at(3601), target: 'User.Read Mail.Read' },
    };
    const session = openedSession(sessionContent({ msalCache: msalCacheOf({ accessTokens }) }), {
      now: start,
    });
    expect(await ask(session)).toMatchObject({ accessToken: 'two' });
    expect(started).toHaveLength(1);
  });
});

describe('the memory of a session', () => {
  it('has the tokens for the sixteen sets of scopes used last, and reports its size each time', async () => {
    const session = sessionWith();
    const ask = (scope: number) => acquire(session, [`Scope.${scope}`], log);
    for (let scope = 0; scope < 1000; scope++) {
      renewals.push(() => token(`${scope}`.padEnd(2000, '.'), session));
      await ask(scope);
      // Used repeatedly, so it stays.
      if (scope > 0) await ask(0);
    }
    expect(requests).toHaveLength(1000);
    expect(weighed).toHaveLength(1000);
    expect(new Set(weighed.map((one) => one.session))).toEqual(new Set([session]));
    const { bytes = 0 } = weighed.at(-1) ?? {};
    expect(bytes).toBeGreaterThan(16 * 2000);
    expect(bytes).toBeLessThan(16 * 2400);
    for (const scope of [0, 985, 999]) await ask(scope);
    expect(requests).toHaveLength(1000);
    renewals.push(() => token('again', session));
    expect(await ask(984)).toMatchObject({ accessToken: 'again' });
  });

  it('drops tokens in their last minute', async () => {
    const session = sessionWith();
    for (let scope = 0; scope < 8; scope++) {
      renewals.push(() => token('x'.repeat(2000), session, 600));
      await acquire(session, [`Scope.${scope}`], log);
    }
    now = inSeconds(541);
    renewals.push(() => token('x'.repeat(2000), session, 3600));
    await acquire(session, ['Scope.9'], log);
    expect(weighed.at(-1)?.bytes).toBeLessThan(2400);
  });
});

describe('a renewal that fails temporarily', () => {
  beforeEach(() => {
    renewals.push(unavailable);
  });

  it('serves the call with the current token if it is valid long enough', { tags: ['E1'] }, async () => {
    const session = sessionWith('stored', 59);
    expect(await acquire(session, ['User.Read'], log)).toMatchObject({
      kind: 'token',
      accessToken: 'stored',
    });
    const current = { accessToken: 'stored', expiresAt: inSeconds(59) };
    expect(requests).toEqual([{ scopes: ['User.Read'], current }]);
    // The token is not cached as valid, so the next call tries to renew again.
    renewals.push(() => token('renewed', session));
    expect(await acquire(session, ['User.Read'], log)).toMatchObject({ accessToken: 'renewed' });
  });

  it('fails the call if the current token expires too soon or has other scopes', async () => {
    await expect(acquire(sessionWith('stored', 29), ['User.Read'], log)).rejects.toMatchObject({
      code: 'sign_in_service_unavailable',
    });
    expect(requests).toEqual([{ scopes: ['User.Read'] }]);
    renewals.push(unavailable);
    await expect(acquire(sessionWith('stored', 120), ['Mail.Read'], log)).rejects.toMatchObject({
      code: 'sign_in_service_unavailable',
    });
  });

  it('fails the call if the current token expired while it waited', async () => {
    renewals = [
      () => {
        now = inSeconds(30);
        return unavailable();
      },
    ];
    await expect(acquire(sessionWith('stored', 59), ['User.Read'], log)).rejects.toMatchObject({
      code: 'sign_in_service_unavailable',
    });
  });
});

describe('a current token that expired while another worker held the lease', () => {
  it('is not served: the call waits for a renewal', { tags: ['TC-6'] }, async () => {
    const session = sessionWith('stored', 59);
    renewals = [
      () => {
        now = inSeconds(30);
        return token('stored', session, 59);
      },
      () => token('renewed', session),
    ];
    expect(await acquire(session, ['User.Read'], log)).toMatchObject({ accessToken: 'renewed' });
    expect(requests.map(({ current }) => current?.accessToken)).toEqual(['stored', undefined]);
  });

  it('does not count as one if it is new, however short its lifetime is', async () => {
    const session = sessionWith('stored', 59);
    renewals.push(() => token('short', session, 20));
    expect(await acquire(session, ['User.Read'], log)).toMatchObject({ accessToken: 'short' });
  });
});

describe('a renewal that is refused', () => {
  it('fails the call, even if the current token is still valid', async () => {
    renewals.push(() => ({ kind: 'interaction-required', reason: 'refresh_token_revoked' }));
    expect(await acquire(sessionWith('stored', 59), ['User.Read'], log)).toEqual({
      kind: 'interaction-required',
      reason: 'refresh_token_revoked',
    });
  });

  it('by a bug of this service does not count as an outage', async () => {
    renewals.push(() => {
      throw new TypeError('a bug');
    });
    await expect(acquire(sessionWith('stored', 59), ['User.Read'], log)).rejects.toThrow('a bug');
  });
});
