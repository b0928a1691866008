import type { AccountInfo } from '@azure/msal-node';
import { interpretTokenError, type TokenErrorMeaning } from '../entra/errors.ts';
import { missingScopes } from '../entra/scopes.ts';
import { signInServiceUnavailable } from '../errors.ts';
import type { MsalClient } from './msal.ts';

export type FurtherTokensResult =
  | { readonly kind: 'granted' | 'scopes-missing' }
  /** An administrator must consent, this app's setup is wrong, or Entra ID had a temporary error. */
  | { readonly kind: 'refused'; readonly meaning: TokenErrorMeaning; readonly scopes: readonly string[] };

/**
 * After a sign-in for several APIs, requests a token for each API that its code did not cover. Only these responses show
 * whether the user consented. If a response demands something else of the user, for example multifactor authentication,
 * it is ignored here. The call that needs the token will ask the user.
 * @param scopesByApi one list for each API
 * @throws {BffError} sign_in_service_unavailable
 * @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow: consent to several APIs in one sign-in
 */
export async function acquireFurtherTokens(
  { application, tokenEndpoint }: MsalClient,
  account: AccountInfo,
  scopesByApi: readonly string[][],
): Promise<FurtherTokensResult> {
  for (const apiScopes of scopesByApi) {
    const result = await application
      .acquireTokenSilent({ account, scopes: apiScopes })
      .catch((error: unknown) => ({ thrown: error }));
    if (!('thrown' in result)) {
      if (missingScopes(apiScopes, result.scopes).length > 0) return { kind: 'scopes-missing' };
      continue;
    }
    if (tokenEndpoint.failure) throw tokenEndpoint.failure;
    if (tokenEndpoint.entraError === undefined) {
      throw signInServiceUnavailable(
        'Microsoft Entra ID did not issue the requested tokens. Try again in a moment.',
        result.thrown,
      );
    }
    const meaning = interpretTokenError(tokenEndpoint.entraError);
    if (meaning.kind !== 'interaction-required' || meaning.reason === 'admin_consent_required') {
      return { kind: 'refused', meaning, scopes: apiScopes };
    }
    if (meaning.reason === 'consent_required') return { kind: 'scopes-missing' };
  }
  return { kind: 'granted' };
}
