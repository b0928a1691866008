import { describe, expect, it } from 'vitest';
import { pruneMsalCache } from '../../../src/shared/tokens/msal-cache.ts';
import { msalCacheOf } from '../../support/session-content.ts';

const now = new Date('2026-08-01T12:00:00Z');
const inSeconds = (seconds: number) => String(now.getTime() / 1000 + seconds);
const namesIn = (msalCache: string): string[] =>
  Object.keys((JSON.parse(msalCache) as { AccessToken: Record<string, unknown> }).AccessToken);

describe('pruneMsalCache', () => {
  it('drops access tokens that have expired and keeps the others', () => {
    const accessTokens = {
      expired: { secret: 'old', expires_on: inSeconds(-1) },
      ending: { secret: 'now', expires_on: inSeconds(0) },
      alive: { secret: 'new', expires_on: inSeconds(1) },
    };
    const pruned = pruneMsalCache(msalCacheOf({ accessTokens, refreshToken: 'kept' }), now);
    expect(namesIn(pruned)).toEqual(['alive']);
    expect(pruned).toContain('kept');
  });

  it('does not change a cache without expired tokens', () => {
    const accessTokens = { alive: { secret: 'new', expires_on: inSeconds(600) } };
    const msalCache = msalCacheOf({ accessTokens });
    expect(pruneMsalCache(msalCache, now)).toBe(msalCache);
  });

  it('drops the tokens that expire next until the cache fits a row, but never the refresh token', {
    tags: ['TC-7'],
  }, () => {
    const large = 'x'.repeat(250 * 1024);
    const accessTokens = {
      third: { secret: large, expires_on: inSeconds(300) },
      first: { secret: large, expires_on: inSeconds(100) },
      second: { secret: large, expires_on: inSeconds(200) },
    };
    const pruned = pruneMsalCache(msalCacheOf({ accessTokens, refreshToken: 'kept' }), now);
    expect(namesIn(pruned).sort()).toEqual(['second', 'third']);
    expect(pruned).toContain('kept');
    const huge = msalCacheOf({
      refreshToken: 'kept',

      accessTokens: { only: { secret: large.repeat(3), expires_on: inSeconds(9) } },
    });
    expect(namesIn(pruneMsalCache(huge, now))).toEqual([]);
    expect(pruneMsalCache(huge, now)).toContain('kept');
  });
});
