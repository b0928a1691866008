import { demoClient, demoDirectory, demoUsers } from '@entra-bff/directory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EntraEmulator, startEntraEmulator } from '../src/emulator.ts';
import { createFormBrowser, type FormBrowser } from '../testing/form-browser.ts';
import { callback, createOAuthClient } from '../testing/oauth-client.ts';

let emulator: EntraEmulator;
let person: FormBrowser;
let app: ReturnType<typeof createOAuthClient>;
const { alice, ben, mia, fay } = demoUsers;

beforeEach(async () => {
  emulator = await startEntraEmulator({ directory: demoDirectory });
  person = createFormBrowser(emulator.origin);
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

  it('shows every account and asks no password', async () => {
    const seen = await person.open(app.authorizeUrl());
    expect(seen.heading).toBe('Pick an account');
    for (const { name, username } of demoDirectory.users) {
      expect(seen.text).toContain(name);
      expect(seen.text).toContain(username);
    }
  });

  it('goes straight through once one account is signed in', async () => {
    await person.open(app.authorizeUrl());
    await person.press('account', ben.id);
    const { left } = await person.open(app.authorizeUrl());
    expect(left?.searchParams.get('state')).toBe(app.state);
    expect(left?.searchParams.get('code')).toBeTruthy();
  });

  it.each(['select_account', 'login'])('asks again with prompt=%s', async (prompt) => {
    await person.open(app.authorizeUrl());
    await person.press('account', ben.id);
    expect((await person.open(app.authorizeUrl({ prompt }))).heading).toBe('Pick an account');
  });

  it('asks which of several signed-in accounts, unless a hint names one', async () => {
    for (const user of [alice, ben]) {
      await person.open(app.authorizeUrl({ prompt: 'select_account' }));
      await person.press('account', user.id);
    }
    expect((await person.open(app.authorizeUrl())).heading).toBe('Pick an account');
    expect(
      (await person.open(app.authorizeUrl({ login_hint: ben.username }))).left?.searchParams.has('code'),
    ).toBe(true);
  });

  it('takes a typed address, and says on the page when nobody has it', async () => {
    await person.open(app.authorizeUrl());
    const unknown = await person.press('username', '', { username: 'nobody@contoso.example' });
    expect(unknown.text).toContain('AADSTS50034');
    const { left } = await person.press('username', '', { username: 'Ben@Contoso.example' });
    expect(left?.searchParams.has('code')).toBe(true);
  });

  it('refuses an account that the tenant does not know, and lets the person take another', async () => {
    await person.open(app.authorizeUrl());
    expect((await person.press('account', fay.id)).text).toContain('AADSTS50020');
  });

  it('refuses a blocked account', async () => {
    emulator.blockedUsers.add(ben.id);
    await person.open(app.authorizeUrl());
    expect((await person.press('account', ben.id)).text).toContain('AADSTS50057');
  });

  it('escapes what was typed', async () => {
    await person.open(app.authorizeUrl());
    const response = await fetch(app.authorizeUrl({ login_hint: '"><script>alert(1)</script>' }));
    expect(await response.text()).not.toContain('<script>');
  });
});

describe('the second factor', () => {
  beforeEach(() => consentTo('User.Read'));

  it('is asked once per sign-in, stays on its page when denied and goes on when approved', async () => {
    await person.open(app.authorizeUrl());
    expect((await person.press('account', mia.id)).heading).toBe('Approve sign-in');
    expect((await person.press('factor', 'deny')).text).toContain('was denied');
    expect((await person.press('factor', 'approve')).left?.searchParams.has('code')).toBe(true);
    expect((await person.open(app.authorizeUrl())).left?.searchParams.has('code')).toBe(true);
  });

  it('returns access_denied with subcode cancel when canceled', async () => {
    await person.open(app.authorizeUrl());
    await person.press('account', mia.id);
    const { left } = await person.press('factor', 'cancel');
    expect(left?.searchParams.get('error')).toBe('access_denied');
    expect(left?.searchParams.get('error_subcode')).toBe('cancel');
  });

  it('is asked of everybody when a claims challenge demands an authentication context', async () => {
    const claims = JSON.stringify({ access_token: { acrs: { essential: true, value: 'c1' } } });
    await person.open(app.authorizeUrl({ claims }));
    expect((await person.press('account', ben.id)).heading).toBe('Approve sign-in');
  });
});

