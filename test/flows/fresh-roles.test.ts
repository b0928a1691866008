import { defaultEntraSwitches } from '@entra-bff/entra-emulator';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UserAgent } from '../support/user-agent.ts';
import { answerEntra, signIn, startWorld, userId, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let other: Worker;
let browser: UserAgent;

const alice = userId('alice');
const admin = { userId: alice, role: 'Admin' };
const hour = 3600;

beforeAll(async () => {
  world = await startWorld();
  const environment = { SESSION_IDLE_SECONDS: '43200' };
  worker = await world.startWorker({ environment });
  other = await world.startWorker({ environment });
});

afterAll(() => world.close());

beforeEach(async () => {
  Object.assign(world.entra.switches, defaultEntraSwitches());
  world.entra.blockedUsers.clear();
  world.entra.roles.grant(admin);
  world.entra.intercept.idTokenClaims = undefined;
  // Long enough not to expire during a test.
  world.entra.switches.accessTokenLifetimeSeconds = 12 * hour;
  browser = worker.browser();
  await signIn(browser, { user: 'alice' });
});

const redemptions = () => world.entra.count('token', 'refresh_token');
const open = (path: string, at = worker) => browser.clone(at.origin).script('GET', path);
const openAdmin = (at?: Worker) => open('/api/admin', at);
const openGraph = (at?: Worker) => open('/api/graph/v1.0/me', at);
const codeAndReason = ({ status, body }: { status: number; body: string }): unknown[] => {
  const { code, reason } = JSON.parse(body) as Record<string, unknown>;
  return [status, code, reason];
};

describe('a role', () => {
  it('that is removed works for five minutes at most, on every worker', { tags: ['RG-3'] }, async () => {
    world.entra.roles.remove(admin);
    let lastSuccessSeconds = -1;
    let firstRefusalSeconds = -1;
    for (let seconds = 0; seconds <= 400 && firstRefusalSeconds < 0; seconds += 20) {
      const statuses = [(await openAdmin(worker)).status, (await openAdmin(other)).status];
      if (statuses.every((status) => status === 200)) lastSuccessSeconds = seconds;
      if (statuses.every((status) => status === 403)) firstRefusalSeconds = seconds;
      world.advance(20);
      world.pass(20);
    }
    // From 240 s on, the claims are renewed behind the calls. The renewal may end between the calls on the two workers.
    expect(lastSuccessSeconds).toBeGreaterThanOrEqual(220);
    expect(lastSuccessSeconds).toBeLessThanOrEqual(300);
    expect(firstRefusalSeconds).toBeGreaterThan(lastSuccessSeconds);
    expect(firstRefusalSeconds).toBeLessThanOrEqual(Math.min(lastSuccessSeconds + 40, 320));
  });

  it('that is assigned to a signed-in user works after five minutes, without a new sign-in', async () => {
    world.entra.roles.remove(admin);
    browser = worker.browser();
    await signIn(browser, { user: 'alice' });
    expect((await openAdmin()).status).toBe(403);
    world.entra.roles.grant(admin);
    world.advance(301);
    expect((await openAdmin()).status).toBe(200);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({
      roles: ['Admin'],
      can: { admin: true },
    });
  });

  it('costs one renewal in five minutes for many calls on two workers', {
    tags: ['TC-6'],
  }, async () => {
    world.advance(301);
    world.pass(301);
    const before = redemptions();
    const calls = Array.from({ length: 20 }, (_, at) => openAdmin(at % 2 === 0 ? worker : other));
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    world.advance(230);
    expect((await openAdmin()).status).toBe(200);
    expect(redemptions() - before).toBe(1);
  });

  it('lets 64 calls of a user wait for a renewal, and refuses more at once', { tags: ['DO-3'] }, async () => {
    world.advance(301);
    world.pass(301);
    world.entra.switches.slowMs = 1_000;
    const statuses = (await Promise.all(Array.from({ length: 80 }, () => openAdmin()))).map(
      ({ status }) => status,
    );
    expect(statuses.filter((status) => status === 429).length).toBe(16);
    expect(statuses.filter((status) => status === 200).length).toBe(64);
    world.entra.switches.slowMs = 0;
    expect((await openAdmin()).status).toBe(200);
  });

  it('is dated from its token request, although Entra ID dates its tokens five minutes back', async () => {
    world.entra.switches.tokensBackdatedSeconds = 300;
    browser = worker.browser();
    await signIn(browser, { user: 'alice' });
    world.advance(230);
    const before = redemptions();
    expect((await openAdmin()).status).toBe(200);
    expect(redemptions() - before).toBe(0);
    world.advance(71);
    expect((await openAdmin()).status).toBe(200);
    expect((await openAdmin()).status).toBe(200);
    expect(redemptions() - before).toBe(1);
  });

  it('is only informative in the session response, which renews nothing', async () => {
    world.entra.roles.remove(admin);
    world.advance(2 * hour);
    const before = redemptions();
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ can: { admin: true } });
    expect(redemptions() - before).toBe(0);
  });
});

