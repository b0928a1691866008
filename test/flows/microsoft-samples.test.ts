import { createHash } from 'node:crypto';
import { demoClient, demoUsers } from '@entra-bff/directory';
import { defaultEntraSwitches, policyIds } from '@entra-bff/entra-emulator';
import { defaultGraphSwitches } from '@entra-bff/graph-emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callbackAddress, knownAtEntra } from '../support/callback-address.ts';
import { readSessionRows, removeRows } from '../support/table-rows.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, userId, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let otherWorker: Worker;
/** A browser that is signed in at Entra ID as Ben, and not in this app. */
let ben: UserAgent;

const asksAlways = { SESSION_CACHE_SECONDS: '0' };
const { tenantId, clientId } = demoClient;
const asPage = { headers: { accept: 'text/html' } };
const me = '/api/graph/v1.0/me';
const messages = '/api/graph/v1.0/me/messages';

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker({ environment: asksAlways });
  otherWorker = await world.startWorker({ environment: asksAlways });
  grantSignIn(world);
  const browser = worker.browser();
  await signIn(browser, { user: 'ben' });
  ben = knownAtEntra(browser);
});

afterAll(() => world.close());

afterEach(async () => {
  worker.table.before = undefined;
  Object.assign(world.entra.switches, defaultEntraSwitches());
  Object.assign(world.graph.switches, defaultGraphSwitches());
  world.graph.clearRevocations();
  world.entra.intercept.idTokenClaims = undefined;
  world.entra.intercept.tokenResponse = undefined;
  world.entra.consents.revoke(demoUsers.ben.id);
  await removeRows(world);
});

async function signedIn(): Promise<UserAgent> {
  const browser = ben.clone();
  await browser.navigate('/api/auth/login');
  return browser;
}

function grantMail(): void {
  world.entra.consents.grant({ tenantId, clientId, userId: demoUsers.ben.id, scopes: ['Mail.Read'] });
}

const isSignedIn = async (browser: UserAgent) =>
  (await browser.clone().scriptJson('/api/auth/session'))['signed_in'];
const codeOf = ({ body }: WireAnswer): unknown => JSON.parse(body)['code'];
const problemOf = ({ body }: WireAnswer): Record<string, unknown> => JSON.parse(body);
const redemptions = () => world.entra.count('token', 'authorization_code');
const setsSession = ({ setCookies }: WireAnswer) => setCookies.some((line) => /^session=[^;]/.test(line));

const lastTokenForm = (): Readonly<Record<string, string>> =>
  world.entra.requests.findLast(({ kind }) => kind === 'token')?.form ?? {};

/** Returns the parameters of the authorization request that the login route sends. */
async function asked(browser: UserAgent, loginUrl = '/api/auth/login'): Promise<URLSearchParams> {
  return new URL((await browser.request(loginUrl)).headers.location ?? '').searchParams;
}

/** Collects the claims challenges with which Entra ID refuses renewals. */
function recordDemands(): string[] {
  const demands: string[] = [];
  world.entra.intercept.tokenResponse = (reply) => {
    const claims: unknown = Reflect.get(Object(reply.body), 'claims');
    if (typeof claims === 'string') demands.push(claims);
    return reply;
  };
  return demands;
}

