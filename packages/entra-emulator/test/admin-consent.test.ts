import { demoClient, demoDirectory, demoUsers } from '@entra-bff/directory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EntraEmulator, startEntraEmulator } from '../src/emulator.ts';
import { createFormBrowser, type FormBrowser } from '../testing/form-browser.ts';
import { callback, createOAuthClient } from '../testing/oauth-client.ts';
import { consentTo } from '../testing/sign-in.ts';

const { alice, ben, mia } = demoUsers;
const scope = 'https://graph.microsoft.com/GroupMember.Read.All';

let emulator: EntraEmulator;
let app: ReturnType<typeof createOAuthClient>;
let person: FormBrowser;

beforeEach(async () => {
  emulator = await startEntraEmulator({ directory: demoDirectory });
  app = createOAuthClient(emulator);
  person = createFormBrowser(emulator.origin);
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
  await person.open(
    app.authorizeUrl({ prompt: 'select_account', scope: 'openid GroupMember.Read.All', ...changes }),
  );
  return person.press('account', ben.id);
}

const parametersOf = (url: URL | undefined) => Object.fromEntries(url?.searchParams ?? []);

describe('the admin consent endpoint', () => {
  it('lets an administrator consent for the organization, and goes back with what was consented', async () => {
    await person.open(adminConsentUrl());
    const page = await person.press('account', alice.id);
    expect(page.heading).toBe('Permissions requested');
    expect(page.text).toContain('Review for your organization');
    const { left } = await person.press('decision', 'accept');
    expect(`${left?.origin}${left?.pathname}`).toBe(callback);
    expect(parametersOf(left)).toEqual({
      admin_consent: 'True',
      tenant: demoClient.tenantId,
      state: 's-1',
      scope,
    });
    expect((await asBen()).left?.searchParams.has('code')).toBe(true);
    expect(emulator.count('admin-consent')).toBe(1);
  });

  it('goes back with an error, and admin_consent=True all the same, when declined', async () => {
    await person.open(adminConsentUrl());
    await person.press('account', alice.id);
    const { left } = await person.press('decision', 'decline');
    expect(parametersOf(left)).toEqual({
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

  it('tells somebody who is no administrator so, with a way to sign in as one', async () => {
    await person.open(adminConsentUrl());
    expect((await person.press('account', ben.id)).heading).toBe('Need admin approval');
    expect((await person.press('other', 'yes')).heading).toBe('Pick an account');
    expect((await person.press('account', alice.id)).heading).toBe('Permissions requested');
  });

  it('takes any tenant, which is then the administrator’s', async () => {
    const [, sharedApp] = demoDirectory.registrations;
    const url = adminConsentUrl({ client_id: sharedApp?.clientId ?? '' }, 'organizations');
    await person.open(url);
    await person.press('account', demoUsers.fay.id);
    const { left } = await person.press('decision', 'accept');
    expect(left?.searchParams.get('tenant')).toBe(demoUsers.fay.homeTenantId);
  });

  it('can be left from the account picker', async () => {
    await person.open(adminConsentUrl());
    const { left } = await person.press('back', 'yes');
    expect(parametersOf(left)).toEqual({ error: 'access_denied', error_subcode: 'cancel', state: 's-1' });
  });
});

describe('an organization where only administrators consent', () => {
  beforeEach(() => {
    emulator.switches.onlyAdministratorsConsent = true;
  });

  it('asks for one whatever the permission, AADSTS90094; what was consented before still counts', async () => {
    const page = await asBen({ scope: 'openid Mail.Read' });
    expect(page.heading).toBe('Need admin approval');
    const { left } = await person.press('decision', 'return');
    expect(left?.searchParams.get('error_description')).toMatch(/^AADSTS90094: /);
    expect((await asBen({ scope: 'openid User.Read' })).left?.searchParams.has('code')).toBe(true);
  });

  it('can hide the number: then the person seems to have turned back', async () => {
    emulator.switches.administratorNeededAnswer = 'cancel';
    await asBen({ scope: 'openid Mail.Read' });
    const { left } = await person.press('decision', 'return');
    expect(parametersOf(left)).toEqual({ error: 'access_denied', error_subcode: 'cancel', state: app.state });
  });

  it('lets an administrator consent on the ordinary page', async () => {
    await person.open(app.authorizeUrl({ scope: 'openid Mail.Read' }));
    expect((await person.press('account', alice.id)).heading).toBe('Permissions requested');
  });
});

describe('a request for approval', () => {
  const request = async (justification: string) => {
    await asBen();
    return person.press('decision', 'request', { justification });
  };
  const answer = async (action: 'approve' | 'deny') => {
    const [waiting] = emulator.approvals.list();
    await person.open('/switches');
    return person.press('action', action, { approval: waiting?.id ?? '' });
  };

  beforeEach(() => {
    emulator.switches.approvalCanBeRequested = true;
  });

  it('can be written where the organization takes them, and is shown on the switches page', async () => {
    expect((await asBen()).heading).toBe('Approval required');
    expect((await request('I plan <meetings>.')).heading).toBe('Request sent');
    expect(emulator.approvals.list()).toMatchObject([
      { userId: ben.id, justification: 'I plan <meetings>.', scopes: expect.arrayContaining([scope]) },
    ]);
    const { left } = await person.press('decision', 'return');
    expect(left?.searchParams.get('error_description')).toMatch(/^AADSTS90095: /);
    const page = await fetch(`${emulator.origin}/switches`);
    expect(await page.text()).toContain('I plan &lt;meetings&gt;.');
  });

  it('is granted for everybody in the organization once approved', async () => {
    await request('');
    expect((await answer('approve')).text).toContain('Approved');
    expect(emulator.approvals.list()).toEqual([]);
    expect((await asBen()).left?.searchParams.has('code')).toBe(true);
    await person.open(app.authorizeUrl({ prompt: 'select_account', scope: 'openid GroupMember.Read.All' }));
    await person.press('account', mia.id);
    expect((await person.press('factor', 'approve')).left?.searchParams.has('code')).toBe(true);
  });

  it('changes nothing once denied', async () => {
    await request('');
    await answer('deny');
    expect(emulator.approvals.list()).toEqual([]);
    expect((await asBen()).heading).toBe('Approval required');
  });
});

describe('refuses', () => {
  it.each([
    ['an unknown app', { client_id: 'nobody' }, 'AADSTS700016'],
    ['a foreign redirect address', { redirect_uri: 'http://evil.example/' }, 'AADSTS50011'],
    ['no scope', { scope: '' }, 'AADSTS900144'],
    ['a permission that does not exist', { scope: 'Mail.Eat' }, 'AADSTS650053'],
  ])('%s on a page, never by redirect', async (_what, changes, code) => {
    const seen = await person.open(adminConsentUrl(changes));
    expect([seen.status, seen.left]).toEqual([400, undefined]);
    expect(seen.text).toContain(code);
  });

  it('the consent of somebody who is no administrator, however it is sent', async () => {
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

  it('an answer that another site sends', async () => {
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