describe('refuses, after ROLE_MAX_AGE_SECONDS', {
  tags: ['RG-3', 'RG-5'],
}, () => {
  beforeEach(() => {
    world.advance(301);
  });

  it('a blocked user', async () => {
    world.entra.blockedUsers.add(alice);
    expect(codeAndReason(await openAdmin())).toEqual([401, 'interaction_required', 'account_disabled']);
  });

  it('a page load, with a link to sign in again that returns to the page', async () => {
    world.entra.endSignIns('session-revoked', alice);
    const page = await browser.navigate('/api/admin?user=ben');
    expect([page.status, page.body.includes('Your sign-in was revoked')]).toEqual([401, true]);
    const [, href = ''] = /href="(\/api\/auth\/login[^"]*)"/.exec(page.body) ?? [];
    const entra = await browser.navigate(href.replaceAll('&amp;', '&'));
    const back = await answerEntra(browser, entra, { user: 'alice' });
    expect([back.status, back.url.pathname + back.url.search]).toEqual([200, '/api/admin?user=ben']);
  });

  it('a user whose sign-ins were revoked', async () => {
    world.entra.endSignIns('session-revoked', alice);
    expect(codeAndReason(await openAdmin())).toEqual([401, 'interaction_required', 'refresh_token_revoked']);
  });

  it.each(['json-503', 'html-502'] as const)(
    'all users while Entra ID does not answer (%s)',
    async (outage) => {
      world.entra.switches.outage = outage;
      expect(codeAndReason(await openAdmin())).toEqual([503, 'sign_in_service_unavailable', undefined]);
      // The session continues, and the access token for Graph is still valid.
      expect((await openGraph()).status).toBe(200);
      world.entra.switches.outage = 'none';
      world.pass(120);
      expect((await openAdmin()).status).toBe(200);
    },
  );

  it('a token response without an ID token, which all waiting calls share', async () => {
    world.entra.switches.refreshWithoutIdToken = true;
    const before = redemptions();
    const answers = await Promise.all(Array.from({ length: 15 }, () => openAdmin()));
    for (const answer of answers) {
      expect(codeAndReason(answer)).toEqual([503, 'sign_in_service_unavailable', undefined]);
    }
    expect((await openAdmin()).status).toBe(503);
    expect(redemptions() - before).toBe(1);
    world.entra.switches.refreshWithoutIdToken = false;
    world.pass(6);
    expect((await openAdmin()).status).toBe(200);
  });

  it('a blocked user, without a token request for every call', async () => {
    world.entra.blockedUsers.add(alice);
    const before = redemptions();
    for (let call = 0; call < 5; call++) expect((await openAdmin()).status).toBe(401);
    expect(redemptions() - before).toBe(1);
    // The access token for Graph is valid, and a call without a role does not need a renewal yet.
    expect((await openGraph()).status).toBe(200);
    world.pass(6);
    world.entra.blockedUsers.clear();
    expect((await openAdmin()).status).toBe(200);
  });

  it('an old ID token that is issued again', async () => {
    const long = 10 * 60;
    world.entra.intercept.idTokenClaims = (claims) => ({
      ...claims,
      iat: Number(claims['iat']) - long - 301,
      nbf: Number(claims['nbf']) - long - 301,
    });
    expect(codeAndReason(await openAdmin())).toEqual([503, 'sign_in_service_unavailable', undefined]);
  });

  it('an ID token of another user, which ends the session', { tags: ['ID-10'] }, async () => {
    world.entra.intercept.idTokenClaims = (claims) => ({ ...claims, oid: userId('ben') });
    expect(codeAndReason(await openAdmin())).toEqual([401, 'session_required', 'session_ended']);
    expect(await browser.clone().scriptJson('/api/auth/session')).toMatchObject({ signed_in: false });
  });

  it('a user whose role was removed, as soon as that is known', async () => {
    world.entra.roles.remove(admin);
    expect((await openAdmin()).status).toBe(403);
    expect((await openAdmin()).status).toBe(403);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ roles: [], can: { admin: false } });
  });

  it('all users while the row cannot be written', async () => {
    worker.table.failing.add('merge');
    worker.table.failing.add('replace');
    expect((await openAdmin()).status).toBe(503);
    worker.table.recover();
    expect((await openAdmin()).status).toBe(200);
  });
});

