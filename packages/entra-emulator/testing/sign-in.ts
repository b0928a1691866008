import { demoClient, demoDirectory } from '@entra-bff/directory';
import type { EntraEmulator } from '../src/emulator.ts';
import { createFormBrowser, type FormBrowser } from './form-browser.ts';
import { defaultScope, type OAuthClient, type TokenAnswer, tokenText } from './oauth-client.ts';

/** Lets all users consent to signing in, and to the given scopes. */
export function consentTo(emulator: EntraEmulator, ...scopes: string[]): void {
  for (const user of demoDirectory.users)
    emulator.consents.grant({
      ...demoClient,
      userId: user.id,
      scopes: ['openid', 'profile', 'offline_access', 'User.Read', ...scopes],
    });
}

/**
 * Signs in as a user who has consented.
 * @param changes of the parameters of the authorize request; undefined removes one
 */
export async function signInAs(
  emulator: EntraEmulator,
  app: OAuthClient,
  userId: string,
  changes: Record<string, string | undefined> = {},
): Promise<{ browser: FormBrowser; tokens: TokenAnswer; refreshToken: string }> {
  const browser = createFormBrowser(emulator.origin);
  await browser.open(app.authorizeUrl(changes));
  const { redirectedTo } = await browser.press('account', userId);
  const tokens = await app.redeem(redirectedTo?.searchParams.get('code') ?? '', {
    scope: changes['scope'] ?? defaultScope,
  });
  return { browser, tokens, refreshToken: tokenText(tokens, 'refresh_token') };
}
