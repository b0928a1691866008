import { beforeEach, describe, expect, it } from 'vitest';
import { RegistrationInvalid } from '../../../src/shared/entra/registration-problem.ts';
import type { Session } from '../../../src/shared/session/session.ts';
import { createRefusals, type Refusals } from '../../../src/shared/tokens/refusals.ts';
import type { InteractionRequired } from '../../../src/shared/tokens/token-request.ts';
import { openedSession, sessionContent } from '../../support/session-content.ts';

const start = new Date('2026-08-01T12:00:00Z');

let elapsedSeconds: number;
let refusals: Refusals;
let paced: Session[];

interface About {
  readonly user?: number;
  readonly row?: number;
  readonly granted?: readonly string[];
  readonly tokenGeneration?: number;
}

function sessionOf({ user = 1, row = 1, granted = ['User.Read'], tokenGeneration = 0 }: About = {}): Session {
  const content = sessionContent({ facts: { grantedScopes: granted }, tokenGeneration });
  return openedSession(content, { user: `user ${user}`, row, now: start });
}

const noConsent: InteractionRequired = {
  kind: 'interaction-required',
  reason: 'consent_required',
  correlationId: 'x',
};
const because = (reason: InteractionRequired['reason']): InteractionRequired => ({
  kind: 'interaction-required',
  reason,
});
const requestOf = (...scopes: readonly string[]) => ({ scopes });

beforeEach(() => {
  elapsedSeconds = 0;
  paced = [];
  refusals = createRefusals({
    monotonicMs: () => elapsedSeconds * 1000,
    now: () => start,
    pace: { startLimit: (session) => paced.push(session) },
  });
});

describe('a permission that was refused', () => {
  const session = sessionOf();
  beforeEach(() => refusals.remember(session, requestOf('User.Read', 'Mail.Read'), noConsent));

  it('is refused again with the same answer, alone and with others, in every session of the user', () => {
    for (const scopes of [['Mail.Read'], ['mail.read'], ['Mail.Read', 'Files.Read', 'User.Read']]) {
      expect(refusals.find(session, { scopes })).toBe(noConsent);
      expect(refusals.find(sessionOf({ row: 2 }), { scopes })).toBe(noConsent);
    }
    expect(paced).toEqual([session]);
  });

  it('affects only this user and this permission', () => {
    expect(refusals.find(sessionOf({ user: 2 }), requestOf('Mail.Read'))).toBeUndefined();
    expect(refusals.find(session, requestOf('User.Read'))).toBeUndefined();
    expect(refusals.find(session, requestOf('Files.Read'))).toBeUndefined();
  });

  it('is requested again after a pause that doubles, up to five minutes', () => {
    let pause = 5;
    for (let round = 0; round < 12; round++) {
      elapsedSeconds += pause - 0.1;
      expect(refusals.find(session, requestOf('Mail.Read'))).toBe(noConsent);
      elapsedSeconds += 0.1;
      expect(refusals.find(session, requestOf('Mail.Read'))).toBeUndefined();
      refusals.remember(session, requestOf('Mail.Read'), noConsent);
      // Two concurrent refusals count as one.
      refusals.remember(session, requestOf('Mail.Read'), noConsent);
      pause = Math.min(pause * 2, 300);
    }
  });

  it('is forgotten with its pauses after ten minutes without a refusal', () => {
    elapsedSeconds = 600;
    refusals.remember(session, requestOf('Mail.Read'), noConsent);
    elapsedSeconds += 5;
    expect(refusals.find(session, requestOf('Mail.Read'))).toBeUndefined();
  });

  it('is forgotten when a session of the user has the permission', () => {
    refusals.forgetOutdated(sessionOf({ row: 2, granted: ['https://graph.microsoft.com/mail.read'] }));
    expect(refusals.find(session, requestOf('Mail.Read'))).toBeUndefined();
  });

  it('is forgotten when the refused session has new tokens, and not because of another session or an earlier call', () => {
    const later = sessionOf({ tokenGeneration: 3 });
    refusals.remember(later, requestOf('Files.Read'), noConsent);
    expect(refusals.find(sessionOf({ tokenGeneration: 2 }), requestOf('Files.Read'))).toBe(noConsent);
    expect(refusals.find(sessionOf({ row: 2, tokenGeneration: 7 }), requestOf('Files.Read'))).toBe(noConsent);
    expect(refusals.find(sessionOf({ tokenGeneration: 1 }), requestOf('Mail.Read'))).toBeUndefined();
  });
});

