import { describe, expect, it } from 'vitest';
import { carryOver, readVerifiedClaims } from '../../../src/shared/identity/principal.ts';

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
    ['by idp, somebody else', { idp: 'live.com' }],
    ['by acct in a form that is not known: text', { acct: '1' }],
    ['by acct in a form that is not known: text of a member', { acct: '0' }],
    ['by acct in a form that is not known: a number', { acct: 2 }],
    ['by acct in a form that is not known: yes', { acct: true, idp: iss }],
    ['by acct in a form that is not known: nothing', { acct: null }],
    ['by acct in a form that is not known: a list', { acct: [0] }],
  ])('is known %s', (_how, claims) => {
    expect(isGuest(claims)).toBe(true);
  });

  it.each([
    ['without either claim', {}],
    ['with acct of a member, whoever signed them in', { acct: 0, idp: 'https://fs.contoso.example/adfs' }],
    ['whose idp is the issuer', { idp: iss }],
    ['whose idp is the tenant by its older name', { idp: `https://sts.windows.net/${tid}/` }],
  ])('is nobody %s', (_how, claims) => {
    expect(isGuest(claims)).toBe(false);
  });
});

describe('what a renewed token carries over', () => {
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

  it('is what belongs to the sign-in, where it is not said, or not in its form', () => {
    for (const renewed of [{}, { sid: null, auth_time: '1700000000', login_hint: 7 }]) {
      const claims = carryOver(before, readVerifiedClaims({ tid, iss, iat: 1, ...renewed }));
      expect(claims).toMatchObject({ entraSessionId: 'a-sid', loginHint: 'O.hint' });
      expect(claims.authenticatedAt).toEqual(before.authenticatedAt);
      expect(claims.all).toMatchObject({ sid: 'a-sid', auth_time: 1_700_000_000, iat: 1 });
    }
  });

  it('is never a role, a group or a context', { tags: ['RG-3'] }, () => {
    const claims = carryOver(before, readVerifiedClaims({ tid, iss }));
    expect([claims.roles, claims.groups, claims.authContexts]).toEqual([[], [], []]);
  });

  it('is nothing where the token says it itself', () => {
    const renewed = readVerifiedClaims({ tid, iss, sid: 'b', auth_time: 1, login_hint: 'c' });
    expect(carryOver(before, renewed)).toBe(renewed);
  });
});
