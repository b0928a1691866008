import { demoClient, demoDirectory } from '@entra-bff/directory';
import type { EntraEmulator } from '../src/emulator.ts';
import { createFormBrowser, type FormBrowser } from './form-browser.ts';
import { type createOAuthClient, type TokenAnswer, tokenText } from './oauth-client.ts';

/** Everybody has consented to signing in, and to what else is named. */
export function consentTo(emulator: EntraEmulator, ...scopes: string[]): void {
  for (const user of demoDirectory.users)
    emulator.consents.grant({
      ...demoClient,
      userId: user.id,
      scopes: ['openid', 'profile', 'offline_access', 'User.Read', ...scopes],
    });
}

/** Signs in as somebody who has consented; the person's browser can be used on. */
export async function signInAs(
  emulator: EntraEmulator,
  app: ReturnType<typeof createOAuthClient>,
  userId: string,
  changes: Record<string, string | undefined> = {},
): Promise<{ person: FormBrowser; tokens: TokenAnswer; refreshToken: string }> {
  const person = createFormBrowser(emulator.origin);
  await person.open(app.authorizeUrl(changes));
  const { left } = await person.press('account', userId);
  const tokens = await app.redeem(left?.searchParams.get('code') ?? '', {
    scope: changes['scope'] ?? 'User.Read openid profile offline_access',
  });
  return { person, tokens, refreshToken: tokenText(tokens, 'refresh_token') };
}