describe('several permissions that were refused together', () => {
  const session = sessionOf();

  it('are narrowed down: single permissions are requested, large subsets are not', () => {
    refusals.remember(session, requestOf('A', 'B', 'C', 'D'), noConsent);
    expect(refusals.find(session, requestOf('A', 'B', 'C'))).toBe(noConsent);
    expect(refusals.find(session, requestOf('A', 'X', 'Y'))).toBe(noConsent);
    expect(refusals.find(session, requestOf('A', 'B'))).toBeUndefined();
    refusals.remember(session, requestOf('A', 'B'), noConsent);
    expect(refusals.find(session, requestOf('A', 'B'))).toBe(noConsent);
    expect(refusals.find(session, requestOf('C', 'B'))).toBe(noConsent);
    for (const scope of ['A', 'B', 'C', 'D'])
      expect(refusals.find(session, requestOf(scope))).toBeUndefined();
  });

  it('cause only a few requests, in any order of their sets', () => {
    const names = Array.from({ length: 10 }, (_, at) => `S${at}`);
    const sets = Array.from({ length: 2 ** 10 - 1 }, (_, at) =>
      names.filter((_name, bit) => ((at + 1) >> bit) & 1),
    );
    for (const inOrder of [sets, sets.toReversed(), sets.toSorted((a, b) => b.length - a.length)]) {
      const user = sessionOf({ user: 3 });
      let asked = 0;
      elapsedSeconds += 600;
      for (const scopes of inOrder) {
        if (refusals.find(user, { scopes }) !== undefined) continue;
        asked++;
        refusals.remember(user, { scopes }, noConsent);
      }
      expect(asked).toBeLessThanOrEqual(20);
    }
  });
});

describe('another refusal', () => {
  const session = sessionOf();
  const challenged = (claims: string, scope = 'User.Read') => ({
    scopes: [scope],
    challenge: { claims, refusedToken: 'old' },
  });

  it('is retried once, then pauses for the same token request of the same session', () => {
    for (let time = 0; time < 2; time++) {
      expect(refusals.find(session, requestOf('User.Read'))).toBeUndefined();
      refusals.remember(session, requestOf('User.Read'), because('two_factor_required'));
    }
    expect(refusals.find(session, requestOf('User.Read'))).toMatchObject({ reason: 'two_factor_required' });
    expect(refusals.find(session, requestOf('Files.Read'))).toBeUndefined();
    expect(refusals.find(sessionOf({ row: 2 }), requestOf('User.Read'))).toBeUndefined();
    expect(refusals.find(sessionOf({ tokenGeneration: 1 }), requestOf('User.Read'))).toBeUndefined();
  });

  it('that ends the sign-in applies to all requests of the session', () => {
    refusals.remember(session, requestOf('User.Read'), because('refresh_token_expired'));
    refusals.remember(session, requestOf('Files.Read'), because('refresh_token_expired'));
    expect(refusals.find(session, requestOf('Mail.Read'))).toMatchObject({ reason: 'refresh_token_expired' });
    expect(refusals.find(sessionOf({ row: 2 }), requestOf('Mail.Read'))).toBeUndefined();
  });

  it('of claims pauses at once for these claims, regardless of the instant in them', () => {
    const nbf = (value: number) => `{"access_token":{"nbf":{"essential":true, "value":"${value}"}}}`;
    refusals.remember(session, challenged(nbf(1)), because('continuous_access_evaluation'));
    expect(refusals.find(session, challenged(nbf(2)))).toMatchObject({
      reason: 'continuous_access_evaluation',
    });
    expect(refusals.find(session, challenged(nbf(2), 'Mail.Read'))).toBeUndefined();
    expect(refusals.find(session, challenged('{"access_token":{"acrs":{"value":"c1"}}}'))).toBeUndefined();
    expect(refusals.find(session, requestOf('User.Read'))).toBeUndefined();
    elapsedSeconds = 5;
    expect(refusals.find(session, challenged(nbf(3)))).toBeUndefined();
  });

  it('of four kinds of claims in one pause applies to any claims', () => {
    for (let kind = 0; kind < 4; kind++) {
      const claims = `{"access_token":{"x${kind}":null}}`;
      expect(refusals.find(session, challenged(claims))).toBeUndefined();
      refusals.remember(session, challenged(claims), because('continuous_access_evaluation'));
    }
    expect(refusals.find(session, challenged('{"access_token":{"x4":null}}'))).toBeDefined();
  });
});

