import type { AccountInfo } from '@azure/msal-node';
import type { MsalClient } from './msal.ts';
import { lackingScopes } from './scopes.ts';
import { interpretTokenError } from './token-errors.ts';
import { signInServiceUnavailable } from './unavailable.ts';

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
): Promise<{ readonly kind: 'granted' | 'lacking' }> {
  for (const ofOneApi of scopes) {
    const result = await application
      .acquireTokenSilent({ account, scopes: ofOneApi })
      .catch((error: unknown) => ({ thrown: error }));
    if (!('thrown' in result)) {
      if (lackingScopes(ofOneApi, result.scopes).length > 0) return { kind: 'lacking' };
      continue;
    }
    if (tokenEndpoint.failure) throw tokenEndpoint.failure;
    const meaning = tokenEndpoint.entraError && interpretTokenError(tokenEndpoint.entraError);
    if (meaning?.kind !== 'interaction-required') {
      throw signInServiceUnavailable(
        'Microsoft Entra ID did not give the access that was asked for. Try again in a moment.',
        result.thrown,
      );
    }
    if (meaning.reason === 'consent_required' || meaning.reason === 'admin_consent_required') {
      return { kind: 'lacking' };
    }
  }
  return { kind: 'granted' };
}
