import type { AccountInfo } from '@azure/msal-node';
import { interpretTokenError, type TokenErrorMeaning } from '../entra/errors.ts';
import { missingScopes } from '../entra/scopes.ts';
import { signInServiceUnavailable } from '../errors.ts';
import type { MsalClient } from './msal.ts';

export type FurtherTokensResult =
  | { readonly kind: 'granted' | 'scopes-missing' }
  /** An administrator must consent, or Entra ID refuses the request for another reason. */
  | { readonly kind: 'refused'; readonly meaning: TokenErrorMeaning };

/**
 * Requests a token for each further API of a sign-in, right after it. Only these responses show whether the user
 * consented. If such a response demands something else of the user, for example a second factor, it is ignored here. The
 * call that needs the token will ask the user.
 * @param scopes one list for each API
 * @throws {BffError} sign_in_service_unavailable
 * @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow: consent to several APIs at once
 */
export async function acquireFurtherTokens(
  { application, tokenEndpoint }: MsalClient,
  account: AccountInfo,
  scopes: readonly string[][],
): Promise<FurtherTokensResult> {
  for (const ofOneApi of scopes) {
    const result = await application
      .acquireTokenSilent({ account, scopes: ofOneApi })
      .catch((error: unknown) => ({ thrown: error }));
    if (!('thrown' in result)) {
      if (missingScopes(ofOneApi, result.scopes).length > 0) return { kind: 'scopes-missing' };
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
      return { kind: 'refused', meaning };
    }
    if (meaning.reason === 'consent_required') return { kind: 'scopes-missing' };
  }
  return { kind: 'granted' };
}
