import { demoClient, demoDirectory, demoUsers } from '@entra-bff/directory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntraEmulator } from '../src/emulator.ts';
import { createFormBrowser, type FormBrowser } from '../testing/form-browser.ts';
import { callback, createOAuthClient, type OAuthClient } from '../testing/oauth-client.ts';
import { startTestEmulator } from '../testing/start-emulator.ts';

let emulator: EntraEmulator;
let browser: FormBrowser;
let app: OAuthClient;
const { alice, ben, mia, fay } = demoUsers;

beforeEach(async () => {
  emulator = await startTestEmulator({ directory: demoDirectory });
  browser = createFormBrowser(emulator.origin);
  app = createOAuthClient(emulator);
});
afterEach(() => emulator.close());

function consentTo(...scopes: string[]) {
  for (const user of demoDirectory.users)
    emulator.consents.grant({
      ...demoClient,
      userId: user.id,
      scopes: ['openid', 'profile', 'offline_access', ...scopes],
    });
}

describe('choosing an account', () => {
  beforeEach(() => consentTo('User.Read'));

  it('shows every account and asks for no password', async () => {
    const seen = await browser.open(app.authorizeUrl());
    expect(seen.heading).toBe('Pick an account');
    for (const { name, username } of demoDirectory.users) {
      expect(seen.text).toContain(name);
      expect(seen.text).toContain(username);
    }
  });

  it('shows no page if one account is signed in', async () => {
    await browser.open(app.authorizeUrl());
    await browser.press('account', ben.id);
    const { redirectedTo } = await browser.open(app.authorizeUrl());
    expect(redirectedTo?.searchParams.get('state')).toBe(app.state);
    expect(redirectedTo?.searchParams.get('code')).toBeTruthy();
  });

  it.each(['select_account', 'login'])('asks again with prompt=%s', async (prompt) => {
    await browser.open(app.authorizeUrl());
    await browser.press('account', ben.id);
    expect((await browser.open(app.authorizeUrl({ prompt }))).heading).toBe('Pick an account');
  });

  it('asks for one of several signed-in accounts, unless a hint names one', async () => {
    for (const user of [alice, ben]) {
      await browser.open(app.authorizeUrl({ prompt: 'select_account' }));
      await browser.press('account', user.id);
    }
    expect((await browser.open(app.authorizeUrl())).heading).toBe('Pick an account');
    expect(
      (await browser.open(app.authorizeUrl({ login_hint: ben.username }))).redirectedTo?.searchParams.has(
        'code',
      ),
    ).toBe(true);
  });

  it('accepts a typed address, and shows an error for an unknown one', async () => {
    await browser.open(app.authorizeUrl());
    const unknown = await browser.press('username', '', { username: 'unknown@contoso.example' });
    expect(unknown.text).toContain('AADSTS50034');
    const { redirectedTo } = await browser.press('username', '', { username: 'Ben@Contoso.example' });
    expect(redirectedTo?.searchParams.has('code')).toBe(true);
  });

  it('refuses an account that is not in the tenant, and offers another', async () => {
    await browser.open(app.authorizeUrl());
    expect((await browser.press('account', fay.id)).text).toContain('AADSTS50020');
  });

  it('refuses a blocked account', async () => {
    emulator.blockedUsers.add(ben.id);
    await browser.open(app.authorizeUrl());
    expect((await browser.press('account', ben.id)).text).toContain('AADSTS50057');
  });

  it('escapes the typed address', async () => {
    await browser.open(app.authorizeUrl());
    const response = await fetch(app.authorizeUrl({ login_hint: '"><script>alert(1)</script>' }));
    expect(await response.text()).not.toContain('<script>');
  });
});

describe('the second factor', () => {
  beforeEach(() => consentTo('User.Read'));

  it('is requested once per sign-in, stays on its page when denied and continues when approved', async () => {
    await browser.open(app.authorizeUrl());
    expect((await browser.press('account', mia.id)).heading).toBe('Approve sign-in');
    expect((await browser.press('factor', 'deny')).text).toContain('was denied');
    expect((await browser.press('factor', 'approve')).redirectedTo?.searchParams.has('code')).toBe(true);
    expect((await browser.open(app.authorizeUrl())).redirectedTo?.searchParams.has('code')).toBe(true);
  });

  it('returns access_denied with subcode cancel when canceled', async () => {
    await browser.open(app.authorizeUrl());
    await browser.press('account', mia.id);
    const { redirectedTo } = await browser.press('factor', 'cancel');
    expect(redirectedTo?.searchParams.get('error')).toBe('access_denied');
    expect(redirectedTo?.searchParams.get('error_subcode')).toBe('cancel');
  });

  it('is required of every user if a claims challenge asks for an authentication context', async () => {
    const claims = JSON.stringify({ access_token: { acrs: { essential: true, value: 'c1' } } });
    await browser.open(app.authorizeUrl({ claims }));
    expect((await browser.press('account', ben.id)).heading).toBe('Approve sign-in');
  });
});

