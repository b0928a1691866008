import { demoClient, demoDirectory, demoUsers } from '@entra-bff/directory';
import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EntraEmulator, startEntraEmulator } from '../src/emulator.ts';
import { createFormBrowser, type FormBrowser } from '../testing/form-browser.ts';
import { createOAuthClient, tokenText } from '../testing/oauth-client.ts';

let emulator: EntraEmulator;
let person: FormBrowser;
let app: ReturnType<typeof createOAuthClient>;
const { alice, ben } = demoUsers;
const home = 'http://localhost:7071/';

beforeEach(async () => {
  emulator = await startEntraEmulator({ directory: demoDirectory });
  person = createFormBrowser(emulator.origin);
  app = createOAuthClient(emulator);
  for (const user of [alice, ben])
    emulator.consents.grant({
      ...demoClient,
      userId: user.id,
      scopes: ['openid', 'profile', 'offline_access', 'User.Read'],
    });
});
afterEach(() => emulator.close());

async function signIn(userId: string) {
  await person.open(app.authorizeUrl({ prompt: 'select_account' }));
  const { left } = await person.press('account', userId);
  return decodeJwt(tokenText(await app.redeem(left?.searchParams.get('code') ?? ''), 'id_token'));
}

function logoutUrl(parameters: Record<string, string>) {
  return `/${demoClient.tenantId}/oauth2/v2.0/logout?${new URLSearchParams(parameters)}`;
}

describe('signing out', () => {
  it('ends the account that logout_hint names, and only that one', async () => {
    await signIn(alice.id);
    const { login_hint } = await signIn(ben.id);
    const seen = await person.open(logoutUrl({ logout_hint: String(login_hint) }));
    expect(seen.heading).toBe('You signed out of your account');
    const { left } = await person.open(app.authorizeUrl());
    const claims = decodeJwt(tokenText(await app.redeem(left?.searchParams.get('code') ?? ''), 'id_token'));
    expect(claims['oid']).toBe(alice.id);
  });

  it('asks which account without a hint', async () => {
    await signIn(ben.id);
    expect((await person.open(logoutUrl({}))).heading).toBe('Which account do you want to sign out of?');
    await person.press('account', ben.id);
    expect((await person.open(app.authorizeUrl())).heading).toBe('Pick an account');
  });

  it('tells every app that used the sign-in, by sid, in a hidden frame, then goes back', async () => {
    const { sid } = await signIn(ben.id);
    const { text } = await person.open(
      logoutUrl({ logout_hint: ben.username, post_logout_redirect_uri: home }),
    );
    expect(text).toContain(`src="http://localhost:7071/api/auth/front-channel-logout?sid=${sid}"`);
    expect(text).toContain(`href="${home}"`);
  });

  it('goes back at once when nobody was signed in, with state', async () => {
    const { left } = await person.open(logoutUrl({ post_logout_redirect_uri: home, state: 's-1' }));
    expect(left?.href).toBe(`${home}?state=s-1`);
  });

  it('leaves refresh tokens alone, as Entra does', async () => {
    await person.open(app.authorizeUrl());
    const { left } = await person.press('account', ben.id);
    const refreshToken = tokenText(await app.redeem(left?.searchParams.get('code') ?? ''), 'refresh_token');
    await person.open(logoutUrl({ logout_hint: ben.username }));
    expect((await app.refresh(refreshToken)).status).toBe(200);
  });
});

describe('refuses', () => {
  it.each(['http://evil.example/', 'http://localhost:7071/elsewhere', 'http://localhost.evil.example/'])(
    'to return to %s, which nobody registered',
    async (address) => {
      const seen = await person.open(logoutUrl({ post_logout_redirect_uri: address }));
      expect(seen.left).toBeUndefined();
      expect(seen.text).not.toContain(address);
    },
  );
});
