import { demoClient } from '@entra-bff/directory';
import { defaultEntraSwitches } from '@entra-bff/entra-emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callbackAddress } from '../support/callback-address.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import {
  answerEntra,
  grantSignIn,
  signIn,
  startWorld,
  userId,
  type Worker,
  type World,
} from '../support/world.ts';

let world: World;
let worker: Worker;
let alice: UserAgent;

const { tenantId, clientId } = demoClient;
const page = { headers: { accept: 'text/html' } };
const popup = 'display=popup.a-popup-of-mine';

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  grantSignIn(world);
  alice = worker.browser();
  await signIn(alice, { user: 'alice' });
});

afterAll(() => world.close());

afterEach(() => {
  world.entra.intercept.tokenResponse = undefined;
  world.entra.intercept.authorizeRedirect = undefined;
});

/** Alice's browser without the session. It is signed in at Entra ID only. */
function withoutSession(): UserAgent {
  const browser = alice.clone();
  browser.cookies().clear();
  return browser;
}

const sessionOf = (browser: UserAgent) => browser.clone().scriptJson('/api/auth/session');
const setsSession = ({ setCookies }: WireAnswer) =>
  setCookies.some((line) => /^session=[^;]/.test(line) && !/max-age=0/i.test(line));
const later = async <Result>(seconds: number, action: () => Promise<Result>): Promise<Result> => {
  world.advance(seconds);
  try {
    return await action();
  } finally {
    world.advance(-seconds);
  }
};

describe('a sign-in that took longer than 15 minutes', () => {
  it('restarts automatically once, and redeems no code', { tags: ['LR-2', 'CB-1'] }, async () => {
    const browser = withoutSession();
    const callback = await callbackAddress(browser, '/api/auth/login?return_to=/mail');
    const redeemed = world.entra.count('token');
    await later(16 * 60, async () => {
      const again = await browser.request(callback.href, page);
      expect(again.status).toBe(303);
      expect(new URL(again.headers.location ?? '').pathname).toMatch(/authorize$/);
      expect(world.entra.count('token')).toBe(redeemed);
      const answered = await browser.request(again.headers.location ?? '');
      const second = answered.headers.location ?? '';
      await later(16 * 60, async () => {
        const end = await browser.request(second, page);
        expect(end.status).toBe(400);
        expect(end.body).toContain('The sign-in took too long');
        expect(end.body).toContain('return_to=%2Fmail');
        expect(setsSession(end)).toBe(false);
      });
    });
    expect(world.entra.count('token')).toBe(redeemed);
  });

  it('redirects to the return path if the browser is signed in', async () => {
    const browser = alice.clone();
    const callback = await callbackAddress(browser, '/api/auth/login?return_to=/mail');
    const answer = await later(16 * 60, () => browser.request(callback.href, page));
    expect([answer.status, answer.headers.location]).toEqual([303, '/mail']);
  });

  it('restarts if it was to renew a permission, even if the session has it', async () => {
    const browser = worker.browser();
    world.entra.switches.accessTokenLifetimeSeconds = 20;
    await signIn(browser, { user: 'alice' });
    Object.assign(world.entra.switches, defaultEntraSwitches());
    world.entra.endSignIns('revoked', userId('alice'));
    const { body } = await browser.script('GET', '/api/graph/v1.0/me');
    const problem: Record<string, unknown> = JSON.parse(body);
    expect(problem).toMatchObject({ reason: 'refresh_token_revoked' });
    const shown = await browser.navigate(String(problem['login_url']));
    const answer = await later(16 * 60, async () => {
      await browser.submit(shown, { account: userId('alice') });
      return browser.script('GET', '/api/graph/v1.0/me');
    });
    expect(answer.status).toBe(200);
  });

  it('restarts if a new authentication was required, even if the browser is signed in', {
    tags: ['ID-11'],
  }, async () => {
    const browser = alice.clone();
    const shown = await browser.navigate('/api/auth/login?prompt=login');
    const end = await later(16 * 60, () => browser.submit(shown, { account: userId('alice') }));
    expect(end.url.origin).toBe(world.entra.origin);
    expect(end.url.searchParams.get('prompt')).toBe('login');
  });
});

