import { describe, expect, it } from 'vitest';
import {
  decideCallback,
  type RedeemedCode,
  sessionSatisfies,
} from '../../../src/shared/auth/callback-decision.ts';
import type { LoginTransaction } from '../../../src/shared/auth/login-transaction.ts';
import { toSessionFacts } from '../../../src/shared/auth/new-session.ts';
import { defaultReturnPath } from '../../../src/shared/auth/return-path.ts';
import type { CodeRedemption } from '../../../src/shared/tokens/code-flow.ts';
import { openedSession, sessionContent } from '../../support/session-content.ts';

const startedAt = new Date('2026-08-01T13:00:00Z');
const transaction: LoginTransaction = {
  state: '0.state',
  nonce: 'nonce',
  codeVerifier: 'verifier',
  startedAt,
  earliestStart: startedAt,
  returnPath: defaultReturnPath,
  scopes: [],
  restarts: 0,
};
const session = openedSession(sessionContent(), { now: startedAt });
const authenticatedAt = (instant: string) => ({ auth_time: Date.parse(instant) / 1000 });

function redeemed(claims: Readonly<Record<string, unknown>> = {}): RedeemedCode {
  const { facts, msalCache } = sessionContent({ claims });
  const { account, grantedScopes } = facts;
  return { kind: 'redeemed', claims: facts.claims, account, msalCache, grantedScopes };
}

const otherUser = redeemed({ oid: 'be000000-8c4f-4e21-a6d9-1f5b3c7e9b02' });

function decide(
  redemption: CodeRedemption,
  request: Partial<LoginTransaction> = {},
  current: typeof session | undefined = session,
): unknown {
  const decision = decideCallback({ ...transaction, ...request }, current, redemption);
  return decision.kind === 'fail' ? decision.failure : decision.kind;
}

describe('decideCallback', () => {
  it('creates a session for valid tokens', () => {
    expect(decide(redeemed())).toBe('create-session');
  });

  it.each([
    { feature: 'mail' },
    { prompt: 'none' },
    { fromTicket: true },
    { startedElsewhere: true },
  ] as const)(
    'fails with other_account for the tokens of another user if the sign-in was for the session’s user: %j',
    (request) => {
      expect(decide(otherUser, request)).toMatchObject({ outcome: 'other_account' });
      expect(decide(redeemed(), request)).toBe('create-session');
    },
  );

  it('lets the user change the account with a sign-in that was started in this app', () => {
    expect(decide(otherUser)).toBe('create-session');
    expect(decide(otherUser, { prompt: 'select_account' })).toBe('create-session');
  });

  it('fails if a new authentication was required and the user authenticated earlier', {
    tags: ['ID-11'],
  }, () => {
    const failure = { outcome: 'sign_in_refused', reason: 'authentication_stale' };
    const earlier = redeemed(authenticatedAt('2026-08-01T12:54:59Z'));
    expect(decide(earlier, { prompt: 'login' })).toEqual(failure);
    expect(decide(earlier)).toBe('create-session');
    // Within the clock skew of five minutes.
    expect(decide(redeemed(authenticatedAt('2026-08-01T12:55:00Z')), { prompt: 'login' })).toBe(
      'create-session',
    );
  });

  it('fails if the ID token does not state the required authentication context', { tags: ['ID-11'] }, () => {
    const failure = { outcome: 'sign_in_refused', reason: 'authentication_context_missing' };
    expect(decide(redeemed({ acrs: ['c2'] }), { authContext: 'c1' })).toEqual(failure);
    expect(decide(redeemed({ acrs: ['c1'] }), { authContext: 'c1' })).toBe('create-session');
  });

  it('fails for tokens that cannot be trusted or grant too little', () => {
    expect(decide({ kind: 'untrusted', reason: 'nonce' })).toEqual({
      outcome: 'sign_in_refused',
      reason: 'nonce',
    });
    expect(decide({ kind: 'fewer-permissions' })).toMatchObject({ outcome: 'fewer_permissions' });
  });

  it.each([
    [{ kind: 'interaction-required', reason: 'sign_in_required' }, 'code-unusable'],
    [
      { kind: 'interaction-required', reason: 'admin_consent_required' },
      { outcome: 'admin_consent_required', reason: 'admin_consent_required' },
    ],
    [
      { kind: 'interaction-required', reason: 'two_factor_required' },
      { outcome: 'sign_in_refused', reason: 'two_factor_required' },
    ],
    [
      { kind: 'interaction-required', reason: 'not_assigned', entraErrorCode: 50105 },
      {
        outcome: 'sign_in_refused',
        reason: 'not_assigned',
        interactionReason: 'not_assigned',
        entraErrorCode: 50105,
      },
    ],
    [{ kind: 'interaction-required', reason: 'password_expired' }, 'code-unusable'],
    [
      { kind: 'registration-invalid', fault: 'api', entraErrorCode: 500011 },
      {
        outcome: 'registration_invalid',
        reason: 'registration-invalid',
        fault: 'api',
        scopes: ['User.Read'],
        entraErrorCode: 500011,
      },
    ],
    [
      { kind: 'own-credential-refused', fault: 'credential-expired' },
      {
        outcome: 'registration_invalid',
        reason: 'own-credential-refused',
        fault: 'credential-expired',
      },
    ],
    [
      { kind: 'throttled', by: 'user' },
      { outcome: 'sign_in_service_unavailable', reason: 'throttled' },
    ],
    [{ kind: 'transient' }, { outcome: 'sign_in_service_unavailable', reason: 'transient' }],
  ] as const)('interprets the refusal %j as %j', (meaning, decision) => {
    const decided = decide({ kind: 'refused', meaning, scopes: ['User.Read'] });
    if (typeof decision === 'string') expect(decided).toBe(decision);
    else expect(decided).toMatchObject(decision);
  });

  it('lets the browser retry only if the sign-in service is unavailable', () => {
    const refusal = { kind: 'refused', meaning: { kind: 'transient' }, scopes: [] } as const;
    expect(decideCallback(transaction, session, refusal)).toMatchObject({ mayRetry: true });
    expect(decideCallback(transaction, session, { kind: 'fewer-permissions' })).not.toHaveProperty(
      'mayRetry',
    );
  });
});

