import { createHash } from 'node:crypto';
import { interpretTokenError, type TokenErrorMeaning } from '../entra/errors.ts';
import { missingScopes, scopesByResource } from '../entra/scopes.ts';
import { BffError } from '../errors.ts';
import { isSamePrincipal, type VerifiedClaims } from '../identity/principal.ts';
import { IdTokenRefused, type IdTokenRules, noNonce, verifyIdToken } from '../identity/verify-id-token.ts';
import type { MsalAccount } from '../session/facts.ts';
import { acquireFurtherTokens } from './further-tokens.ts';
import type { CreateMsalClient } from './msal.ts';
import { readMsalCache } from './msal-cache.ts';

/** The parameters in which authorization requests differ. */
export interface AuthorizationRequest {
  readonly scopes: readonly string[];
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly prompt?: 'login' | 'select_account' | 'none' | 'consent';
  readonly loginHint?: string;
  readonly domainHint?: string;
  /** A claims request, for example from a claims challenge: JSON. */
  readonly claims?: string;
}

export interface CodeRedemptionRequest {
  readonly code: string;
  readonly scopes: readonly string[];
  readonly nonce: string;
  readonly codeVerifier: string;
}

export type CodeRedemption =
  | {
      readonly kind: 'redeemed';
      readonly claims: VerifiedClaims;
      readonly account: MsalAccount;
      readonly msalCache: string;
      readonly grantedScopes: readonly string[];
    }
  /**
   * Entra ID returned an error. `meaning` shows whether the user has to act, this app's setup is wrong, or the error is
   * temporary. `scopes` are the permissions that the refused request asked for.
   */
  | { readonly kind: 'refused'; readonly meaning: TokenErrorMeaning; readonly scopes: readonly string[] }
  /** The user granted fewer permissions than requested. The tokens are discarded. */
  | { readonly kind: 'fewer-permissions' }
  /** The response failed a check, so its tokens are discarded. `reason` is for the log. */
  | { readonly kind: 'untrusted'; readonly reason: string };

/** The two steps of the authorization code flow: the URL to which the browser is sent, and the redemption of the code. */
export interface CodeFlow {
  authorizeUrl(request: AuthorizationRequest): Promise<string>;
  /** @throws {BffError} sign_in_service_unavailable */
  redeem(request: CodeRedemptionRequest): Promise<CodeRedemption>;
}

export interface CodeFlowDependencies {
  readonly createMsalClient: CreateMsalClient;
  readonly redirectUri: string;
  readonly idTokenRules: IdTokenRules;
}

export function createCodeFlow({
  createMsalClient,
  redirectUri,
  idTokenRules,
}: CodeFlowDependencies): CodeFlow {
  return {
    async authorizeUrl({ scopes, state, nonce, codeVerifier, prompt, loginHint, domainHint, claims }) {
      const { application } = await createMsalClient();
      return application.getAuthCodeUrl({
        scopes: [...scopes],
        redirectUri,
        state,
        nonce,
        codeChallenge: createHash('sha256').update(codeVerifier).digest('base64url'),
        codeChallengeMethod: 'S256', // RFC 7636, 4.2
        responseMode: 'query',
        ...(prompt === undefined ? {} : { prompt }),
        ...(loginHint === undefined ? {} : { loginHint }),
        ...(domainHint === undefined ? {} : { domainHint }),
        ...(claims === undefined ? {} : { claims }),
      });
    },

    async redeem({ code, scopes, nonce, codeVerifier }) {
      const client = await createMsalClient();
      const { application, tokenEndpoint } = client;
      const [scopesOfCode, ...furtherScopes] = scopesByResource(scopes);
      const result = await application
        // MSAL compares the ID token's nonce with this one.
        .acquireTokenByCode({ code, scopes: scopesOfCode, redirectUri, codeVerifier, nonce })
        .catch((error: unknown) => {
          if (tokenEndpoint.failure) throw tokenEndpoint.failure;
          if (error instanceof BffError) throw error; // the client credential cannot be used
          return { thrown: error };
        });
      if ('thrown' in result) {
        if (tokenEndpoint.entraError) {
          return {
            kind: 'refused',
            meaning: interpretTokenError(tokenEndpoint.entraError),
            scopes: scopesOfCode,
          };
        }
        return { kind: 'untrusted', reason: msalErrorCode(result.thrown) };
      }
      const { account, idToken } = result;
      if (account === null || idToken === '') return { kind: 'untrusted', reason: 'id_token_missing' };
      try {
        const claims = await verifyIdToken(idToken, nonce, idTokenRules);
        const further = await acquireFurtherTokens(client, account, furtherScopes);
        if (further.kind === 'refused') return further;
        if (further.kind === 'scopes-missing') return { kind: 'fewer-permissions' };
        const msalCache = application.getTokenCache().serialize();
        const { homeAccountIds, idTokens, scopes: grantedScopes } = readMsalCache(msalCache);
        if (homeAccountIds.length !== 1) return { kind: 'untrusted', reason: 'account_count' };
        if (missingScopes(scopesOfCode, grantedScopes).length > 0) return { kind: 'fewer-permissions' };
        for (const otherIdToken of idTokens.filter((stored) => stored !== idToken)) {
          const { principal } = await verifyIdToken(otherIdToken, noNonce, idTokenRules);
          if (!isSamePrincipal(principal, claims.principal)) throw new IdTokenRefused('other_identity');
        }
        const { homeAccountId, environment, tenantId, username, localAccountId } = account;
        return {
          kind: 'redeemed',
          claims,
          account: { homeAccountId, environment, tenantId, username, localAccountId },
          msalCache,
          grantedScopes,
        };
      } catch (error) {
        if (error instanceof IdTokenRefused) return { kind: 'untrusted', reason: error.code };
        throw error;
      }
    },
  };
}

/** MSAL's error code, for the log. The error's message may contain a user's name. */
function msalErrorCode(error: unknown): string {
  // Only MSAL's `Client…Error` classes carry MSAL's own codes. Other classes copy theirs from the untrusted response.
  const isMsalCode = error instanceof Error && /^Client\w*Error$/.test(error.name);
  const code: unknown = isMsalCode ? Reflect.get(error, 'errorCode') : undefined;
  // A malformed response can make MSAL throw any value, so nothing else in the error is read.
  return typeof code === 'string' ? code : 'unreadable_answer';
}
