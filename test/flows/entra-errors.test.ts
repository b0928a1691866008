import { defaultEntraSwitches } from '@entra-bff/entra-emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let other: Worker;
let ben: UserAgent;
let mia: UserAgent;

const me = '/api/graph/v1.0/me';
const redemptions = () => world.entra.count('token', 'refresh_token');
const problemOf = ({ body }: WireAnswer): Record<string, unknown> => JSON.parse(body);

/** Signs in. Each access token expires at once, so each call needs a renewal. */
async function signedIn(user: string): Promise<UserAgent> {
  const browser = worker.browser();
  world.entra.switches.accessTokenLifetimeSeconds = 20;
  await signIn(browser, { user });
  return browser;
}

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  other = await world.startWorker({ environment: { SESSION_REVALIDATE_SECONDS: '300' } });
  grantSignIn(world);
  ben = await signedIn('ben');
  mia = await signedIn('mia');
});

afterAll(() => world.close());

afterEach(() => {
  Object.assign(world.entra.switches, defaultEntraSwitches(), { accessTokenLifetimeSeconds: 20 });
  // Long enough for all remembered refusals and pauses to expire.
  world.pass(3600);
});

describe('a renewal that Entra ID refuses', () => {
  it.each([
    [50074, 'two_factor_required', 'user'],
    [50055, 'password_expired', 'user'],
    [50144, 'password_expired', 'user'],
    [50057, 'account_disabled', 'administrator'],
    [50034, 'account_disabled', 'administrator'],
    [53000, 'device_not_compliant', 'administrator'],
    [50097, 'device_not_compliant', 'administrator'],
    [53003, 'blocked_by_policy', 'administrator'],
    [53002, 'blocked_by_policy', 'administrator'],
    [50105, 'not_assigned', 'administrator'],
    [50158, 'claims_challenge', 'user'],
    [700081, 'refresh_token_expired', 'user'],
    [50132, 'refresh_token_revoked', 'user'],
  ])('with AADSTS%i has the reason %s, the number, and words for the user', async (number, reason, by) => {
    world.entra.switches.refreshRefusedWith = number;
    const answer = await ben.script('GET', me);
    expect(answer.status).toBe(401);
    expect(problemOf(answer)).toMatchObject({
      code: 'interaction_required',
      reason,
      resolved_by: by,
      entra_error_code: number,
      login_url: expect.stringContaining('ticket='),
    });
    expect(problemOf(answer)['detail']).toMatch(by === 'user' ? /Sign in again/ : /organization/);
    world.pass(3600);
    world.entra.switches.refreshRefusedWith = 0;
    expect((await ben.script('GET', me)).status).toBe(200);
  });
});

describe('a permanent fault of this app', { tags: ['E3'] }, () => {
  it.each([
    [500011, 'registration-invalid', /Microsoft Graph: the API is unknown .* Requested: User\.Read/],
    [500014, 'registration-invalid', /Microsoft Graph/],
    [650053, 'registration-invalid', /permission of Microsoft Graph.* Requested: User\.Read/],
    [70011, 'registration-invalid', /User\.Read/],
    [90015, 'registration-invalid', /form of the request/],
    [900144, 'registration-invalid', /form of the request/],
    [9002313, 'registration-invalid', /form of the request/],
    [65005, 'registration-invalid', /API permissions/],
    [650057, 'registration-invalid', /API permissions/],
    [7000215, 'own-credential-refused', /rejected the credential/],
    [7000222, 'own-credential-refused', /has expired/],
    [700016, 'own-credential-refused', /client ID and the tenant ID/],
  ])(
    'with AADSTS%i is 503 without Retry-After, states what to correct, and signs no user out',
    async (number, logged, detail) => {
      world.entra.switches.refreshRefusedWith = number;
      const lines = worker.logLines.length;
      const answer = await ben.script('GET', me);
      expect([answer.status, answer.headers['retry-after'], answer.setCookies]).toEqual([503, undefined, []]);
      const problem = problemOf(answer);
      expect(problem).toMatchObject({
        code: 'registration_invalid',
        scopes: ['User.Read'],
        entra_error_code: number,
        detail: expect.stringMatching(detail),
      });
      const records = worker.logLines.slice(lines).join('\n');
      expect(records).toContain(`"event":"refresh-failed","audit":true`);
      expect(records).toContain(`"reason":"${logged}"`);
      expect(records).toContain(`"aadsts":${number}`);
      expect(records).toContain(`"hint":${JSON.stringify(problem['detail'])}`);
      expect(records).not.toContain('"transient"');
      expect(await ben.clone().scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });
    },
  );

  it('is answered from memory for the user, while other users are served, and is asked again after a pause', async () => {
    world.entra.switches.refreshRefusedWith = 500011;
    const [before, startedMs] = [redemptions(), performance.now()];
    for (let time = 0; time < 20; time++) expect((await ben.script('GET', me)).status).toBe(503);
    const pauses = Math.floor((performance.now() - startedMs) / 5_000);
    expect(redemptions() - before).toBeLessThanOrEqual(1 + pauses);
    world.entra.switches.refreshRefusedWith = 0;
    expect((await mia.script('GET', me)).status).toBe(200);
    world.pass(61);
    expect((await ben.script('GET', me)).status).toBe(200);
  });

  it('does not affect calls with a valid token, and another worker finds it too', async () => {
    world.entra.switches.accessTokenLifetimeSeconds = 3600;
    const browser = await (async () => {
      const fresh = worker.browser();
      await signIn(fresh, { user: 'mia' });
      return fresh;
    })();
    world.entra.switches.refreshRefusedWith = 650053;
    expect((await browser.script('GET', me)).status).toBe(200);
    const elsewhere = await ben.clone(other.origin).script('GET', me);
    expect([elsewhere.status, problemOf(elsewhere)['code']]).toEqual([503, 'registration_invalid']);
  });
});

