import type { Session } from '../session/session.ts';
import { findMsalAccessTokens, type MsalAccessToken, type MsalCacheQuery } from './msal-cache.ts';
import type { AccessToken, TokenRequest } from './token-request.ts';

/** Finds access tokens in the session's row, without MSAL. */
export interface StoredTokens {
  /** @returns the access token that satisfies the request, or undefined if the refresh token must be redeemed */
  find(session: Session, request: TokenRequest): AccessToken | undefined;
  /** @returns the access token with the latest expiry, if it can still be used. It may be due for renewal. */
  findUsable(session: Session, scopes: readonly string[]): AccessToken | undefined;
}

export interface StoredTokensOptions extends Pick<MsalCacheQuery, 'clientId' | 'environments'> {
  readonly now: () => Date;
}

/** As in MSAL, which renews a token in its last five minutes (measured). */
const RENEW_BEFORE_SECONDS = 5 * 60;
/** A token with less remaining time is renewed before it is used again. Otherwise it is used during its renewal. */
const GOOD_SECONDS = 60;
/** A token with less remaining time could expire before the call reaches the API. */
const LAST_USE_SECONDS = 30;

export function createStoredTokens({ clientId, environments, now }: StoredTokensOptions): StoredTokens {
  const findAll = ({ facts, msalCache }: Session, scopes: readonly string[]) =>
    findMsalAccessTokens(msalCache, { account: facts.account, clientId, environments, scopes });
  return {
    find(session, { scopes, challenge, identityNotBefore, current }) {
      if (identityNotBefore !== undefined && session.facts.claimsAsOf < identityNotBefore) return undefined;
      const [token, ...others] = findAll(session, scopes).map(toAccessToken);
      // As in MSAL: several matches mean that the cache is damaged, so the token is renewed.
      if (token === undefined || others.length > 0 || needsRenewal(token, now())) return undefined;
      if (identityNotBefore === undefined && token.accessToken === current?.accessToken) return undefined;
      return token.accessToken === challenge?.refusedToken ? undefined : token;
    },
    findUsable(session, scopes) {
      const [latest] = findAll(session, scopes)
        .map(toAccessToken)
        .toSorted((left, right) => right.expiresAt.getTime() - left.expiresAt.getTime());
      return latest !== undefined && isUsable(latest, now()) ? latest : undefined;
    },
  };
}

export function needsRenewal({ expiresAt }: AccessToken, now: Date): boolean {
  return secondsLeft(expiresAt, now) < RENEW_BEFORE_SECONDS;
}

/** True if the token is to be renewed, even if it is valid for a long time. */
export function isDue(token: AccessToken, now: Date): boolean {
  return needsRenewal(token, now) || (token.refreshAt !== undefined && token.refreshAt <= now);
}

/** True if a call need not wait for a renewal of this token. */
export function isGood({ expiresAt }: AccessToken, now: Date): boolean {
  return secondsLeft(expiresAt, now) >= GOOD_SECONDS;
}

/** True if a call with this token can reach the API before the token expires. */
export function isUsable({ expiresAt }: AccessToken, now: Date): boolean {
  return secondsLeft(expiresAt, now) >= LAST_USE_SECONDS;
}

/** Rounded as in MSAL. */
function secondsLeft(expiresAt: Date, now: Date): number {
  return expiresAt.getTime() / 1000 - Math.round(now.getTime() / 1000);
}

function toAccessToken({ accessToken, expiresOn, refreshOn }: MsalAccessToken): AccessToken {
  return {
    accessToken,
    expiresAt: new Date(expiresOn * 1000),
    ...(refreshOn === undefined ? {} : { refreshAt: new Date(refreshOn * 1000) }),
  };
}
