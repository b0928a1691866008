import type { AccountInfo } from '@azure/msal-node';
import { interpretTokenError, type TokenErrorMeaning } from '../entra/errors.ts';
import { missingScopes } from '../entra/scopes.ts';
import { signInServiceUnavailable } from '../errors.ts';
import type { MsalClient } from './msal.ts';

export type FurtherTokens =
  | { readonly kind: 'granted' | 'scopes-missing' }
  /** It needs an administrator, or Entra does not take the request as it is. */
  | { readonly kind: 'refused'; readonly meaning: TokenErrorMeaning };

/**
 * Asks, right after a sign-in, for a token of each further API that it named: Entra says only then whether the person
 * agreed. What else it asks of the person there (a second factor) is left for the call that needs it.
 * @param scopes one list for each API
 * @throws {BffError} sign_in_service_unavailable
 * @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow: consent to several APIs at once
 */
export async function acquireFurtherTokens(
  { application, tokenEndpoint }: MsalClient,
  account: AccountInfo,
  scopes: readonly string[][],
): Promise<FurtherTokens> {
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
        'Microsoft Entra ID did not give the access that was asked for. Try again in a moment.',
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
