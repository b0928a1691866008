import { describe, expect, it } from 'vitest';
import { carryOverSignInClaims, readVerifiedClaims } from '../../../src/shared/identity/principal.ts';

const tid = '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';
const iss = `https://login.microsoftonline.com/${tid}/v2.0`;
const isGuest = (claims: Record<string, unknown>) => readVerifiedClaims({ tid, iss, ...claims }).isGuest;

describe('a guest', { tags: ['RG-6'] }, () => {
  it.each([
    ['by acct', { acct: 1 }],
    [
      'by idp, the issuer of their own tenant',
      { idp: 'https://sts.windows.net/9b2d6c2f-0000-4000-8000-000000000002/' },
    ],
    ['by an idp that is not the tenant', { idp: 'live.com' }],
    ['by acct in an unknown form: text', { acct: '1' }],
    ['by acct in an unknown form: text of a member', { acct: '0' }],
    ['by acct in an unknown form: a number', { acct: 2 }],
    ['by acct in an unknown form: yes', { acct: true, idp: iss }],
    ['by acct in an unknown form: nothing', { acct: null }],
    ['by acct in an unknown form: a list', { acct: [0] }],
  ])('is recognized %s', (_how, claims) => {
    expect(isGuest(claims)).toBe(true);
  });

  it.each([
    ['without either claim', {}],
    ['with acct of a member, despite another idp', { acct: 0, idp: 'https://fs.contoso.example/adfs' }],
    ['with the issuer as idp', { idp: iss }],
    ['with the older name of the tenant as idp', { idp: `https://sts.windows.net/${tid}/` }],
  ])('is not assumed %s', (_how, claims) => {
    expect(isGuest(claims)).toBe(false);
  });
});

describe('the claims that a renewed token takes over', () => {
  const before = readVerifiedClaims({
    tid,
    iss,
    sid: 'a-sid',
    auth_time: 1_700_000_000,
    login_hint: 'O.hint',
    roles: ['Admin'],
    groups: ['a-group'],
    acrs: ['c1'],
  });

  it('are those of the sign-in if the token lacks them or has them in another form', () => {
    for (const renewed of [{}, { sid: null, auth_time: '1700000000', login_hint: 7 }]) {
      const claims = carryOverSignInClaims(before, readVerifiedClaims({ tid, iss, iat: 1, ...renewed }));
      expect(claims).toMatchObject({ entraSessionId: 'a-sid', loginHint: 'O.hint' });
      expect(claims.authenticatedAt).toEqual(before.authenticatedAt);
      expect(claims.all).toMatchObject({ sid: 'a-sid', auth_time: 1_700_000_000, iat: 1 });
    }
  });

  it('are never roles, groups or authentication contexts', { tags: ['RG-3'] }, () => {
    const claims = carryOverSignInClaims(before, readVerifiedClaims({ tid, iss }));
    expect([claims.roles, claims.groups, claims.authContexts]).toEqual([[], [], []]);
  });

  it('are none if the token has all of them', () => {
    const renewed = readVerifiedClaims({ tid, iss, sid: 'b', auth_time: 1, login_hint: 'c' });
    expect(carryOverSignInClaims(before, renewed)).toBe(renewed);
  });
});