describe('a sign-in with a different account than required', () => {
  it('does not change the session, and shows what the user can do', async () => {
    const browser = worker.browser();
    await signIn(browser, { user: 'alice' });
    const before = await sessionOf(browser);
    // The hint does not keep the user from choosing another account at Entra ID.
    const callback = await callbackAddress(browser, '/api/auth/login?feature=profile&return_to=/mail');
    world.entra.intercept.idTokenClaims = (claims) => ({ ...claims, oid: userId('ben') });
    const end = await browser.request(callback.href, page);
    world.entra.intercept.idTokenClaims = undefined;
    expect(end.status).toBe(403);
    expect(end.body).toContain('Different account');
    expect(setsSession(end)).toBe(false);
    expect(await sessionOf(browser)).toEqual(before);
  });

  it('does not change the session if a link used prompt=none', async () => {
    const browser = worker.browser();
    await signIn(browser, { user: 'alice' });
    await signIn(browser, { user: 'ben', from: '/api/auth/login?prompt=select_account' });
    expect(await sessionOf(browser)).toMatchObject({ username: 'ben@contoso.example' });
    const end = await browser.navigate('/api/auth/login?prompt=none&login_hint=alice@contoso.example');
    expect(end.body).toContain('Different account');
    expect(await sessionOf(browser)).toMatchObject({ username: 'ben@contoso.example' });
  });
});

describe('a sign-in that requires a new authentication', () => {
  it('is refused if the ID token states an older authentication', { tags: ['ID-11'] }, async () => {
    const browser = alice.clone();
    const before = await sessionOf(browser);
    world.entra.intercept.idTokenClaims = (claims) => ({
      ...claims,
      auth_time: Number(claims['iat']) - 301 - 60,
    });
    const page = await browser.navigate('/api/auth/login?prompt=login');
    const end = await answerEntra(browser, page, { user: 'alice' });
    world.entra.intercept.idTokenClaims = undefined;
    expect(end.status).toBe(403);
    expect(await sessionOf(browser)).toEqual(before);
    const again = await browser.navigate('/api/auth/login?prompt=login');
    expect((await answerEntra(browser, again, { user: 'alice' })).url.pathname).toBe('/');
    alice.cookies().set('session', browser.cookies().get('session') ?? '');
  });
});

describe('a permission that only an administrator can grant', () => {
  afterEach(() => Object.assign(world.entra.switches, defaultEntraSwitches()));

  it('leads to a page with a link for the administrator, and the call works after approval', async () => {
    const browser = worker.browser();
    await signIn(browser, { user: 'ben' });
    world.entra.switches.onlyAdministratorsConsent = true;
    const ask = () => browser.script('GET', '/api/graph/v1.0/me/messages');
    const needed: Record<string, unknown> = JSON.parse((await ask()).body);
    const end = await signIn(browser, { user: 'ben', from: String(needed['login_url']) });
    const administrator = await answerEntra(browser, end, { user: 'ben' });
    expect(administrator.body).toContain('Administrator approval required');

    const redeemed = world.entra.count('token', 'refresh_token');
    const refused = await ask();
    expect(refused.status).toBe(403);
    const problem: Record<string, unknown> = JSON.parse(refused.body);
    expect(problem).toMatchObject({ code: 'admin_consent_required', feature: 'mail' });
    expect(String(problem['admin_consent_url'])).toContain('/v2.0/adminconsent?');
    expect(world.entra.count('token', 'refresh_token')).toBe(redeemed);
    expect(await sessionOf(browser)).toMatchObject({ features: { mail: 'needs_admin' } });
    expect((await browser.script('GET', '/api/graph/v1.0/me')).status).toBe(200);

    world.entra.consents.grant({ tenantId, clientId, scopes: ['Mail.Read'] });
    await later(301, async () => expect((await ask()).status).toBe(200));
    expect(await sessionOf(browser)).toMatchObject({ features: { mail: 'granted' } });
    world.entra.consents.withdraw(['Mail.Read']);
  });
});

describe('a permission that the user declined', () => {
  it('is requested again automatically after a pause, and by a click at any time', async () => {
    const browser = worker.browser();
    await signIn(browser, { user: 'ben' });
    const ask = async () => JSON.parse((await browser.script('GET', '/api/graph/v1.0/me/messages')).body);
    await signIn(browser, { user: 'ben', decision: 'decline', from: String((await ask())['login_url']) });
    expect(await ask()).toMatchObject({
      code: 'consent_declined',
      login_url: '/api/auth/login?feature=mail',
    });
    expect(await sessionOf(browser)).toMatchObject({ features: { mail: 'declined' } });
    // The session is used, so that it does not expire.
    await later(1800, () => browser.script('GET', '/api/graph/v1.0/me'));
    await later(3601, async () => expect(await ask()).toMatchObject({ code: 'interaction_required' }));
    await signIn(browser, { user: 'ben', from: '/api/auth/login?feature=mail' });
    expect(await sessionOf(browser)).toMatchObject({ features: { mail: 'granted' } });
    // Entra ID remembers the consent, so another browser sees no prompt.
    const other = worker.browser();
    await signIn(other, { user: 'ben' });
    const asked = await other.navigate('/api/auth/login?feature=mail&return_to=/mail');
    expect(asked.url.pathname).toBe('/mail');
    world.entra.consents.revoke(userId('ben'));
  });
});