describe('a refusal of this app', () => {
  const session = sessionOf();
  const refusal = {
    kind: 'registration-invalid',
    error: new RegistrationInvalid({ fault: 'api', scopes: ['Orders.Read'], entraErrorCode: 500011 }),
  } as const;

  it('pauses at once for this user and request only, for at most a minute', () => {
    for (const pauseSeconds of [5, 10, 20, 40, 60, 60]) {
      refusals.remember(session, requestOf('Orders.Read'), refusal);
      elapsedSeconds += pauseSeconds - 1;
      expect(refusals.find(session, requestOf('Orders.Read'))).toBe(refusal);
      expect(refusals.find(session, requestOf('User.Read'))).toBeUndefined();
      expect(refusals.find(sessionOf({ user: 2 }), requestOf('Orders.Read'))).toBeUndefined();
      elapsedSeconds += 1;
      expect(refusals.find(session, requestOf('Orders.Read'))).toBeUndefined();
    }
  });

  it('is forgotten when the session has new tokens', () => {
    refusals.remember(session, requestOf('Orders.Read'), refusal);
    expect(refusals.find(sessionOf({ tokenGeneration: 1 }), requestOf('Orders.Read'))).toBeUndefined();
  });
});

describe('the memory of refusals', () => {
  it('is limited to a thousand users, and the oldest is removed', () => {
    for (let user = 0; user <= 1000; user++) {
      const session = sessionOf();
      session.locator.userHash.writeUInt32BE(user);
      refusals.remember(session, requestOf('Mail.Read'), noConsent);
    }
    const first = sessionOf();
    first.locator.userHash.writeUInt32BE(0);
    expect(refusals.find(first, requestOf('Mail.Read'))).toBeUndefined();
    const last = sessionOf();
    last.locator.userHash.writeUInt32BE(1000);
    expect(refusals.find(last, requestOf('Mail.Read'))).toBe(noConsent);
  });

  it('is limited to 64 permissions and 16 token requests of each', () => {
    const session = sessionOf();
    for (let at = 0; at <= 64; at++) refusals.remember(session, requestOf(`S${at}`), noConsent);
    expect(refusals.find(session, requestOf('S0'))).toBeUndefined();
    expect(refusals.find(session, requestOf('S1'))).toBe(noConsent);
    const claims = (at: number) => ({
      scopes: [`S${at}`, 'User.Read'],
      challenge: { claims: '{"access_token":{}}', refusedToken: '' },
    });
    const other = sessionOf({ user: 2 });
    for (let at = 0; at <= 16; at++) refusals.remember(other, claims(at), because('claims_challenge'));
    expect(refusals.find(other, claims(0))).toBeUndefined();
    expect(refusals.find(other, claims(1))).toMatchObject({ reason: 'claims_challenge' });
  });
});