describe('a fault of the sample 1-call-graph-bff', () => {
  it('(unvalidated return address): the browser is never redirected to another origin', {
    tags: ['RU-1'],
  }, async () => {
    for (const [returnTo, end] of [
      ['https://evil.example/', '/'],
      ['//evil.example/', '/'],
      ['/\\evil.example/', '/'],
      ['/%2f%2fevil.example/', '/'],
      ['/mail?folder=a', '/mail?folder=a'],
    ] as const) {
      const browser = ben.clone();
      const value = encodeURIComponent(returnTo);
      const last = await browser.navigate(
        `/api/auth/login?return_to=${value}&postLoginRedirectUri=${encodeURIComponent('https://evil.example/')}`,
      );
      expect(last.url.href, returnTo).toBe(`${worker.origin}${end}`);
      const targets = browser.received.flatMap(({ headers }) => headers.location ?? []);
      expect(targets.length).toBeGreaterThanOrEqual(3);
      for (const target of targets) {
        const { origin } = new URL(target, worker.origin);
        expect([worker.origin, world.entra.origin], target).toContain(origin);
      }
    }
  });

  it('(one plain cookie for the code verifier): each tab has its own sealed Strict cookie', async () => {
    const browser = ben.clone();
    const tabs = [];
    for (const tab of ['/one', '/two'])
      tabs.push(await callbackAddress(browser, `/api/auth/login?return_to=${tab}`));
    const kept = [...browser.cookies()];
    expect(kept.map(([name]) => name)).toEqual([
      expect.stringMatching(/^tx-\d$/),
      expect.stringMatching(/^tx-\d$/),
    ]);
    for (const line of browser.received.flatMap(({ setCookies }) => setCookies)) {
      if (line.startsWith('tx-')) expect(line).toMatch(/; samesite=strict; httponly$/i);
    }
    const [[name = '', value = ''] = []] = kept;
    const spoilt = browser.clone();
    spoilt.cookies().set(name, `${value.slice(0, -8)}AAAAAAAA`);
    const ofSpoilt = tabs.find(({ searchParams }) => searchParams.get('state')?.[0] === name.slice(-1));
    expect((await spoilt.request(ofSpoilt?.href ?? '', asPage)).status).toBe(400);

    for (const [at, tab] of tabs.entries()) {
      const end = await browser.request(tab.href, asPage);
      expect([end.status, end.headers.location]).toEqual([303, ['/one', '/two'][at]]);
      const verifier = lastTokenForm()['code_verifier'] ?? '';
      expect(verifier).toHaveLength(43);
      for (const [, sealed] of kept) {
        expect(sealed).not.toContain(verifier);
        expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain(verifier);
      }
    }
  });

  it('(no handling of a missing cookie and of access_denied): each ends on its own page', async () => {
    const callback = await callbackAddress(ben.clone());
    callback.searchParams.set('bounced', '1');
    const without = await worker.browser().request(callback.href, asPage);
    expect([without.status, setsSession(without)]).toEqual([400, false]);
    expect(without.body).toContain('This sign-in cannot be completed');
    expect(without.body).toContain('href="/api/auth/login');

    const browser = ben.clone();
    const denied = await callbackAddress(browser, '/api/auth/login?return_to=/mail');
    denied.searchParams.delete('code');
    denied.searchParams.set('error', 'access_denied');
    const page = await browser.request(denied.href, asPage);
    expect([page.status, setsSession(page)]).toEqual([403, false]);
    expect(page.body).toContain('Permission declined');
    expect(page.body).toContain('href="/mail"');
  });

  it('(ineffective error handler): an error of a route becomes a problem document or a page', async () => {
    const browser = await signedIn();
    worker.table.before = () => {
      throw new TypeError('canary-of-the-inside');
    };
    const inWindow = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    for (const [method, path, headers = {}] of [
      ['GET', '/api/auth/session'],
      ['GET', me],
      ['GET', '/api/admin'],
      ['GET', '/api/auth/login', inWindow],
      ['GET', '/api/auth/callback?state=x', inWindow],
    ] as const) {
      const answer = await browser.clone().script(method, path, { headers });
      expect([answer.status, codeOf(answer)], path).toEqual([500, 'internal_error']);
      const type = path === me ? 'application/json' : 'application/problem+json';
      expect(answer.headers['content-type'], path).toBe(`${type}; charset=utf-8`);
      expect(answer.headers['bff-problem'], path).toBe('internal_error');
      expect(answer.body).not.toContain('canary');
    }
    const page = await browser.clone().request('/api/admin', asPage);
    expect(page.status).toBe(500);
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    expect(page.body).not.toContain('canary');
  });

  it('(ineffective CSRF guard, sign-out by GET): every call needs the CSRF header, and a GET does not sign out', {
    tags: ['CS-4'],
  }, async () => {
    const browser = await signedIn();
    const calls = world.graph.count();
    for (const [method, path] of [
      ['GET', me],
      ['GET', '/api/auth/session'],
      ['POST', '/api/auth/logout'],
    ] as const) {
      for (const headers of [{ 'x-csrf': '' }, { origin: 'https://evil.example' }]) {
        const answer = await browser.clone().script(method, path, { headers });
        expect([answer.status, answer.setCookies], path).toEqual([403, []]);
      }
    }
    expect((await browser.navigate('/api/auth/logout')).setCookies).toEqual([]);
    expect(world.graph.count()).toBe(calls);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('(dropped claims of an interaction error): claims and scopes of the call reach Entra ID', {
    tags: ['LR-5'],
  }, async () => {
    world.entra.switches.accessTokenLifetimeSeconds = 20;
    const browser = await signedIn();
    world.entra.switches.conditionalAccess = 'external-challenge';
    const demands = recordDemands();
    const refused = await browser.script('GET', me);
    expect([refused.status, codeOf(refused)]).toEqual([401, 'interaction_required']);
    expect(refused.body).not.toContain('capolids');
    const query = await asked(browser.clone(), String(problemOf(refused)['login_url']));
    const { access_token: demanded } = JSON.parse(demands.at(-1) ?? '');
    expect(demanded.capolids.values).toEqual([policyIds['external-challenge']]);
    expect(JSON.parse(query.get('claims') ?? '')).toMatchObject({ access_token: demanded });
    expect(query.get('scope')?.split(' ')).toContain('User.Read');
  });

  it('(claims challenge split at commas and equals signs): quotes and padding are read, and an unreadable one stays a 401', {
    tags: ['PX-15'],
  }, async () => {
    const browser = await signedIn();
    // The claims end with one padding character.
    for (const form of ['plain', 'quoted-commas', 'several-challenges'] as const) {
      Object.assign(world.graph.switches, { challengeForm: form, alwaysChallenges: true });
      const refused = await browser.script('GET', me);
      const { login_url: loginUrl } = problemOf(refused);
      const query = await asked(browser.clone(), String(loginUrl));
      expect(JSON.parse(query.get('claims') ?? ''), form).toMatchObject({
        access_token: { nbf: { essential: true, value: expect.stringMatching(/^\d{10}$/) } },
      });
    }
    for (const form of ['not-an-object', 'unterminated', 'empty'] as const) {
      world.graph.switches.challengeForm = form;
      expect((await browser.script('GET', me)).status, form).toBe(401);
      expect(await isSignedIn(browser)).toBe(true);
    }
  });

  it('(claims never cleared, orphaned session): claims are requested once, and one session remains', async () => {
    world.entra.switches.accessTokenLifetimeSeconds = 20;
    const browser = await signedIn();
    const [before] = await readSessionRows(world);
    world.entra.switches.conditionalAccess = 'external-challenge';
    const loginUrl = String(problemOf(await browser.script('GET', me))['login_url']);
    expect((await asked(browser.clone(), loginUrl)).get('claims')).toContain('capolids');
    await signIn(browser, { user: 'ben', from: loginUrl });

    const rows = await readSessionRows(world);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.rowKey).not.toBe(before?.rowKey);
    const renewed = world.entra.count('token', 'refresh_token');
    expect((await browser.script('GET', me)).status).toBe(200);
    expect(world.entra.count('token', 'refresh_token')).toBe(renewed + 1);
    const refresh = world.entra.requests.findLast(({ grantType }) => grantType === 'refresh_token');
    expect(refresh?.form['claims'] ?? '').not.toContain('capolids');
    expect((await asked(browser)).get('claims') ?? '').not.toContain('capolids');
  });

  it('(tokens in the memory of one process): every worker can use the session, even if it starts later', async () => {
    const browser = await signedIn();
    expect((await browser.clone(otherWorker.origin).script('GET', me)).status).toBe(200);
    const restarted = await world.startWorker();
    const elsewhere = browser.clone(restarted.origin);
    expect(await elsewhere.scriptJson('/api/auth/session')).toMatchObject({
      username: 'ben@contoso.example',
    });
    expect(JSON.parse((await elsewhere.script('GET', me)).body)).toMatchObject({ id: demoUsers.ben.id });
    // Both workers have the same public address, as in a deployment.
    await elsewhere.script('POST', '/api/auth/logout', { headers: { origin: worker.origin } });
    expect(await isSignedIn(browser)).toBe(false);
  });

  it('(malformed sign-out address): the address is complete, and Entra ID redirects back', async () => {
    const browser = await signedIn();
    const answer = await browser.script(
      'POST',
      '/api/auth/logout?postLogoutRedirectUri=https://evil.example/&post_logout_redirect_uri=https://evil.example/',
    );
    const address = String(problemOf(answer)['logout_url']);
    const home = encodeURIComponent(`${worker.origin}/api/auth/callback`);
    expect(new URL(address).search.slice(1).split('&').sort()).toEqual([
      expect.stringMatching(/^logout_hint=[^&]+$/),
      `post_logout_redirect_uri=${home}`,
    ]);
    expect((await browser.navigate(address)).status).toBe(200);
    const received = world.entra.requests.findLast(({ kind }) => kind === 'logout');
    expect(received?.query).toMatchObject({ post_logout_redirect_uri: `${worker.origin}/api/auth/callback` });
    // Ben is now signed out at Entra ID, so the other tests need a new sign-in.
    const anew = worker.browser();
    await signIn(anew, { user: 'ben' });
    ben = knownAtEntra(anew);
  });

  it('(one fixed call instead of a proxy): every call that the policy allows reaches Graph, and no other', async () => {
    grantMail();
    const browser = ben.clone();
    await browser.navigate('/api/auth/login?feature=mail');
    for (const [path, status] of [
      [`${me}?$select=displayName`, 200],
      [`${me}/memberOf?$top=1`, 200],
      [`${messages}?$top=1&$select=subject`, 200],
    ] as const) {
      expect((await browser.script('GET', path)).status, path).toBe(status);
      const { target, subject } = world.graph.requests.at(-1) ?? {};
      expect([target, subject]).toEqual([path.replace('/api/graph', ''), demoUsers.ben.id]);
    }
    const calls = world.graph.count();
    for (const path of [
      '/api/graph/v1.0/users?$select=passwordProfile',
      `${me}?$expand=manager`,
      '/api/graph/beta/me',
    ]) {
      expect((await browser.script('GET', path)).status, path).toBe(403);
    }
    expect(world.graph.count()).toBe(calls);
  });
});

describe('a fault of the sample msal-node-wrapper', () => {
  it('(interaction error without its claims): the user satisfies the claims challenge once, and the call succeeds', async () => {
    world.entra.switches.accessTokenLifetimeSeconds = 20;
    const browser = await signedIn();
    world.entra.switches.secondFactorDemanded = true;
    const demands = recordDemands();
    const refused = problemOf(await browser.script('GET', me));
    expect(refused).toMatchObject({ code: 'interaction_required', reason: 'two_factor_required' });
    await signIn(browser, { user: 'ben', from: String(refused['login_url']) });
    const authorize = world.entra.requests.findLast(
      ({ kind, method }) => kind === 'authorize' && method === 'GET',
    );
    const { access_token: demanded } = JSON.parse(demands.at(-1) ?? '{}');
    expect(demanded).toBeDefined();
    expect(JSON.parse(authorize?.query['claims'] ?? '')).toMatchObject({ access_token: demanded });
    expect((await browser.script('GET', me)).status).toBe(200);
  });

  it('(no code challenge, no nonce): both are new for each sign-in, and both are checked', async () => {
    const seen = new Set<string>();
    for (let count = 0; count < 5; count++) {
      const query = await asked(ben.clone());
      expect(query.get('code_challenge_method')).toBe('S256');
      for (const name of ['nonce', 'code_challenge']) {
        expect(query.get(name)).toMatch(/^[\w-]{43}$/);
        seen.add(query.get(name) ?? '');
      }
    }
    expect(seen.size).toBe(10);

    // The code of another sign-in in the same browser has another verifier.
    const browser = ben.clone();
    const [first, second] = [await callbackAddress(browser), await callbackAddress(browser)];
    const swapped = new URL(first);
    swapped.searchParams.set('code', second.searchParams.get('code') ?? '');
    expect(setsSession(await browser.request(swapped.href, asPage))).toBe(false);
    const challenge = createHash('sha256')
      .update(lastTokenForm()['code_verifier'] ?? '')
      .digest('base64url');
    const ofFirst = world.entra.requests.find(
      ({ kind, query }) => kind === 'authorize' && query['state'] === first.searchParams.get('state'),
    );
    expect(challenge).toBe(ofFirst?.query['code_challenge']);

    world.entra.intercept.idTokenClaims = (claims) => ({ ...claims, nonce: 'another' });
    const other = ben.clone();
    const end = await other.request((await callbackAddress(other)).href, asPage);
    expect([end.status < 500, setsSession(end)]).toEqual([true, false]);
    expect(await isSignedIn(other)).toBe(false);
  });

  it('(predictable state): the state is random and opaque, and an invented one redeems no code', async () => {
    const states = new Set<string>();
    for (let count = 0; count < 20; count++) {
      const state = (await asked(ben.clone(), '/api/auth/login?return_to=/mail')).get('state') ?? '';
      expect(state).toMatch(/^[0-4]\.[\w-]{43}$/);
      expect(Buffer.from(state.slice(2), 'base64url').toString('latin1')).not.toMatch(/mail|return|\{"/);
      states.add(state.slice(2));
    }
    expect(states.size).toBe(20);

    const browser = ben.clone();
    const callback = await callbackAddress(browser);
    const before = redemptions();
    const json = JSON.stringify({ postLoginRedirectUri: 'https://evil.example/', csrfToken: 'x' });
    const slot = callback.searchParams.get('state')?.[0];
    for (const state of [Buffer.from(json).toString('base64'), `${slot}.${'A'.repeat(43)}`]) {
      const forged = new URL(callback);
      forged.searchParams.set('state', state);
      forged.searchParams.set('bounced', '1');
      expect((await browser.clone().request(forged.href, asPage)).status).toBe(400);
    }
    expect(redemptions()).toBe(before);
  });

  it('("code not found" after a denial): the page names the denial and offers two ways to continue', async () => {
    const browser = await signedIn();
    const page = await signIn(browser, {
      user: 'ben',
      decision: 'decline',
      from: '/api/auth/login?feature=mail&return_to=/mail',
    });
    expect(page.status).toBe(403);
    expect(page.body).toContain('Permission declined');
    expect(page.body).toContain('href="/mail"');
    expect(page.body).toContain('href="/api/auth/login?feature=mail&amp;return_to=%2Fmail"');
    expect(page.body).not.toMatch(/code not found/i);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({
      signed_in: true,
      features: { mail: 'declined' },
    });
  });

  it('(forced sign-out at Entra ID): the app gets the address and decides whether to use it', async () => {
    const browser = await signedIn();
    const before = world.entra.count('logout');
    const answer = await browser.script('POST', '/api/auth/logout');
    expect([answer.status, answer.headers.location]).toEqual([200, undefined]);
    expect(await isSignedIn(browser)).toBe(false);
    expect(world.entra.count('logout')).toBe(before);
    await browser.navigate('/api/auth/login?prompt=none');
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('(claims of numbers that never match): a role is an exact string in an array', async () => {
    for (const [roles, status] of [
      [1, 403],
      [[1], 403],
      ['Admin', 403],
      [['Admin', 1], 403],
      [['Admin'], 200],
    ] as const) {
      world.entra.intercept.idTokenClaims = (claims) => ({ ...claims, acct: 0, roles });
      const answer = await (await signedIn()).script('GET', '/api/admin');
      expect(answer.status, JSON.stringify(roles)).toBe(status);
    }
  });

  it('(sign-out return address not encoded): the form redirects to an encoded one', async () => {
    const browser = await signedIn();
    const page = await browser.navigate('/api/auth/logout');
    const formToken = /name="form_token" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    const body = new URLSearchParams({ form_token: formToken }).toString();
    const answer = await browser.request('/api/auth/logout', {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(body.length),
        origin: worker.origin,
        'sec-fetch-site': 'same-origin',
      },
    });
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toContain(
      `post_logout_redirect_uri=${encodeURIComponent(`${worker.origin}/api/auth/callback`)}&logout_hint=`,
    );
  });

  it('(session id survives the sign-in): every sign-in has a new id, ignores a planted one, and ends the old one', async () => {
    const planted = await signedIn();
    const victim = ben.clone();
    victim.cookies().set('session', 'A'.repeat(80));
    await victim.navigate('/api/auth/login');
    expect(victim.cookies().get('session')).not.toBe('A'.repeat(80));

    const before = planted.clone();
    await planted.navigate('/api/auth/login');
    expect(planted.cookies().get('session')).not.toBe(before.cookies().get('session'));
    expect([await isSignedIn(planted), await isSignedIn(before)]).toEqual([true, false]);
  });

  it('(one slot for the token request of two tabs): each tab gets the permissions that it requested', async () => {
    grantMail();
    const browser = ben.clone();
    const mail = await callbackAddress(browser, '/api/auth/login?feature=mail&return_to=/mail');
    const plain = await callbackAddress(browser, '/api/auth/login?return_to=/plain');
    for (const [tab, path, hasMail] of [
      [mail, '/mail', true],
      [plain, '/plain', false],
    ] as const) {
      expect((await browser.request(tab.href, asPage)).headers.location).toBe(path);
      expect((lastTokenForm()['scope'] ?? '').includes('Mail.Read')).toBe(hasMail);
    }
  });

  it('(no step-up): the user satisfies the authentication context that Graph requires, and the call succeeds', {
    tags: ['PX-15', 'LR-5'],
  }, async () => {
    // A new browser, because Entra ID would remember a second factor.
    const browser = worker.browser();
    await signIn(browser, { user: 'ben' });
    world.graph.switches.authenticationContextDemanded = true;
    const demands = recordDemands();
    const refused = problemOf(await browser.script('GET', me));
    expect(refused).toMatchObject({ code: 'interaction_required', reason: 'two_factor_required' });
    expect(lastTokenForm()['claims']).toMatch(/"acrs":\{"essential":true, ?"value":"c1"\}/);
    // Entra ID answers Graph's claims challenge with its own, and the user is sent with that one.
    const loginUrl = String(refused['login_url']);
    const { access_token: demanded } = JSON.parse(demands.at(-1) ?? '');
    expect(JSON.parse((await asked(browser.clone(), loginUrl)).get('claims') ?? '')).toMatchObject({
      access_token: demanded,
    });
    await signIn(browser, { user: 'ben', from: loginUrl });
    const answer = await browser.script('GET', me);
    expect([answer.status, JSON.parse(answer.body).id]).toEqual([200, userId('ben')]);
    expect(lastTokenForm()).toMatchObject({ grant_type: 'refresh_token' });
    expect(lastTokenForm()['claims']).toContain('"c1"');
  });
});