describe('consent', () => {
  const asBen = async (changes: Record<string, string> = {}) => {
    await browser.open(app.authorizeUrl({ prompt: 'select_account', ...changes }));
    return browser.press('account', ben.id);
  };

  it('lists the requested permissions, and is remembered when accepted', async () => {
    const page = await asBen();
    expect(page.heading).toBe('Permissions requested');
    expect(page.text).toContain('Sign you in and read your profile');
    expect((await browser.press('decision', 'accept')).redirectedTo?.searchParams.has('code')).toBe(true);
    expect((await asBen()).redirectedTo?.searchParams.has('code')).toBe(true);
  });

  it('asks for further permissions only', async () => {
    consentTo('User.Read');
    const page = await asBen({ scope: 'openid User.Read Mail.Read' });
    expect(page.text).toContain('Read your mail');
    expect(page.text).not.toContain('Sign you in and read your profile');
  });

  it('returns access_denied, AADSTS65004, when declined', async () => {
    await asBen();
    const { redirectedTo } = await browser.press('decision', 'decline');
    expect(redirectedTo?.searchParams.get('error')).toBe('access_denied');
    expect(redirectedTo?.searchParams.get('error_description')).toMatch(
      /^AADSTS65004: User declined to consent/,
    );
    expect(redirectedTo?.searchParams.get('state')).toBe(app.state);
    expect(redirectedTo?.searchParams.has('code')).toBe(false);
  });

  it('can be declined although another tab has granted it in the meantime', async () => {
    await asBen();
    consentTo('User.Read');
    const { redirectedTo } = await browser.press('decision', 'decline');
    expect(redirectedTo?.searchParams.get('error_description')).toMatch(/^AADSTS65004: /);
  });

  it('lets only a tenant administrator decide for the organization', async () => {
    expect((await asBen()).text).not.toContain('on behalf of your organization');
    await browser.open(app.authorizeUrl({ prompt: 'select_account' }));
    expect((await browser.press('account', alice.id)).text).toContain('on behalf of your organization');
    await browser.press('decision', 'accept', { organization: 'yes' });
    expect((await asBen()).redirectedTo?.searchParams.has('code')).toBe(true);
  });

  it('ignores the checkbox of a user who may not decide for the organization', async () => {
    await asBen();
    await browser.press('decision', 'accept', { organization: 'yes' });
    expect(emulator.consents.list()).toEqual([expect.objectContaining({ userId: ben.id })]);
  });

  it('needs an administrator for some permissions, and returns AADSTS90094 without one', async () => {
    const page = await asBen({ scope: 'openid Directory.Read.All' });
    expect(page.heading).toBe('Need admin approval');
    const { redirectedTo } = await browser.press('decision', 'return');
    expect(redirectedTo?.searchParams.get('error_description')).toContain('AADSTS90094');
  });

  it('cannot be granted by a forged form if an administrator is needed', async () => {
    await asBen({ scope: 'openid Directory.Read.All' });
    const { redirectedTo } = await browser.press('decision', 'return', { decision: 'accept' });
    expect(redirectedTo?.searchParams.has('code')).toBe(false);
    expect(emulator.consents.list()).toEqual([]);
  });

  it('is requested again with prompt=consent, and after it was revoked', async () => {
    consentTo('User.Read');
    await browser.open(app.authorizeUrl({ prompt: 'consent' }));
    expect((await browser.press('account', ben.id)).heading).toBe('Permissions requested');
    emulator.consents.revoke(ben.id);
    expect((await asBen()).heading).toBe('Permissions requested');
  });
});

describe('prompt=none', () => {
  const errorOf = async (changes: Record<string, string> = {}) => {
    const { redirectedTo } = await browser.open(app.authorizeUrl({ prompt: 'none', ...changes }));
    return `${redirectedTo?.searchParams.get('error')} ${redirectedTo?.searchParams.get('error_description')?.split(':')[0]}`;
  };

  it('returns login_required, AADSTS50058, if no account is signed in', async () => {
    expect(await errorOf()).toBe('login_required AADSTS50058');
  });

  it('returns interaction_required for consent, a second factor or a choice of accounts', async () => {
    await browser.open(app.authorizeUrl());
    await browser.press('account', ben.id);
    expect(await errorOf()).toBe('interaction_required AADSTS65001');
    consentTo('User.Read');
    emulator.switches.secondFactorDemanded = true;
    expect(await errorOf()).toBe('interaction_required AADSTS50076');
    emulator.switches.secondFactorDemanded = false;
    await browser.open(app.authorizeUrl({ prompt: 'select_account' }));
    await browser.press('account', alice.id);
    expect(await errorOf()).toBe('interaction_required AADSTS16000');
    expect(
      (
        await browser.open(app.authorizeUrl({ prompt: 'none', login_hint: ben.username }))
      ).redirectedTo?.searchParams.has('code'),
    ).toBe(true);
  });
});

