import { beforeEach, describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import type { Session } from '../../../src/shared/session/store.ts';
import { type AcquireToken, createAcquireToken } from '../../../src/shared/tokens/access-token.ts';
import type { TokenAcquisition } from '../../../src/shared/tokens/msal-silent.ts';
import type { TokenWish } from '../../../src/shared/tokens/token-request.ts';
import { msalCacheOf, sessionContent } from '../../support/session-content.ts';

const start = new Date('2026-08-01T12:00:00Z');
const inSeconds = (seconds: number) => new Date(start.getTime() + seconds * 1000);
const log = () => {};

let now: Date;
let asked: string[];
/** What MSAL says, then what a refresh says. */
let attempts: (() => TokenAcquisition | { kind: 'refresh-needed' })[];
let refreshes: (() => TokenAcquisition)[];
let acquire: AcquireToken;
let wishes: TokenWish[];
let weighed: { session: Session; bytes: number }[];

function sessionWith(accessTokens: Record<string, { secret: string; expires_on: string }> = {}): Session {
  return {
    ...sessionContent({ msalCache: msalCacheOf({ accessTokens }) }),
    address: {
      userHash: Buffer.alloc(32),
      rowId: Buffer.alloc(32),
      secret: Buffer.alloc(32),
      expiresAt: start,
    },
    lastUsedAt: start,
    generation: 0,
    idleExpiresAt: inSeconds(3600),
    etag: 'first',
  };
}

const stored = (secondsLeft: number) => ({
  'at-user.read': { secret: 'stored', expires_on: String(inSeconds(secondsLeft).getTime() / 1000) },
});
const token = (accessToken: string, session: Session, secondsLeft = 3600): TokenAcquisition => ({
  kind: 'token',
  accessToken,
  expiresAt: inSeconds(secondsLeft),
  session,
});
const unavailable = (): never => {
  throw new BffError('sign_in_service_unavailable');
};
const next = <Answer>(name: string, answers: (() => Answer)[]): Answer => {
  asked.push(name);
  const answer = answers.shift();
  if (answer === undefined) throw new Error(`${name} was not to be asked`);
  return answer();
};

beforeEach(() => {
  now = start;
  asked = [];
  attempts = [];
  refreshes = [];
  weighed = [];
  wishes = [];
  acquire = createAcquireToken({
    attempt: async () => next('msal', attempts),
    refresh: async (_session, wish) => {
      wishes.push(wish);
      return next('refresh', refreshes);
    },
    refusals: { see: () => undefined },
    now: () => now,
    weigh: (session, bytes) => weighed.push({ session, bytes }),
  });
});

describe('an access token', () => {
  it('that was given out for this session is given again without MSAL, until its last five minutes', async () => {
    const session = sessionWith();
    attempts.push(() => token('first', session));
    for (let call = 0; call < 3; call++) {
      expect(await acquire(session, ['User.Read'], log)).toMatchObject({ accessToken: 'first' });
    }
    expect(asked).toEqual(['msal']);
    now = inSeconds(3600 - 299);
    attempts.push(() => token('second', session, 7200));
    expect(await acquire(session, ['User.Read'], log)).toMatchObject({ accessToken: 'second' });
  });

  it('is one of these scopes, in whichever order, and of no others', async () => {
    const session = sessionWith();
    attempts.push(() => token('both', session));
    await acquire(session, ['User.Read', 'Mail.Read'], log);
    expect(await acquire(session, ['Mail.Read', 'User.Read'], log)).toMatchObject({ accessToken: 'both' });
    attempts.push(() => token('one', session));
    expect(await acquire(session, ['Mail.Read'], log)).toMatchObject({ accessToken: 'one' });
  });

  it('of one session is never given to another, although the person is the same', {
    tags: ['PX-17'],
  }, async () => {
    const [first, second] = [sessionWith(), sessionWith()];
    attempts.push(() => token('first', first));
    await acquire(first, ['User.Read'], log);
    attempts.push(() => token('second', second));
    expect(await acquire(second, ['User.Read'], log)).toMatchObject({ accessToken: 'second' });
  });

  it('that a refresh brought is kept with the session as it was written', async () => {
    const before = sessionWith();
    const after = sessionWith();
    attempts.push(() => ({ kind: 'refresh-needed' }));
    refreshes.push(() => token('renewed', after));
    await acquire(before, ['User.Read'], log);
    expect(await acquire({ ...after, etag: 'third' }, ['User.Read'], log)).toMatchObject({
      accessToken: 'renewed',
    });
    expect(asked).toEqual(['msal', 'refresh']);
  });
});

describe('what was given out for a session', () => {
  it('is kept for sixteen sets of scopes, those used last, and its size is told each time', async () => {
    const session = sessionWith();
    const ask = (scope: number) => acquire(session, [`Scope.${scope}`], log);
    for (let scope = 0; scope < 1000; scope++) {
      attempts.push(() => token(`${scope}`.padEnd(2000, '.'), session));
      await ask(scope);
      // Used all the while, so it stays.
      if (scope > 0) await ask(0);
    }
    expect(asked).toHaveLength(1000);
    expect(weighed).toHaveLength(1000);
    expect(new Set(weighed.map((one) => one.session))).toEqual(new Set([session]));
    const { bytes = 0 } = weighed.at(-1) ?? {};
    expect(bytes).toBeGreaterThan(16 * 2000);
    expect(bytes).toBeLessThan(16 * 2400);
    for (const scope of [0, 985, 999]) await ask(scope);
    expect(asked).toHaveLength(1000);
    attempts.push(() => token('again', session));
    expect(await ask(984)).toMatchObject({ accessToken: 'again' });
  });

  it('is dropped when it is as good as expired', async () => {
    const session = sessionWith();
    for (let scope = 0; scope < 8; scope++) {
      attempts.push(() => token('x'.repeat(2000), session, 600));
      await acquire(session, [`Scope.${scope}`], log);
    }
    now = inSeconds(301);
    attempts.push(() => token('x'.repeat(2000), session, 3600));
    await acquire(session, ['Scope.9'], log);
    expect(weighed.at(-1)?.bytes).toBeLessThan(2400);
  });
});

describe('a refresh that fails for now', () => {
  beforeEach(() => {
    attempts.push(() => ({ kind: 'refresh-needed' }));
    refreshes.push(unavailable);
  });

  it('serves the call with what is left of the old token', { tags: ['E1'] }, async () => {
    const session = sessionWith(stored(120));
    expect(await acquire(session, ['User.Read'], log)).toMatchObject({
      kind: 'token',
      accessToken: 'stored',
    });
    expect(wishes).toEqual([{ scopes: ['User.Read'], isEarly: true }]);
    // Not kept as good: the next call tries to renew again.
    attempts.push(() => ({ kind: 'refresh-needed' }));
    refreshes.push(() => token('renewed', session));
    expect(await acquire(session, ['User.Read'], log)).toMatchObject({ accessToken: 'renewed' });
  });

  it('is told when the old token ends too soon for a call, or is of other scopes', async () => {
    await expect(acquire(sessionWith(stored(29)), ['User.Read'], log)).rejects.toMatchObject({
      code: 'sign_in_service_unavailable',
    });
    expect(wishes).toEqual([{ scopes: ['User.Read'] }]);
    attempts.push(() => ({ kind: 'refresh-needed' }));
    refreshes.push(unavailable);
    await expect(acquire(sessionWith(stored(120)), ['Mail.Read'], log)).rejects.toMatchObject({
      code: 'sign_in_service_unavailable',
    });
  });
});

describe('a refusal', () => {
  it('is passed on, however long the old token would still last', async () => {
    attempts.push(() => ({ kind: 'refresh-needed' }));
    refreshes.push(() => ({ kind: 'interaction-required', reason: 'refresh_token_revoked' }));
    expect(await acquire(sessionWith(stored(120)), ['User.Read'], log)).toEqual({
      kind: 'interaction-required',
      reason: 'refresh_token_revoked',
    });
  });

  it('of our own making is no outage: what is a bug stays one', async () => {
    attempts.push(() => ({ kind: 'refresh-needed' }));
    refreshes.push(() => {
      throw new TypeError('a bug');
    });
    await expect(acquire(sessionWith(stored(120)), ['User.Read'], log)).rejects.toThrow('a bug');
  });
});