describe('an app that Entra ID reports to be in a loop (AADSTS50196)', () => {
  it('waits a minute for each such user, and serves the others', async () => {
    const alice = await signedIn('alice');
    world.entra.switches.refreshRefusedWith = 50196;
    const before = redemptions();
    for (const browser of [ben, mia, ben, mia]) {
      const answer = await browser.script('GET', me);
      expect([answer.status, problemOf(answer)['code']]).toEqual([503, 'sign_in_service_unavailable']);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(30);
    }
    expect(redemptions() - before).toBe(2);
    expect(worker.logLines.join('\n')).toContain('"reason":"throttled"');
    world.entra.switches.refreshRefusedWith = 0;
    expect((await alice.script('GET', me)).status).toBe(200);
    world.pass(61);
    expect((await ben.script('GET', me)).status).toBe(200);
  });
});

describe('a renewal of the claims with fewer permissions than requested', () => {
  it('names the permissions, and the session does not say that they are granted', async () => {
    world.entra.switches.accessTokenLifetimeSeconds = 3600;
    const browser = worker.browser();
    await signIn(browser, { user: 'alice' });
    world.entra.switches.withheldPermissions = 'User.Read';
    world.advance(301);
    const answer = await browser.clone(other.origin).script('GET', me);
    world.advance(-301);
    expect(problemOf(answer)).toMatchObject({ reason: 'consent_required', scopes: ['User.Read'] });
    expect(await browser.clone(other.origin).scriptJson('/api/auth/session')).toMatchObject({
      features: { profile: 'not_asked' },
    });
    world.entra.switches.withheldPermissions = '';
    await signIn(browser, { user: 'alice', from: String(problemOf(answer)['login_url']) });
    expect((await browser.script('GET', me)).status).toBe(200);
  });
});

describe('a sign-in that Entra ID refuses', () => {
  it.each([
    ['access_denied', 50105, 403, 'You are not assigned to this app'],
    ['access_denied', 53003, 403, 'Your organization blocks this access'],
    ['invalid_resource', 500011, 503, 'This app is not set up correctly'],
    ['invalid_client', 650053, 503, 'This app is not set up correctly'],
  ])('with %s and AADSTS%i ends with %i on the page "%s"', async (error, number, status, title) => {
    const browser = worker.browser();
    world.entra.intercept.authorizeRedirect = (url) => {
      url.searchParams.delete('code');
      url.searchParams.set('error', error);
      url.searchParams.set('error_description', `AADSTS${number}: canary`);
      return url;
    };
    const page = await signIn(browser, { user: 'ben' });
    world.entra.intercept.authorizeRedirect = undefined;
    expect(page.status).toBe(status);
    expect(page.body).toContain(title);
    expect(page.body).not.toContain('canary');
    // Reloading the page, or Back, shows the same reason.
    const again = await browser.navigate(page.url.href);
    expect([again.status, again.body.includes(title)]).toEqual([status, true]);
  });
});