describe('returning to the app', () => {
  beforeEach(() => consentTo('User.Read'));

  it('matches http://localhost without its port, as Entra ID does', async () => {
    await browser.open(app.authorizeUrl({ redirect_uri: 'http://localhost:5173/api/auth/callback' }));
    expect((await browser.press('account', ben.id)).redirectedTo?.origin).toBe('http://localhost:5173');
  });

  it('posts a form with form_post', async () => {
    await browser.open(app.authorizeUrl({ response_mode: 'form_post' }));
    const page = await browser.press('account', ben.id);
    expect(page.text).toContain(`<form method="post" action="${callback}">`);
    expect(page.text).toContain(`name="state" value="${app.state}"`);
  });

  it('can be changed by a test', async () => {
    emulator.intercept.authorizeRedirect = (url) => {
      url.searchParams.set('state', 'foreign');
      return url;
    };
    await browser.open(app.authorizeUrl());
    expect((await browser.press('account', ben.id)).redirectedTo?.searchParams.get('state')).toBe('foreign');
  });

  it('counts the requests of the app, not the forms of the user', async () => {
    await browser.open(app.authorizeUrl());
    await browser.press('account', ben.id);
    expect(emulator.count('authorize')).toBe(1);
  });
});

describe('refuses', () => {
  it.each([
    ['an unknown app', { client_id: 'd3300000-0000-4000-8000-00000000dead' }, 'AADSTS700016'],
    ['an unregistered redirect address', { redirect_uri: 'http://localhost:7071/elsewhere' }, 'AADSTS50011'],
    ['another host', { redirect_uri: 'http://evil.example/api/auth/callback' }, 'AADSTS50011'],
    [
      'a host that only starts with localhost',
      { redirect_uri: 'http://localhost.evil.example/api/auth/callback' },
      'AADSTS50011',
    ],
    [
      'user info that looks like a port',
      { redirect_uri: 'http://localhost:7071@evil.example/api/auth/callback' },
      'AADSTS50011',
    ],
    ['a missing redirect address', { redirect_uri: undefined }, 'AADSTS50011'],
  ])('%s on a page, never by redirect', async (_what, changes, code) => {
    const seen = await browser.open(app.authorizeUrl(changes));
    expect(seen.redirectedTo).toBeUndefined();
    expect(seen.status).toBe(400);
    expect(seen.text).toContain(code);
  });

  it('a request without client_id', async () => {
    const seen = await browser.open(`/${demoClient.tenantId}/oauth2/v2.0/authorize`);
    expect(seen.status).toBe(400);
    expect(seen.text).toContain(
      "AADSTS900144: The request body must contain the following parameter: 'client_id'.",
    );
    expect(seen.text).not.toContain('Back to the app');
  });

  it('on a page with a link to the app, if the redirect address is registered', async () => {
    const link = `<a href="${new URL(callback).origin}">Back to the app</a>`;
    const seen = await browser.open(app.authorizeUrl({ client_id: 'unknown-app' }));
    expect(seen.text).toContain(link);
    const foreign = await browser.open(app.authorizeUrl({ redirect_uri: 'http://evil.example/' }));
    expect(foreign.text).not.toContain('Back to the app');
  });

  it.each([
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['a plain code challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['an unknown prompt', { prompt: 'please' }, 'invalid_request'],
    ['a permission that does not exist', { scope: 'openid Mail.Eat' }, 'invalid_client'],
    ['an API that does not exist', { scope: 'openid api://unknown/Orders.Read' }, 'invalid_resource'],
    ['claims that are no JSON', { claims: 'eyJhY2Nlc3NfdG9rZW4iOnt9fQ==' }, 'invalid_request'],
  ])('%s by redirect to the app', async (_what, changes, error) => {
    const { redirectedTo } = await browser.open(app.authorizeUrl(changes));
    expect(redirectedTo?.searchParams.get('error')).toBe(error);
    expect(redirectedTo?.searchParams.get('state')).toBe(app.state);
  });

  it('a single-tenant app on the endpoint for any tenant, and in another tenant', async () => {
    expect((await browser.open(createOAuthClient(emulator, 'common').authorizeUrl())).text).toContain(
      'AADSTS50194',
    );
    expect(
      (await browser.open(createOAuthClient(emulator, 'fabrikam.example').authorizeUrl())).text,
    ).toContain('AADSTS700016');
    expect(
      (await browser.open(createOAuthClient(emulator, 'nowhere.example').authorizeUrl())).text,
    ).toContain('AADSTS90002');
  });

  it('a form that another site sends', async () => {
    const response = await fetch(app.authorizeUrl(), {
      method: 'POST',
      headers: { origin: 'http://evil.example' },
      body: new URLSearchParams({
        request: app.authorizeUrl().search.slice(1),
        account: ben.id,
        decision: 'accept',
      }),
      redirect: 'manual',
    });
    expect(response.status).toBe(400);
    expect(emulator.consents.list()).toEqual([]);
  });
});