describe('consent', () => {
  const asBen = async (changes: Record<string, string> = {}) => {
    await person.open(app.authorizeUrl({ prompt: 'select_account', ...changes }));
    return person.press('account', ben.id);
  };

  it('lists what is asked, and is remembered once accepted', async () => {
    const page = await asBen();
    expect(page.heading).toBe('Permissions requested');
    expect(page.text).toContain('Sign you in and read your profile');
    expect((await person.press('decision', 'accept')).left?.searchParams.has('code')).toBe(true);
    expect((await asBen()).left?.searchParams.has('code')).toBe(true);
  });

  it('asks for further permissions only', async () => {
    consentTo('User.Read');
    const page = await asBen({ scope: 'openid User.Read Mail.Read' });
    expect(page.text).toContain('Read your mail');
    expect(page.text).not.toContain('Sign you in and read your profile');
  });

  it('returns access_denied, AADSTS65004, when declined', async () => {
    await asBen();
    const { left } = await person.press('decision', 'decline');
    expect(left?.searchParams.get('error')).toBe('access_denied');
    expect(left?.searchParams.get('error_description')).toMatch(/^AADSTS65004: User declined to consent/);
    expect(left?.searchParams.get('state')).toBe(app.state);
    expect(left?.searchParams.has('code')).toBe(false);
  });

  it('is declined by who says no, though it was given in another tab meanwhile', async () => {
    await asBen();
    consentTo('User.Read');
    const { left } = await person.press('decision', 'decline');
    expect(left?.searchParams.get('error_description')).toMatch(/^AADSTS65004: /);
  });

  it('lets a tenant administrator, and nobody else, decide for the organization', async () => {
    expect((await asBen()).text).not.toContain('on behalf of your organization');
    await person.open(app.authorizeUrl({ prompt: 'select_account' }));
    expect((await person.press('account', alice.id)).text).toContain('on behalf of your organization');
    await person.press('decision', 'accept', { organization: 'yes' });
    expect((await asBen()).left?.searchParams.has('code')).toBe(true);
  });

  it('ignores the checkbox of somebody who may not decide for the organization', async () => {
    await asBen();
    await person.press('decision', 'accept', { organization: 'yes' });
    expect(emulator.consents.list()).toEqual([expect.objectContaining({ userId: ben.id })]);
  });

  it('needs an administrator for some permissions, and returns AADSTS90094 without one', async () => {
    const page = await asBen({ scope: 'openid Directory.Read.All' });
    expect(page.heading).toBe('Need admin approval');
    const { left } = await person.press('decision', 'return');
    expect(left?.searchParams.get('error_description')).toContain('AADSTS90094');
  });

  it('cannot be given by a forged answer where an administrator is needed', async () => {
    await asBen({ scope: 'openid Directory.Read.All' });
    const { left } = await person.press('decision', 'return', { decision: 'accept' });
    expect(left?.searchParams.has('code')).toBe(false);
    expect(emulator.consents.list()).toEqual([]);
  });

  it('is asked again with prompt=consent, and after it was revoked', async () => {
    consentTo('User.Read');
    await person.open(app.authorizeUrl({ prompt: 'consent' }));
    expect((await person.press('account', ben.id)).heading).toBe('Permissions requested');
    emulator.consents.revoke(ben.id);
    expect((await asBen()).heading).toBe('Permissions requested');
  });
});

