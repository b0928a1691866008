import { demoClient, demoDirectory, demoUsers } from '@entra-bff/directory';
import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntraEmulator } from '../src/emulator.ts';
import { createFormBrowser, type FormBrowser } from '../testing/form-browser.ts';
import { createOAuthClient, type OAuthClient, tokenText } from '../testing/oauth-client.ts';
import { startTestEmulator } from '../testing/start-emulator.ts';

let emulator: EntraEmulator;
let browser: FormBrowser;
let app: OAuthClient;
const { alice, ben } = demoUsers;
const home = 'http://localhost:7071/';

beforeEach(async () => {
  emulator = await startTestEmulator({ directory: demoDirectory });
  browser = createFormBrowser(emulator.origin);
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
  await browser.open(app.authorizeUrl({ prompt: 'select_account' }));
  const { redirectedTo } = await browser.press('account', userId);
  return decodeJwt(tokenText(await app.redeem(redirectedTo?.searchParams.get('code') ?? ''), 'id_token'));
}

function logoutUrl(parameters: Record<string, string>) {
  return `/${demoClient.tenantId}/oauth2/v2.0/logout?${new URLSearchParams(parameters)}`;
}

describe('signing out', () => {
  it('signs out only the account that logout_hint names', async () => {
    await signIn(alice.id);
    const { login_hint } = await signIn(ben.id);
    const seen = await browser.open(logoutUrl({ logout_hint: String(login_hint) }));
    expect(seen.heading).toBe('You signed out of your account');
    const { redirectedTo } = await browser.open(app.authorizeUrl());
    const claims = decodeJwt(
      tokenText(await app.redeem(redirectedTo?.searchParams.get('code') ?? ''), 'id_token'),
    );
    expect(claims['oid']).toBe(alice.id);
  });

  it('asks for the account without a hint', async () => {
    await signIn(ben.id);
    expect((await browser.open(logoutUrl({}))).heading).toBe('Which account do you want to sign out of?');
    await browser.press('account', ben.id);
    expect((await browser.open(app.authorizeUrl())).heading).toBe('Pick an account');
  });

  it('notifies every app that used the sign-in, with its sid in a hidden frame, then returns', async () => {
    const { sid } = await signIn(ben.id);
    const { text } = await browser.open(
      logoutUrl({ logout_hint: ben.username, post_logout_redirect_uri: home }),
    );
    expect(text).toContain(`src="http://localhost:7071/api/auth/front-channel-logout?sid=${sid}"`);
    expect(text).toContain(`href="${home}"`);
  });

  it('returns at once, with state, if no account was signed in', async () => {
    const { redirectedTo } = await browser.open(logoutUrl({ post_logout_redirect_uri: home, state: 's-1' }));
    expect(redirectedTo?.href).toBe(`${home}?state=s-1`);
  });

  it('leaves refresh tokens valid, as Entra ID does', async () => {
    await browser.open(app.authorizeUrl());
    const { redirectedTo } = await browser.press('account', ben.id);
    const refreshToken = tokenText(
      await app.redeem(redirectedTo?.searchParams.get('code') ?? ''),
      'refresh_token',
    );
    await browser.open(logoutUrl({ logout_hint: ben.username }));
    expect((await app.refresh(refreshToken)).status).toBe(200);
  });
});

describe('refuses', () => {
  it.each(['http://evil.example/', 'http://localhost:7071/elsewhere', 'http://localhost.evil.example/'])(
    'to return to %s, which is not registered',
    async (address) => {
      const seen = await browser.open(logoutUrl({ post_logout_redirect_uri: address }));
      expect(seen.redirectedTo).toBeUndefined();
      expect(seen.text).not.toContain(address);
    },
  );
});
