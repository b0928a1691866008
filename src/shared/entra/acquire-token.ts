import type { AuthenticationResult } from '@azure/msal-node';
import { BffError } from '../errors.ts';
import { isSamePrincipal } from '../identity/principal.ts';
import { IdTokenRefused, type IdTokenRules, noNonce, verifyIdToken } from '../identity/verify-id-token.ts';
import type { SessionFacts } from '../session/session.ts';
import type { Session, SessionStore } from '../session/session-store.ts';
import type { Log } from '../telemetry/log.ts';
import { lackingScopes } from './authorize.ts';
import type { CreateMsalClient } from './msal.ts';
import { readMsalCache } from './msal-cache.ts';
import { TableCachePlugin } from './table-cache-plugin.ts';
import { type InteractionReason, interpretTokenError } from './token-errors.ts';

export type TokenAcquisition =
  | { readonly kind: 'token'; readonly accessToken: string; readonly session: Session }
  | { readonly kind: 'interaction-required'; readonly reason: InteractionReason; readonly claims?: string }
  /** Signed out meanwhile, or Entra answered with another identity. The row is gone. */
  | { readonly kind: 'session-ended' };

/**
 * An access token for the session's user: from the cache in the row, else by the refresh token, and then the
 * refreshed cache is in the row before this returns, so that the next call on any worker redeems nothing.
 * @throws {BffError} sign_in_service_unavailable, storage_unavailable
 */
export type AcquireToken = (
  session: Session,
  scopes: readonly string[],
  log: Log,
) => Promise<TokenAcquisition>;

export interface AcquireTokenNeeds {
  readonly createMsalClient: CreateMsalClient;
  readonly store: SessionStore;
  readonly idTokenRules: IdTokenRules;
}

export function createAcquireToken({
  createMsalClient,
  store,
  idTokenRules,
}: AcquireTokenNeeds): AcquireToken {
  const renewFacts = async (session: Session, msalCache: string): Promise<SessionFacts> => {
    const { homeAccountIds, idTokens, scopes } = readMsalCache(msalCache);
    if (homeAccountIds.some((id) => id !== session.facts.account.homeAccountId)) {
      throw new IdTokenRefused('other_account');
    }
    // A second one is of another tenant: MSAL files them by `tid`, beside the old one.
    if (idTokens.length > 1) throw new IdTokenRefused('other_identity');
    const [idToken] = idTokens;
    const grantedScopes = [...new Set([...session.facts.grantedScopes, ...scopes])];
    if (idToken === undefined || readMsalCache(session.msalCache).idTokens.includes(idToken)) {
      return { ...session.facts, grantedScopes };
    }
    const claims = await verifyIdToken(idToken, noNonce, idTokenRules);
    if (!isSamePrincipal(claims.principal, session.facts.claims.principal))
      throw new IdTokenRefused('other_identity');
    return { ...session.facts, claims, grantedScopes };
  };

  return async (session, scopes, log) => {
    let plugin: TableCachePlugin | undefined;
    const { application, tokenEndpoint } = await createMsalClient((clearCache) => {
      plugin = new TableCachePlugin({ session, store, clearCache, renewFacts });
      return plugin;
    });
    const result = await application
      .acquireTokenSilent({ account: session.facts.account, scopes: [...scopes] })
      .catch((error: unknown) => ({ thrown: error }));

    const mismatch =
      plugin?.failure instanceof IdTokenRefused ? plugin.failure.code : otherAccount(result, session);
    if (mismatch !== undefined) {
      // Tokens of somebody else must never be served or kept: this session ends at once.
      log('error', { event: 'identity-mismatch', reason: mismatch });
      await store.remove(session.address);
      return { kind: 'session-ended' };
    }
    // An ID token that could not be checked because the keys are out of reach: its tokens are not believed either.
    if (plugin?.failure instanceof BffError && plugin.failure.code === 'sign_in_service_unavailable')
      throw plugin.failure;
    if ('thrown' in result) {
      if (tokenEndpoint.failure) throw tokenEndpoint.failure;
      if (tokenEndpoint.refusal === undefined) {
        // Nothing was asked over the network: the cache has neither access nor refresh token for this account.
        log('warn', { event: 'token-cache-empty' });
        return { kind: 'interaction-required', reason: 'sign_in_required' };
      }
      const { claims, numbers, error } = tokenEndpoint.refusal;
      const meaning = interpretTokenError(tokenEndpoint.refusal);
      log(meaning.kind === 'own-credential-refused' ? 'error' : 'warn', {
        event: 'refresh-refused',
        meaning: meaning.kind === 'interaction-required' ? meaning.reason : meaning.kind,
        aadsts: numbers[0],
        oauth: error.slice(0, 40),
      });
      if (meaning.kind !== 'interaction-required') throw serviceUnavailable(result.thrown);
      return {
        kind: 'interaction-required',
        reason: meaning.reason,
        ...(claims === undefined ? {} : { claims }),
      };
    }
    if (plugin?.gone) return { kind: 'session-ended' };
    // The token is good although its cache could not be stored: the old refresh token stays valid at Entra.
    if (plugin?.failure !== undefined) log('error', { event: 'token-cache-not-stored' });
    if (lackingScopes(scopes, result.scopes).length > 0) {
      return { kind: 'interaction-required', reason: 'consent_required' };
    }
    return { kind: 'token', accessToken: result.accessToken, session: plugin?.session ?? session };
  };
}

/** MSAL stores nothing of an answer for an account it does not know, and hands out its token all the same (measured). */
function otherAccount(
  result: Pick<AuthenticationResult, 'account'> | { readonly thrown: unknown },
  { facts }: Session,
): string | undefined {
  if ('thrown' in result || result.account === null) return undefined;
  return result.account.homeAccountId === facts.account.homeAccountId ? undefined : 'other_account';
}

function serviceUnavailable(cause: unknown): BffError {
  return new BffError('sign_in_service_unavailable', {
    detail: 'Microsoft Entra ID did not renew your access. You are still signed in; try again in a moment.',
    cause,
    retryAfterSeconds: 10,
  });
}
