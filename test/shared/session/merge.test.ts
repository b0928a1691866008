import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeContent } from '../../../src/shared/session/merge.ts';
import { msalCacheOf, sessionContent } from '../../support/session-content.ts';

const base = sessionContent();
const token = (secret: string, expires_on: string) => ({ secret, expires_on });
const withTokens = (
  accessTokens: Record<string, { secret: string; expires_on: string }>,
  refreshToken?: string,
) =>
  sessionContent({
    msalCache: msalCacheOf({ accessTokens, ...(refreshToken === undefined ? {} : { refreshToken }) }),
  });
const cacheOf = ({ msalCache }: { msalCache: string }): unknown => JSON.parse(msalCache);

describe('mergeContent', () => {
  it('keeps the access tokens of both writers for different scopes', () => {
    const start = withTokens({});
    const merged = mergeContent(
      start,
      withTokens({ mail: token('ours', '200') }),
      withTokens({ user: token('theirs', '300') }),
    );
    expect(cacheOf(merged)).toMatchObject({
      AccessToken: { mail: { secret: 'ours' }, user: { secret: 'theirs' } },
    });
  });

  it('keeps the access token that expires later if both renewed the same one', () => {
    const start = withTokens({ user: token('old', '100') });
    const short = withTokens({ user: token('short', '200') });
    const long = withTokens({ user: token('long', '300') });
    for (const [ours, theirs] of [
      [short, long],
      [long, short],
    ] as const) {
      expect(cacheOf(mergeContent(start, ours, theirs))).toMatchObject({
        AccessToken: { user: { secret: 'long' } },
      });
    }
  });

  it('keeps the own refresh token if both have a new one, and the other if only the other writer has', () => {
    const start = withTokens({}, 'old');
    expect(cacheOf(mergeContent(start, withTokens({}, 'ours'), withTokens({}, 'theirs')))).toMatchObject({
      RefreshToken: { rt: { secret: 'ours' } },
    });
    expect(cacheOf(mergeContent(start, withTokens({}, 'old'), withTokens({}, 'theirs')))).toMatchObject({
      RefreshToken: { rt: { secret: 'theirs' } },
    });
  });

  it('of two renewals under the same lease generation keeps all access tokens and the refresh token written last', {
    tags: ['I2'],
  }, () => {
    const renewed = (name: string, expiry: string) => ({
      ...withTokens({ [name]: token(name, expiry), both: token(name, expiry) }, name),
      tokenGeneration: 1,
    });
    const merged = mergeContent(withTokens({}, 'old'), renewed('ours', '200'), renewed('theirs', '300'));
    expect(merged.tokenGeneration).toBe(1);
    expect(cacheOf(merged)).toMatchObject({
      AccessToken: { ours: { secret: 'ours' }, theirs: { secret: 'theirs' }, both: { secret: 'theirs' } },
      RefreshToken: { rt: { secret: 'ours' } },
    });
  });

  it('does not restore what one writer removed', () => {
    const start = withTokens({ user: token('expired', '100') });
    const removed = withTokens({});
    for (const [ours, theirs] of [
      [removed, start],
      [start, removed],
    ] as const) {
      expect(JSON.stringify(cacheOf(mergeContent(start, ours, theirs)))).not.toContain('expired');
    }
  });

  describe('of claims', () => {
    const said = (roles: string[], iat: number, claimsAsOf: string) =>
      sessionContent({ claims: { roles, iat }, facts: { claimsAsOf: new Date(claimsAsOf) } });
    const start = said(['Admin'], 1000, '2026-08-01T12:00:00Z');
    const rolesAndTime = ({ facts }: ReturnType<typeof said>) => [
      facts.claims.roles,
      facts.claimsAsOf.toISOString(),
    ];

    it('keeps the later claims with their instant, from either side', () => {
      const earlier = said(['Auditor'], 1100, '2026-08-01T12:05:00Z');
      const later = said([], 1200, '2026-08-01T12:10:00Z');
      for (const [ours, theirs] of [
        [earlier, later],
        [later, earlier],
      ] as const) {
        expect(rolesAndTime(mergeContent(start, ours, theirs))).toEqual([[], '2026-08-01T12:10:00.000Z']);
      }
    });

    it('keeps renewed claims, although Entra ID dates them like the old ones', { tags: ['RG-3'] }, () => {
      const renewed = said([], 1000, '2026-08-01T12:00:00.400Z');
      const other = { ...start, facts: { ...start.facts, grantedScopes: ['Mail.Read'] } };
      for (const [ours, theirs] of [
        [other, renewed],
        [renewed, other],
      ] as const) {
        expect(rolesAndTime(mergeContent(start, ours, theirs))).toEqual([[], '2026-08-01T12:00:00.400Z']);
      }
    });
  });

  it('keeps the changes of both writers to the facts', () => {
    const ours = { ...base, facts: { ...base.facts, grantedScopes: ['User.Read', 'Mail.Read'] } };
    const consentDenials = {
      calendar: { by: 'user', count: 1, askAgainAt: '2026-08-01T13:00:00.000Z' },
    } as const;
    const theirs = { ...base, facts: { ...base.facts, consentDenials } };
    expect(mergeContent(base, ours, theirs).facts).toMatchObject({
      grantedScopes: ['User.Read', 'Mail.Read'],
      consentDenials,
    });
  });

  it('keeps newer claims from either writer', () => {
    const demoted = sessionContent({ claims: { roles: [], iat: 1_785_589_200 } });
    for (const [ours, theirs] of [
      [demoted, base],
      [base, demoted],
    ] as const) {
      const { claims } = mergeContent(base, ours, theirs).facts;
      expect(claims.roles).toEqual([]);
      expect(claims.all).toMatchObject({ iat: 1_785_589_200 });
    }
  });

  it('returns the content of one writer if the other changed nothing', () => {
    const names = fc.constantFrom('a', 'b', 'c');
    const tokens = fc.dictionary(names, fc.record({ secret: fc.string(), expires_on: fc.nat().map(String) }));
    fc.assert(
      fc.property(tokens, tokens, (before, after) => {
        const start = withTokens(before);
        const changed = withTokens(after);
        expect(cacheOf(mergeContent(start, changed, start))).toEqual(cacheOf(changed));
        expect(cacheOf(mergeContent(start, start, changed))).toEqual(cacheOf(changed));
        expect(cacheOf(mergeContent(start, changed, changed))).toEqual(cacheOf(changed));
      }),
    );
  });
});
