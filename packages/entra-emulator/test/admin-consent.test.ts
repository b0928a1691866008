import { demoClient, demoDirectory, demoUsers } from '@entra-bff/directory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntraEmulator } from '../src/emulator.ts';
import { createFormBrowser, type FormBrowser } from '../testing/form-browser.ts';
import { callback, createOAuthClient, type OAuthClient } from '../testing/oauth-client.ts';
import { consentTo } from '../testing/sign-in.ts';
import { startTestEmulator } from '../testing/start-emulator.ts';

const { alice, ben, mia } = demoUsers;
const scope = 'https://graph.microsoft.com/GroupMember.Read.All';

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

function adminConsentUrl(changes: Record<string, string> = {}, tenant: string = demoClient.tenantId) {
  const url = new URL(`${emulator.origin}/${tenant}/v2.0/adminconsent`);
  url.search = new URLSearchParams({
    client_id: demoClient.clientId,
    scope,
    redirect_uri: callback,
    state: 's-1',
    ...changes,
  }).toString();
  return url;
}

async function asBen(changes: Record<string, string> = {}) {
  await browser.open(
    app.authorizeUrl({ prompt: 'select_account', scope: 'openid GroupMember.Read.All', ...changes }),
  );
  return browser.press('account', ben.id);
}

const parametersOf = (url: URL | undefined) => Object.fromEntries(url?.searchParams ?? []);

describe('the admin consent endpoint', () => {
  it('lets an administrator consent for the organization, and returns the consented scopes', async () => {
    await browser.open(adminConsentUrl());
    const page = await browser.press('account', alice.id);
    expect(page.heading).toBe('Permissions requested');
    expect(page.text).toContain('Review for your organization');
    const { redirectedTo } = await browser.press('decision', 'accept');
    expect(`${redirectedTo?.origin}${redirectedTo?.pathname}`).toBe(callback);
    expect(parametersOf(redirectedTo)).toEqual({
      admin_consent: 'True',
      tenant: demoClient.tenantId,
      state: 's-1',
      scope,
    });
    expect((await asBen()).redirectedTo?.searchParams.has('code')).toBe(true);
    expect(emulator.count('admin-consent')).toBe(1);
  });

  it('returns an error together with admin_consent=True when declined', async () => {
    await browser.open(adminConsentUrl());
    await browser.press('account', alice.id);
    const { redirectedTo } = await browser.press('decision', 'decline');
    expect(parametersOf(redirectedTo)).toEqual({
      error: 'consent_required',
      error_description: expect.stringMatching(
        /^AADSTS65004: The resource owner or authorization server denied/,
      ),
      admin_consent: 'True',
      tenant: demoClient.tenantId,
      state: 's-1',
    });
    expect((await asBen()).heading).toBe('Need admin approval');
  });

  it('offers another account to a user who is not an administrator', async () => {
    await browser.open(adminConsentUrl());
    expect((await browser.press('account', ben.id)).heading).toBe('Need admin approval');
    expect((await browser.press('other', 'yes')).heading).toBe('Pick an account');
    expect((await browser.press('account', alice.id)).heading).toBe('Permissions requested');
  });

  it('accepts any tenant and then uses that of the administrator', async () => {
    const [, sharedApp] = demoDirectory.registrations;
    const url = adminConsentUrl({ client_id: sharedApp?.clientId ?? '' }, 'organizations');
    await browser.open(url);
    await browser.press('account', demoUsers.fay.id);
    const { redirectedTo } = await browser.press('decision', 'accept');
    expect(redirectedTo?.searchParams.get('tenant')).toBe(demoUsers.fay.homeTenantId);
  });

  it('can be canceled on the account picker', async () => {
    await browser.open(adminConsentUrl());
    const { redirectedTo } = await browser.press('back', 'yes');
    expect(parametersOf(redirectedTo)).toEqual({
      error: 'access_denied',
      error_subcode: 'cancel',
      state: 's-1',
    });
  });
});

