import { signInServiceUnavailable } from '../errors.ts';
import { carryOverSignInClaims, isSamePrincipal } from '../identity/principal.ts';
import {
  assertedAt,
  IdTokenRefused,
  type IdTokenRules,
  noNonce,
  verifyIdToken,
} from '../identity/verify-id-token.ts';
import type { SessionFacts } from '../session/facts.ts';
import type { Session } from '../session/session.ts';
import { readMsalCache } from './msal-cache.ts';

/**
 * Returns the session's facts after a renewal, from the ID token in MSAL's new cache.
 * @throws {IdTokenRefused} if the tokens belong to another user, or the ID token does not verify
 * @throws {BffError} sign_in_service_unavailable if the response does not identify the user
 */
export async function renewFacts(
  { facts, msalCache: msalCacheBefore }: Session,
  msalCache: string,
  idTokenRules: IdTokenRules,
): Promise<SessionFacts> {
  const { homeAccountIds, idTokens, scopes } = readMsalCache(msalCache);
  // The response had neither an ID token nor client_info.
  if (homeAccountIds.includes(''))
    throw signInServiceUnavailable('The renewed tokens do not identify their user.');
  if (homeAccountIds.some((id) => id !== facts.account.homeAccountId)) {
    throw new IdTokenRefused('other_account');
  }
  // MSAL stores one ID token per tenant. A second one therefore comes from another tenant.
  if (idTokens.length > 1) throw new IdTokenRefused('other_identity');
  const [idToken] = idTokens;
  const grantedScopes = [...new Set([...facts.grantedScopes, ...scopes])];
  if (idToken === undefined || readMsalCache(msalCacheBefore).idTokens.includes(idToken)) {
    return { ...facts, grantedScopes };
  }
  const claims = await verifyIdToken(idToken, noNonce, idTokenRules);
  if (!isSamePrincipal(claims.principal, facts.claims.principal)) throw new IdTokenRefused('other_identity');
  return {
    ...facts,
    claims: carryOverSignInClaims(facts.claims, claims),
    claimsAsOf: assertedAt(claims, idTokenRules.now()),
    grantedScopes,
  };
}
