import { describe, expect, it } from 'vitest';
import { sessionOf, toCaller } from '../../../src/shared/session/caller.ts';
import { printInEveryWay, spellingsOf } from '../../support/prints.ts';
import { openedSession, sessionContent } from '../../support/session-content.ts';

const now = new Date('2026-08-01T12:00:00Z');
const secret = Buffer.from('cookie-secret-canary'.padEnd(32, '*'));

function someSession(claims: Readonly<Record<string, unknown>> = {}) {
  const session = openedSession(sessionContent({ claims }), { now });
  return { ...session, locator: { ...session.locator, secret } };
}

const canaries = ['refresh-token-canary', 'access-token-canary', 'id-token-canary', secret].flatMap(
  spellingsOf,
);

const findCanaries = (printed: Readonly<Record<string, string>>) =>
  Object.entries(printed).flatMap(([way, text]) =>
    canaries.filter((canary) => text.includes(canary)).map((canary) => `${way}: ${canary}`),
  );

describe('a caller', () => {
  it('identifies the user', () => {
    const session = someSession({ oid: 'o1', tid: 't1', roles: ['Admin', 'Payroll'], groups: ['g1'] });
    expect(toCaller(session)).toEqual({
      user: { tenantId: 't1', objectId: 'o1' },
      name: 'Alice Adams',
      username: 'alice@contoso.example',
      roles: ['Admin', 'Payroll'],
      signedInAt: session.facts.signedInAt,
      claims: session.facts.claims.all,
    });
  });

  it('has no name and no username if the ID token has none', () => {
    const caller = toCaller(someSession({ name: undefined, preferred_username: undefined }));
    expect([caller.name, caller.username]).toEqual([undefined, undefined]);
  });

  it('leads to its session', () => {
    const session = someSession();
    expect(sessionOf(toCaller(session))).toBe(session);
  });

  it('reveals no token or secret of the session in any kind of output', { tags: ['PX-16'] }, () => {
    expect(findCanaries(printInEveryWay(toCaller(someSession())))).toEqual([]);
  });

  it('is searched with a method that finds every canary in a session', () => {
    const found = findCanaries(printInEveryWay(someSession())).join('\n');
    for (const name of ['refresh-token', 'access-token', 'id-token', 'cookie-secret']) {
      expect(found).toContain(`${name}-canary`);
    }
  });

  it.each([
    ['a spread copy', (caller: object) => ({ ...caller })],
    ['a structured clone', (caller: object) => structuredClone(caller)],
    ['an object that inherits from it', (caller: object) => Object.create(caller) as object],
    ['a proxy of it', (caller: object) => new Proxy(caller, {})],
    ['its JSON', (caller: object) => JSON.parse(JSON.stringify(caller)) as object],
  ])('is refused as %s', (_case, copy) => {
    const caller = toCaller(someSession());
    const copied = copy(caller) as typeof caller;
    expect(() => sessionOf(copied)).toThrow(
      new TypeError("Not a caller. Pass the handler's own caller object, not a copy."),
    );
  });

  it('cannot be changed, nor the session through it', () => {
    const session = someSession({ roles: ['Reader'], nested: { list: [{ deep: 'value' }] } });
    const caller = toCaller(session);
    const before = structuredClone(session.facts);
    const changes = [
      () => Object.assign(caller, { name: 'Mallory' }),
      () => Object.assign(caller.user, { objectId: 'other' }),
      () => Object.assign(caller.claims, { oid: 'other' }),
      () => (caller.roles as string[]).push('Admin'),
      () => ((caller.claims['nested'] as { list: unknown[] }).list[0] = 'changed'),
      () => Object.assign((caller.claims['nested'] as { list: object[] }).list[0] ?? {}, { deep: 'changed' }),
    ];
    for (const change of changes) expect(change).toThrow(TypeError);
    caller.signedInAt.setTime(0);
    expect(session.facts).toEqual(before);
    expect(toCaller(session).signedInAt).toEqual(before.signedInAt);
  });
});