describe('sessionSatisfies', () => {
  it('is false without a session, or if the session lacks a requested scope', () => {
    expect(sessionSatisfies(undefined, transaction, startedAt)).toBe(false);
    expect(sessionSatisfies(session, { ...transaction, scopes: ['Mail.Read'] }, startedAt)).toBe(false);
    expect(sessionSatisfies(session, transaction, startedAt)).toBe(true);
  });

  it.each([
    { feature: 'mail' },
    { prompt: 'login' },
    { prompt: 'select_account' },
    { hasUnstoredParameters: true },
  ] as const)('requires a session that is newer than the sign-in: %j', (request) => {
    expect(sessionSatisfies(session, { ...transaction, ...request }, startedAt)).toBe(false);
    expect(sessionSatisfies(session, { ...transaction, ...request }, session.facts.signedInAt)).toBe(true);
  });
});

describe('toSessionFacts', () => {
  const previous = sessionContent({
    claims: authenticatedAt('2026-08-01T12:00:00Z'),
    facts: {
      consentDenials: {
        mail: { by: 'user', count: 1, askAgainAt: '2026-08-01T13:00:00Z' },
        calendar: { by: 'user', count: 1, askAgainAt: '2026-08-01T13:00:00Z' },
      },
    },
  }).facts;
  const signIn = (tokens: RedeemedCode, grantedFeature?: string) =>
    toSessionFacts({
      redeemed: tokens,
      previous,
      device: undefined,
      grantedFeature,
      signedInAt: startedAt,
      absoluteSeconds: 3600,
      newChainId: 'new-chain',
    });

  it('continues the session chain of the same user without extending its absolute limit', {
    tags: ['LR-6'],
  }, () => {
    const facts = signIn(redeemed(authenticatedAt('2026-08-01T12:00:00Z')));
    expect(facts).toMatchObject({ sessionChainId: 'session-chain', expiresAt: previous.expiresAt });
  });

  it('extends the absolute limit if the user authenticated again', () => {
    const facts = signIn(redeemed(authenticatedAt('2026-08-01T12:59:00Z')));
    expect(facts.expiresAt).toEqual(new Date('2026-08-01T14:00:00Z'));
  });

  it('keeps the denials of other features than the one that was granted', () => {
    expect(Object.keys(signIn(redeemed(), 'mail').consentDenials)).toEqual(['calendar']);
    expect(Object.keys(signIn(redeemed()).consentDenials)).toEqual(['mail', 'calendar']);
  });

  it('keeps nothing of another user', () => {
    expect(signIn(otherUser)).toMatchObject({ sessionChainId: 'new-chain', consentDenials: {} });
  });
});