describe('prompt=none', () => {
  const errorOf = async (changes: Record<string, string> = {}) => {
    const { left } = await person.open(app.authorizeUrl({ prompt: 'none', ...changes }));
    return `${left?.searchParams.get('error')} ${left?.searchParams.get('error_description')?.split(':')[0]}`;
  };

  it('says login_required, AADSTS50058, when nobody is signed in', async () => {
    expect(await errorOf()).toBe('login_required AADSTS50058');
  });

  it('says interaction_required for consent, a second factor or a choice of accounts', async () => {
    await person.open(app.authorizeUrl());
    await person.press('account', ben.id);
    expect(await errorOf()).toBe('interaction_required AADSTS65001');
    consentTo('User.Read');
    emulator.switches.secondFactorDemanded = true;
    expect(await errorOf()).toBe('interaction_required AADSTS50076');
    emulator.switches.secondFactorDemanded = false;
    await person.open(app.authorizeUrl({ prompt: 'select_account' }));
    await person.press('account', alice.id);
    expect(await errorOf()).toBe('interaction_required AADSTS16000');
    expect(
      (
        await person.open(app.authorizeUrl({ prompt: 'none', login_hint: ben.username }))
      ).left?.searchParams.has('code'),
    ).toBe(true);
  });
});

describe('the way back to the app', () => {
  beforeEach(() => consentTo('User.Read'));

  it('matches http://localhost without its port, as Entra does', async () => {
    await person.open(app.authorizeUrl({ redirect_uri: 'http://localhost:5173/api/auth/callback' }));
    expect((await person.press('account', ben.id)).left?.origin).toBe('http://localhost:5173');
  });

  it('posts a form when the app asks for form_post', async () => {
    await person.open(app.authorizeUrl({ response_mode: 'form_post' }));
    const page = await person.press('account', ben.id);
    expect(page.text).toContain(`<form method="post" action="${callback}">`);
    expect(page.text).toContain(`name="state" value="${app.state}"`);
  });

  it('can be bent by a test', async () => {
    emulator.intercept.authorizeRedirect = (url) => {
      url.searchParams.set('state', 'foreign');
      return url;
    };
    await person.open(app.authorizeUrl());
    expect((await person.press('account', ben.id)).left?.searchParams.get('state')).toBe('foreign');
  });

  it('counts what the app asked, not what the person answered', async () => {
    await person.open(app.authorizeUrl());
    await person.press('account', ben.id);
    expect(emulator.count('authorize')).toBe(1);
  });
});

describe('refuses', () => {
  it.each([
    ['an unknown app', { client_id: 'd3300000-0000-4000-8000-00000000dead' }, 'AADSTS700016'],
    ['an unregistered redirect address', { redirect_uri: 'http://localhost:7071/elsewhere' }, 'AADSTS50011'],
    ['another host', { redirect_uri: 'http://evil.example/api/auth/callback' }, 'AADSTS50011'],
    [
      'a host that only begins like localhost',
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
    const seen = await person.open(app.authorizeUrl(changes));
    expect(seen.left).toBeUndefined();
    expect(seen.status).toBe(400);
    expect(seen.text).toContain(code);
  });

  it.each([
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['a plain code challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['an unknown prompt', { prompt: 'please' }, 'invalid_request'],
    ['a permission that does not exist', { scope: 'openid Mail.Eat' }, 'invalid_client'],
    ['claims that are no JSON', { claims: 'eyJhY2Nlc3NfdG9rZW4iOnt9fQ==' }, 'invalid_request'],
  ])('%s by redirect to the app', async (_what, changes, error) => {
    const { left } = await person.open(app.authorizeUrl(changes));
    expect(left?.searchParams.get('error')).toBe(error);
    expect(left?.searchParams.get('state')).toBe(app.state);
  });

  it('a single-tenant app on the address for any tenant, and in a foreign tenant', async () => {
    expect((await person.open(createOAuthClient(emulator, 'common').authorizeUrl())).text).toContain(
      'AADSTS50194',
    );
    expect(
      (await person.open(createOAuthClient(emulator, 'fabrikam.example').authorizeUrl())).text,
    ).toContain('AADSTS700016');
    expect((await person.open(createOAuthClient(emulator, 'nowhere.example').authorizeUrl())).text).toContain(
      'AADSTS90002',
    );
  });

  it('an answer that another site sends', async () => {
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