describe('a sign-in with fewer permissions than requested', () => {
  it('creates no session, and offers to try again or to continue without the permissions', {
    tags: ['CB-9'],
  }, async () => {
    const browser = alice.clone();
    const before = await sessionOf(browser);
    world.entra.consents.grant({ tenantId, clientId, userId: userId('alice'), scopes: ['Mail.Read'] });
    const callback = await callbackAddress(browser, '/api/auth/login?feature=mail&return_to=/mail');
    world.entra.intercept.tokenResponse = (reply) => ({
      ...reply,
      body: { ...(reply.body as Record<string, unknown>), scope: 'openid profile User.Read' },
    });
    const end = await browser.request(`${callback.pathname}${callback.search}&bounced=1`);
    expect(JSON.parse(end.body)).toMatchObject({
      status: 403,
      outcome: 'fewer_permissions',
      login_url: '/api/auth/login?feature=mail&return_to=%2Fmail',
    });
    expect(await sessionOf(browser)).toEqual(before);
    world.entra.consents.revoke(userId('alice'));
  });
});

describe('missing permissions', () => {
  /** The detail of the problem after Entra ID has returned this error, or fewer permissions than requested. */
  async function detailAfter(browser: UserAgent, answer: string): Promise<unknown> {
    const callback = await callbackAddress(browser, '/api/auth/login?feature=profile');
    if (answer === 'fewer') {
      world.entra.intercept.tokenResponse = (reply) => ({
        ...reply,
        body: { ...(reply.body as Record<string, unknown>), scope: 'openid profile' },
      });
    } else {
      callback.searchParams.delete('code');
      callback.searchParams.set('error', 'access_denied');
      callback.searchParams.set('error_description', answer);
    }
    const end = await browser.request(`${callback.pathname}${callback.search}&bounced=1`);
    return JSON.parse(end.body).detail;
  }

  it.for([
    ['AADSTS65004: declined', 'You declined the permissions that the app needs to sign you in.'],
    ['AADSTS90094: reserved', 'only administrators can grant these permissions'],
    ['fewer', 'Microsoft granted fewer permissions than the app needs to sign you in.'],
  ] as const)('let a user with a session continue, but not one without (%s)', async ([answer, why]) => {
    const without = await detailAfter(withoutSession(), answer);
    expect(without).toContain(why);
    expect(without).toMatch(/You are not signed in\.$/);
    expect(without).not.toContain('continue');
    expect(await detailAfter(alice.clone(), answer)).toMatch(/continue without (them|the permissions)/);
  });
});

describe('a response with an issuer', { tags: ['CB-6'] }, () => {
  it('is accepted only from the configured issuer', async () => {
    for (const [issuer, status] of [
      [`${world.entra.origin}/${tenantId}/v2.0`, 303],
      ['https://login.evil.example/v2.0', 400],
      [`${world.entra.origin}/${tenantId}/v2.0/`, 400],
      ['', 400],
    ] as const) {
      const browser = withoutSession();
      const callback = await callbackAddress(browser);
      const redeemed = world.entra.count('token');
      callback.searchParams.set('iss', issuer);
      expect((await browser.request(callback.href, page)).status, issuer).toBe(status);
      expect(world.entra.count('token') - redeemed, issuer).toBe(status === 303 ? 1 : 0);
    }
  });
});

