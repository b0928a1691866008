import { demoClient, directory } from '../../directory/src/directory.ts';
import type { EntraEmulator } from '../src/emulator.ts';
import { type createApp, type TokenAnswer, textOf } from './app.ts';
import { createPerson, type Person } from './person.ts';

/** Everybody has consented to signing in, and to what else is named. */
export const consentTo = (emulator: EntraEmulator, ...scopes: string[]): void => {
  for (const user of directory.users)
    emulator.consents.grant({
      ...demoClient,
      userId: user.id,
      scopes: ['openid', 'profile', 'offline_access', 'User.Read', ...scopes],
    });
};

/** Signs in as somebody who has consented; the person's browser can be used on. */
export const signInAs = async (
  emulator: EntraEmulator,
  app: ReturnType<typeof createApp>,
  userId: string,
  changes: Record<string, string | undefined> = {},
): Promise<{ person: Person; tokens: TokenAnswer; refreshToken: string }> => {
  const person = createPerson(emulator.origin);
  await person.open(app.authorizeUrl(changes));
  const { left } = await person.press('account', userId);
  const tokens = await app.redeem(left?.searchParams.get('code') ?? '', {
    scope: changes['scope'] ?? 'User.Read openid profile offline_access',
  });
  return { person, tokens, refreshToken: textOf(tokens, 'refresh_token') };
};