describe('a renewal whose ID token lacks claims of the sign-in (OpenID Connect Core 12.2)', () => {
  beforeEach(() => {
    world.entra.switches.claimsWithheldOnRefresh = 'sid auth_time login_hint';
  });

  async function renewed(): Promise<void> {
    const before = redemptions();
    world.advance(301);
    world.pass(301);
    expect((await openAdmin()).status).toBe(200);
    expect(redemptions() - before).toBe(1);
  }

  it('keeps the sid, so that a front-channel logout still ends the session', { tags: ['LO-3'] }, async () => {
    let sid = '';
    world.entra.intercept.idTokenClaims = (claims) => {
      sid ||= String(claims['sid'] ?? '');
      return claims;
    };
    browser = worker.browser();
    await signIn(browser, { user: 'alice' });
    await renewed();
    expect((await other.browser().request(`/api/auth/front-channel-logout?sid=${sid}`)).status).toBe(200);
    world.pass(6);
    expect(codeAndReason(await openAdmin())).toEqual([401, 'session_required', 'session_ended']);
  });

  it('keeps the time of the sign-in, so that an administrator can still make changes', {
    tags: ['AD-1'],
  }, async () => {
    await renewed();
    const path = `/api/admin/users/${userId('ben')}/sessions`;
    expect((await browser.clone().script('DELETE', path)).status).toBe(200);
    world.advance(3600);
    world.pass(3600);
    expect(codeAndReason(await browser.clone().script('DELETE', path))).toEqual([
      401,
      'interaction_required',
      'recent_sign_in_required',
    ]);
  });

  it('keeps the logout hint, so that Entra ID does not ask for an account', async () => {
    await renewed();
    const { body } = await browser.script('POST', '/api/auth/logout');
    const { logout_url: url }: { logout_url?: unknown } = JSON.parse(body);
    expect(new URL(String(url)).searchParams.get('logout_hint')).toBeTruthy();
  });

  it('does not keep roles, groups or authentication contexts', { tags: ['RG-3'] }, async () => {
    world.entra.switches.claimsWithheldOnRefresh = 'groups acrs';
    world.entra.roles.remove(admin);
    world.advance(301);
    world.pass(301);
    expect((await openAdmin()).status).toBe(403);
  });
});

describe('a session on routes without a role', () => {
  it('is not extended by calls that are refused', async () => {
    const short = await world.startWorker({ environment: { SESSION_IDLE_SECONDS: '7200' } });
    world.entra.blockedUsers.add(alice);
    for (let hours = 0; hours < 3; hours++) {
      world.advance(hour + 1);
      world.pass(hour + 1);
      await openGraph(short);
    }
    expect(codeAndReason(await openGraph(short))).toEqual([401, 'session_required', 'session_idle']);
  });

  it('is revalidated after an hour, which ends access of a blocked user with a valid access token', async () => {
    world.entra.blockedUsers.add(alice);
    world.advance(hour - 60);
    const before = redemptions();
    expect((await openGraph()).status).toBe(200);
    // Behind the call, Entra ID refuses to renew the claims, which are valid for another minute.
    await expect.poll(() => redemptions() - before, { timeout: 10_000 }).toBe(1);
    expect((await openGraph()).status).toBe(200);
    world.advance(61);
    expect(codeAndReason(await openGraph())).toEqual([401, 'interaction_required', 'account_disabled']);
  });

  it('is revalidated once an hour for many calls', async () => {
    world.advance(hour + 1);
    world.pass(hour + 1);
    const before = redemptions();
    const calls = Array.from({ length: 10 }, (_, at) => openGraph(at % 2 === 0 ? worker : other));
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(redemptions() - before).toBe(1);
  });

  it('can be ended while Entra ID does not answer', async () => {
    world.advance(hour + 1);
    world.entra.switches.outage = 'json-503';
    expect((await browser.script('POST', '/api/auth/logout')).status).toBe(200);
  });
});