describe('a sign-in in a popup', () => {
  const messageIn = ({ body }: WireAnswer): unknown =>
    JSON.parse((/data-message="([^"]*)"/.exec(body)?.[1] ?? '').replaceAll('&quot;', '"'));

  it('ends on a page that sends the outcome with the app’s id and closes', async () => {
    const browser = withoutSession();
    const callback = await callbackAddress(browser, `/api/auth/login?${popup}`);
    const end = await browser.request(callback.href, page);
    expect(end.status).toBe(200);
    expect(setsSession(end)).toBe(true);
    expect(messageIn(end)).toEqual({
      type: 'entra-bff:interaction',
      id: 'a-popup-of-mine',
      outcome: 'signed_in',
    });
    expect(await sessionOf(browser)).toMatchObject({ signed_in: true });
  });

  it('runs one script, by a new nonce for each response, and no inline handler', async () => {
    const nonces = new Set<string>();
    for (let time = 0; time < 3; time++) {
      const browser = withoutSession();
      const callback = await callbackAddress(browser, `/api/auth/login?${popup}`);
      const { headers, body } = await browser.request(callback.href, page);
      const nonce = /script-src 'nonce-([A-Za-z0-9+/=]+)'/.exec(
        String(headers['content-security-policy']),
      )?.[1];
      expect(nonce).toHaveLength(24);
      expect([...body.matchAll(/<script/g)]).toHaveLength(1);
      expect(body).toContain(`<script nonce="${nonce}"`);
      expect(body).not.toMatch(/ on\w+=/);
      nonces.add(nonce ?? '');
    }
    expect(nonces.size).toBe(3);
  });

  it('sends the outcome and the feature if the user declines', async () => {
    const browser = alice.clone();
    const callback = await callbackAddress(browser, `/api/auth/login?feature=profile&${popup}`);
    callback.searchParams.delete('code');
    callback.searchParams.set('error', 'access_denied');
    callback.searchParams.set('error_description', 'AADSTS65004: declined <script>');
    const end = await browser.request(callback.href, page);
    expect(messageIn(end)).toMatchObject({ outcome: 'consent_declined', feature: 'profile' });
    expect(end.body).toContain('Permission declined');
    expect(end.body).not.toContain('AADSTS');
  });

  it('shows the link for the administrator, a reference and a way back if approval is required', async () => {
    const browser = alice.clone();
    const callback = await callbackAddress(
      browser,
      `/api/auth/login?feature=profile&return_to=/mail&${popup}`,
    );
    callback.searchParams.delete('code');
    callback.searchParams.set('error', 'access_denied');
    callback.searchParams.set('error_description', 'AADSTS90094: an administrator');
    const end = await browser.request(callback.href, page);
    expect(messageIn(end)).toMatchObject({
      outcome: 'admin_consent_required',
      feature: 'profile',
      admin_consent_url: expect.stringContaining('/v2.0/adminconsent?'),
    });
    expect(end.body).toMatch(/<a href="[^"]+\/v2\.0\/adminconsent\?[^"]+">Link for your administrator/);
    expect(end.body).toMatch(/Reference <code>[\w-]+</);
    expect(end.body).toContain('<a class="button" href="/mail">Back to the app</a>');
  });

  it('sends the outcome to the app if Entra ID is unavailable, and creates no session', async () => {
    const browser = withoutSession();
    const callback = await callbackAddress(browser, `/api/auth/login?${popup}`);
    world.entra.switches.outage = 'json-503';
    const end = await browser.request(callback.href, page);
    world.entra.switches.outage = 'none';
    expect(messageIn(end)).toMatchObject({ outcome: 'sign_in_service_unavailable' });
    expect(end.body).toContain('Sign-in is temporarily unavailable');
    expect(setsSession(end)).toBe(false);
  });

  it('sends the outcome to the app if the code is unusable', async () => {
    const browser = withoutSession();
    const callback = await callbackAddress(browser, `/api/auth/login?${popup}`);
    callback.searchParams.set('code', '');
    expect(messageIn(await browser.request(callback.href, page))).toMatchObject({
      outcome: 'sign_in_refused',
    });
  });

  it('stays a popup after an automatic restart', async () => {
    const browser = withoutSession();
    const callback = await callbackAddress(browser, `/api/auth/login?${popup}`);
    await later(16 * 60, async () => {
      const again = await browser.request(callback.href, page);
      const answered = await browser.request(again.headers.location ?? '');
      const end = await browser.request(answered.headers.location ?? '', page);
      expect(messageIn(end)).toMatchObject({ id: 'a-popup-of-mine', outcome: 'signed_in' });
    });
  });

  it.each(['popup', 'popup.', 'popup.short', 'page', `popup.${'x'.repeat(37)}`, 'popup.<script>'])(
    'refuses the display parameter %s',
    { tags: ['LR-4'] },
    async (display) => {
      const answer = await withoutSession().request(`/api/auth/login?display=${encodeURIComponent(display)}`);
      expect(answer.status).toBe(400);
    },
  );
});

describe('the return of an administrator from the consent page', () => {
  const returnTo = (query: string) =>
    worker.browser().request(`/api/auth/callback?state=admin-consent&${query}`, page);

  it('shows a page with the result, and changes nothing', async () => {
    const approved = await returnTo(`admin_consent=True&tenant=${tenantId}&scope=Mail.Read`);
    expect(approved.status).toBe(200);
    expect(approved.body).toContain('Approved');
    expect(approved.setCookies).toEqual([]);
    const declined = await returnTo('error=access_denied&error_description=AADSTS65004%3A+%3Cscript%3E');
    expect(declined.body).toContain('Not approved');
    expect(declined.body).not.toContain('AADSTS');
  });
});

describe('a call without a session', () => {
  it('gets the reason: not signed in, idle, expired or ended', async () => {
    const reasonOf = async (browser: UserAgent) =>
      JSON.parse((await browser.clone().script('GET', '/api/graph/v1.0/me')).body)['reason'];
    expect(await reasonOf(worker.browser())).toBe('not_signed_in');
    const browser = withoutSession();
    await browser.navigate('/api/auth/login');
    expect(await later(3601, () => reasonOf(browser))).toBe('session_idle');
    expect(await later(12 * 3600 + 1, () => reasonOf(browser))).toBe('session_expired');
    await browser.clone().script('POST', '/api/auth/logout');
    expect(await reasonOf(browser)).toBe('session_ended');
  });
});
