import { demoClient, demoDirectory, demoUsers } from '@entra-bff/directory';
import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntraEmulator } from '../src/emulator.ts';
import { createFormBrowser, type FormBrowser } from '../testing/form-browser.ts';
import { createOAuthClient, type OAuthClient, tokenText } from '../testing/oauth-client.ts';
import { consentTo, signInAs } from '../testing/sign-in.ts';
import { startTestEmulator } from '../testing/start-emulator.ts';

const { alice, ben, mia } = demoUsers;

let emulator: EntraEmulator;
let app: OAuthClient;
let browser: FormBrowser;

beforeEach(async () => {
  emulator = await startTestEmulator({ directory: demoDirectory });
  app = createOAuthClient(emulator);
  browser = createFormBrowser(emulator.origin);
  consentTo(emulator);
});
afterEach(() => emulator.close());

describe('the "Back" button', () => {
  it('of the account picker returns access_denied with subcode cancel only', async () => {
    await browser.open(app.authorizeUrl());
    const { redirectedTo } = await browser.press('back', 'yes');
    expect(Object.fromEntries(redirectedTo?.searchParams ?? [])).toEqual({
      error: 'access_denied',
      error_subcode: 'cancel',
      state: app.state,
    });
  });
});

describe('the page that follows a form', () => {
  const visit = (address: URL, init: RequestInit = {}) => fetch(address, { redirect: 'manual', ...init });
  const answer = (fields: Record<string, string>, changes: Record<string, string> = {}) => {
    const request = app.authorizeUrl({ scope: 'openid Mail.Read', ...changes }).search.slice(1);
    const body = new URLSearchParams({ request, account: ben.id, ...fields });
    return visit(app.authorizeUrl(), { method: 'POST', body });
  };
  const nextPage = (response: Response) => new URL(response.headers.get('location') ?? '', emulator.origin);

  it('is loaded with GET, and again after a reload, until the user has answered it', async () => {
    const response = await answer({});
    expect(response.status).toBe(303);
    const [cookie = ''] = response.headers.getSetCookie();
    const headers = { cookie: cookie.split(';')[0] ?? '' };
    for (let time = 0; time < 2; time++)
      expect(await (await visit(nextPage(response), { headers })).text()).toContain('Permissions requested');
    expect(emulator.count('authorize')).toBe(0);

    const accepted = nextPage(await answer({ decision: 'accept' }));
    expect(accepted.searchParams.get('state')).toBe(app.state);
    // Back leads to the consent page, which has nothing to ask any more.
    const back = nextPage(await visit(nextPage(response), { headers }));
    expect(back.origin).toBe(accepted.origin);
    expect(back.searchParams.get('code')).toBeTruthy();
  });

  it('has a short address, however long the request is', async () => {
    const response = await answer({}, { state: 'x'.repeat(6000) });
    expect(nextPage(response).href.length).toBeLessThan(200);
  });
});

describe('an account that differs from the hinted one', () => {
  it('can be picked', async () => {
    await browser.open(app.authorizeUrl({ login_hint: ben.username }));
    const { redirectedTo } = await browser.press('account', alice.id);
    const tokens = await app.redeem(redirectedTo?.searchParams.get('code') ?? '');
    expect(decodeJwt(tokenText(tokens, 'id_token'))['oid']).toBe(alice.id);
  });

  it('can be chosen on the consent page of the hinted account', async () => {
    const scope = 'openid Mail.Read';
    ({ browser } = await signInAs(emulator, app, ben.id));
    const consent = await browser.open(app.authorizeUrl({ scope, login_hint: ben.username }));
    expect(consent.heading).toBe('Permissions requested');
    expect((await browser.press('other', 'yes')).heading).toBe('Pick an account');
    expect((await browser.press('account', mia.id)).heading).toBe('Approve sign-in');
  });
});

describe('the issuer in the response', () => {
  const issuer = () => `${emulator.origin}/${demoClient.tenantId}/v2.0`;
  const metadata = async () => {
    const url = `${emulator.origin}/${demoClient.tenantId}/v2.0/.well-known/openid-configuration`;
    const answer: unknown = await (await fetch(url)).json();
    return answer;
  };
  const issuersSent = async () => {
    await browser.open(app.authorizeUrl({ prompt: 'select_account' }));
    const success = await browser.press('account', ben.id);
    const failure = await browser.open(app.authorizeUrl({ response_type: 'token' }));
    await browser.open(app.authorizeUrl({ prompt: 'select_account' }));
    const canceled = await browser.press('back', 'yes');
    return [success, failure, canceled].map(({ redirectedTo }) => redirectedTo?.searchParams.get('iss'));
  };

  it('is absent and not announced, as at Entra ID', async () => {
    expect(await issuersSent()).toEqual([null, null, null]);
    expect(await metadata()).not.toHaveProperty('authorization_response_iss_parameter_supported');
  });

  it('is sent with codes and errors and announced if the switch is on', async () => {
    emulator.switches.issuerInResponse = 'right';
    expect(await issuersSent()).toEqual([issuer(), issuer(), issuer()]);
    expect(await metadata()).toMatchObject({
      issuer: issuer(),
      authorization_response_iss_parameter_supported: true,
    });
  });

  it('can be wrong', async () => {
    emulator.switches.issuerInResponse = 'wrong';
    const sent = await issuersSent();
    expect(sent).not.toContain(null);
    expect(sent).not.toContain(issuer());
  });
});

describe('withheld permissions', () => {
  it('are missing from the response and the token although they were requested and granted', async () => {
    consentTo(emulator, 'Mail.Read');
    emulator.switches.withheldPermissions = 'Calendars.Read mail.read';
    const scope = 'openid offline_access User.Read Mail.Read';
    const { tokens, refreshToken } = await signInAs(emulator, app, ben.id, { scope });
    expect(tokenText(tokens, 'scope').split(' ')).toEqual(['openid', 'User.Read', 'profile']);
    expect(decodeJwt(tokenText(tokens, 'access_token'))['scp']).toBe('openid profile User.Read');
    const refreshed = await app.refresh(refreshToken, { scope });
    expect(tokenText(refreshed, 'scope')).not.toContain('Mail.Read');
    emulator.switches.withheldPermissions = '';
    expect(tokenText(await app.refresh(refreshToken, { scope }), 'scope')).toContain('Mail.Read');
  });
});

describe('the opener policy', () => {
  const path = `/${demoClient.tenantId}`;
  const pages = () => [
    app.authorizeUrl(),
    app.authorizeUrl({ redirect_uri: 'http://evil.example/' }),
    app.authorizeUrl({ prompt: 'none' }),
    new URL(`${path}/oauth2/v2.0/logout`, emulator.origin),
    new URL(`${path}/v2.0/adminconsent?client_id=${demoClient.clientId}`, emulator.origin),
  ];
  const policies = () =>
    Promise.all(
      pages().map(async (page) => {
        const { headers } = await fetch(page, { redirect: 'manual' });
        return headers.get('cross-origin-opener-policy');
      }),
    );

  it('of every page and redirect isolates a popup, unless the switch changes it', async () => {
    expect(new Set(await policies())).toEqual(new Set(['same-origin']));
    emulator.switches.openerPolicy = 'unsafe-none';
    expect(new Set(await policies())).toEqual(new Set(['unsafe-none']));
  });
});
