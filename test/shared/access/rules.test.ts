import { describe, expect, it } from 'vitest';
import { guard } from '../../../src/shared/access/access.ts';
import { describeMissing, type Guard, judge } from '../../../src/shared/access/rules.ts';
import { readVerifiedClaims } from '../../../src/shared/identity/principal.ts';

const now = new Date('2026-08-01T12:00:00Z');
const tenant = '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';
const otherTenant = '9b2d6c2f-0000-4000-8000-000000000002';
const finance = 'f1a2b3c4-0000-4000-8000-000000000001';
const sales = 'f1a2b3c4-0000-4000-8000-000000000002';
const secondsAgo = (seconds: number) => now.getTime() / 1000 - seconds;

const tokenPayload = {
  tid: tenant,
  oid: 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01',
  roles: ['Admin'],
  groups: [finance],
  acrs: ['c1'],
  auth_time: secondsAgo(100),
};

function verdictOn(rules: Guard, payload: Readonly<Record<string, unknown>> = tokenPayload) {
  const claims = readVerifiedClaims(payload);
  return judge(rules, { claims, groups: claims.groups }, now);
}

describe('a guard', () => {
  it.each<[what: string, rules: Guard]>([
    ['a role', { roles: ['Admin'] }],
    ['one of the roles', { roles: ['Manager', 'Admin'] }],
    ['a group', { groups: [sales, finance] }],
    ['the tenant', { tenants: [otherTenant, tenant] }],
    ['an authentication context', { authContext: 'c1' }],
    ['a recent sign-in', { maxAuthAgeSeconds: 100 }],
    ['all of them', { roles: ['Admin'], groups: [finance], tenants: [tenant], authContext: 'c1' }],
    ['one of several', { anyOf: [{ roles: ['Manager'] }, { groups: [finance] }] }],
    [
      'the tenant and one of several',
      { tenants: [tenant], anyOf: [{ roles: ['Admin'] }, { groups: [sales] }] },
    ],
  ])('admits a user with %s', (_what, rules) => {
    expect(verdictOn(rules)).toEqual({ kind: 'granted' });
  });

  it.each<[what: string, rules: Guard, missing: object]>([
    ['the role', { roles: ['Manager'] }, { required_roles: ['Manager'] }],
    ['the group', { groups: [sales] }, { required_groups: [sales] }],
    ['the tenant', { tenants: [otherTenant] }, { required_tenants: [otherTenant] }],
    ['one of two keys', { roles: ['Admin'], groups: [sales] }, { required_groups: [sales] }],
    [
      'both keys',
      { roles: ['Manager'], groups: [sales] },
      { required_roles: ['Manager'], required_groups: [sales] },
    ],
    [
      'the rule beside anyOf',
      { tenants: [otherTenant], anyOf: [{ roles: ['Admin'] }] },
      { required_tenants: [otherTenant] },
    ],
  ])('denies a user without %s, and names what is missing', { tags: ['RG-6'] }, (_what, rules, missing) => {
    expect(verdictOn(rules)).toEqual({ kind: 'denied', missing: [missing] });
  });

  it('denies a user who satisfies no alternative, and describes all of them', () => {
    const rules = { anyOf: [{ roles: ['Manager'] }, { groups: [sales], tenants: [otherTenant] }] };
    const verdict = verdictOn(rules);
    expect(verdict).toEqual({
      kind: 'denied',
      missing: [
        { required_roles: ['Manager'] },
        { required_tenants: [otherTenant], required_groups: [sales] },
      ],
    });
    expect(describeMissing(verdict.kind === 'denied' ? verdict.missing : [])).toBe(
      `This needs the app role "Manager", or an account of the tenant "${otherTenant}" and membership of the group "${sales}".`,
    );
  });

  it('requires a more recent or stronger sign-in if that suffices', { tags: ['AD-1'] }, () => {
    expect(verdictOn({ roles: ['Admin'], maxAuthAgeSeconds: 99 })).toEqual({
      kind: 'step-up',
      stepUp: { maxAuthAgeSeconds: 99 },
    });
    expect(verdictOn({ authContext: 'c2', maxAuthAgeSeconds: 60 })).toEqual({
      kind: 'step-up',
      stepUp: { authContext: 'c2', maxAuthAgeSeconds: 60 },
    });
    expect(verdictOn({ anyOf: [{ roles: ['Manager'] }, { authContext: 'c2' }] })).toEqual({
      kind: 'step-up',
      stepUp: { authContext: 'c2' },
    });
    expect(verdictOn({ anyOf: [{ roles: ['Admin'] }, { authContext: 'c2' }] })).toEqual({ kind: 'granted' });
  });

  it('denies without a new sign-in if that would not help', () => {
    expect(verdictOn({ roles: ['Manager'], maxAuthAgeSeconds: 60 })).toMatchObject({ kind: 'denied' });
    // No sign-in would ever be recent enough, because the registration does not issue the claim.
    const { auth_time: _none, ...without } = tokenPayload;
    expect(verdictOn({ maxAuthAgeSeconds: 60 }, without)).toEqual({
      kind: 'denied',
      missing: [{ required_claim: 'auth_time' }],
    });
  });
});

describe('refuses', () => {
  it.each([
    ['roles', { roles: ['Admin'] }],
    ['groups', { groups: [finance] }],
    ['acrs', { authContext: 'c1' }],
  ] as const)('%s in any other form than an array of strings', { tags: ['RG-1'] }, (name, rules) => {
    const [value] = tokenPayload[name];
    const shapes = [
      undefined,
      null,
      1,
      true,
      value,
      [[value]],
      [value, 1],
      { 0: value, length: 1 },
      [`${value} `],
    ];
    for (const shape of [...shapes, [], [value?.toUpperCase().replace('C1', 'c01')], [`${value}\u0000`]]) {
      if (Array.isArray(shape) && shape[0] === value && shape.length === 1) continue;
      expect(verdictOn(rules, { ...tokenPayload, [name]: shape }).kind, JSON.stringify(shape)).not.toBe(
        'granted',
      );
    }
  });

  it.each([NaN, Number.POSITIVE_INFINITY, '1785585500', null, -1, secondsAgo(-301)])(
    '%s as the time of a sign-in',
    { tags: ['AD-1'] },
    (time) => {
      expect(verdictOn({ maxAuthAgeSeconds: 3600 }, { ...tokenPayload, auth_time: time }).kind).not.toBe(
        'granted',
      );
    },
  );

  it.each<[what: string, rules: unknown]>([
    ['nothing', {}],
    ['an empty list', { roles: [] }],
    ['an empty alternative', { anyOf: [{ roles: ['Admin'] }, {}] }],
    ['no alternative', { anyOf: [] }],
    ['a key of another name', { role: ['Admin'] }],
    ['a role that no token can have', { roles: ['the admin'] }],
    ['the name of a group', { groups: ['Finance'] }],
    ['an invalid authentication context', { authContext: 'c100' }],
    ['an age of 0 seconds', { maxAuthAgeSeconds: 0 }],
    ['two authentication contexts at once', { authContext: 'c1', anyOf: [{ authContext: 'c2' }] }],
    ['an alternative within an alternative', { anyOf: [{ anyOf: [{ roles: ['Admin'] }] }] }],
  ])('at cold start a guard with %s', (_what, rules) => {
    expect(() => Reflect.apply(guard, undefined, [rules])).toThrow(TypeError);
  });
});