describe('an organization in which only administrators can consent', () => {
  beforeEach(() => {
    emulator.switches.onlyAdministratorsConsent = true;
  });

  it('requires one for every permission, AADSTS90094, but keeps earlier consents', async () => {
    const page = await asBen({ scope: 'openid Mail.Read' });
    expect(page.heading).toBe('Need admin approval');
    const { redirectedTo } = await browser.press('decision', 'return');
    expect(redirectedTo?.searchParams.get('error_description')).toMatch(/^AADSTS90094: /);
    expect((await asBen({ scope: 'openid User.Read' })).redirectedTo?.searchParams.has('code')).toBe(true);
  });

  it('can hide the error number, so that the user seems to have gone back', async () => {
    emulator.switches.administratorNeededAnswer = 'cancel';
    await asBen({ scope: 'openid Mail.Read' });
    const { redirectedTo } = await browser.press('decision', 'return');
    expect(parametersOf(redirectedTo)).toEqual({
      error: 'access_denied',
      error_subcode: 'cancel',
      state: app.state,
    });
  });

  it('lets an administrator consent on the ordinary page', async () => {
    await browser.open(app.authorizeUrl({ scope: 'openid Mail.Read' }));
    expect((await browser.press('account', alice.id)).heading).toBe('Permissions requested');
  });
});

describe('a request for approval', () => {
  const request = async (justification: string) => {
    await asBen();
    return browser.press('decision', 'request', { justification });
  };
  const answer = async (action: 'approve' | 'deny') => {
    const [waiting] = emulator.approvals.list();
    await browser.open('/switches');
    return browser.press('action', action, { approval: waiting?.id ?? '' });
  };

  beforeEach(() => {
    emulator.switches.approvalCanBeRequested = true;
  });

  it('can be sent if the organization accepts requests, and is shown on the switches page', async () => {
    expect((await asBen()).heading).toBe('Approval required');
    expect((await request('I plan <meetings>.')).heading).toBe('Request sent');
    expect(emulator.approvals.list()).toMatchObject([
      { userId: ben.id, justification: 'I plan <meetings>.', scopes: expect.arrayContaining([scope]) },
    ]);
    const { redirectedTo } = await browser.press('decision', 'return');
    expect(redirectedTo?.searchParams.get('error_description')).toMatch(/^AADSTS90095: /);
    const page = await fetch(`${emulator.origin}/switches`);
    expect(await page.text()).toContain('I plan &lt;meetings&gt;.');
  });

  it('grants consent for the whole organization when approved', async () => {
    await request('');
    expect((await answer('approve')).text).toContain('Approved');
    expect(emulator.approvals.list()).toEqual([]);
    expect((await asBen()).redirectedTo?.searchParams.has('code')).toBe(true);
    await browser.open(app.authorizeUrl({ prompt: 'select_account', scope: 'openid GroupMember.Read.All' }));
    await browser.press('account', mia.id);
    expect((await browser.press('factor', 'approve')).redirectedTo?.searchParams.has('code')).toBe(true);
  });

  it('changes nothing when denied', async () => {
    await request('');
    await answer('deny');
    expect(emulator.approvals.list()).toEqual([]);
    expect((await asBen()).heading).toBe('Approval required');
  });
});

describe('refuses', () => {
  it.each([
    ['an unknown app', { client_id: 'unknown-app' }, 'AADSTS700016'],
    ['a foreign redirect address', { redirect_uri: 'http://evil.example/' }, 'AADSTS50011'],
    ['no scope', { scope: '' }, 'AADSTS900144'],
    ['a permission that does not exist', { scope: 'Mail.Eat' }, 'AADSTS650053'],
    ['an API that does not exist', { scope: 'api://unknown/Orders.Read' }, 'AADSTS500011'],
  ])('%s on a page, never by redirect', async (_what, changes, code) => {
    const seen = await browser.open(adminConsentUrl(changes));
    expect([seen.status, seen.redirectedTo]).toEqual([400, undefined]);
    expect(seen.text).toContain(code);
  });

  it('the consent of a user who is not an administrator, however it is sent', async () => {
    const body = new URLSearchParams({
      request: adminConsentUrl().search.slice(1),
      account: ben.id,
      decision: 'accept',
    });
    const before = emulator.consents.list();
    const response = await fetch(adminConsentUrl(), { method: 'POST', body, redirect: 'manual' });
    expect(response.headers.get('location')).toContain('AADSTS90094');
    expect(emulator.consents.list()).toEqual(before);
  });

  it('a form that another site sends', async () => {
    const body = new URLSearchParams({
      request: adminConsentUrl().search.slice(1),
      account: alice.id,
      decision: 'accept',
    });
    const before = emulator.consents.list();
    const headers = { origin: 'http://evil.example' };
    const response = await fetch(adminConsentUrl(), { method: 'POST', body, headers, redirect: 'manual' });
    expect(response.status).toBe(400);
    expect(emulator.consents.list()).toEqual(before);
  });
});
