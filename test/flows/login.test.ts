import { createHash } from 'node:crypto';
import { demoClient } from '@entra-bff/directory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callbackAddress, knownAtEntra } from '../support/callback-address.ts';
import { readSessionRows } from '../support/table-rows.ts';
import { sendWire, type UserAgent } from '../support/user-agent.ts';
import { signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
/** A browser that is signed in as Alice. Tests use copies of it. */
let alice: UserAgent;

/** A worker without a session cache, so that every request reads the table. */
const asksAlways = { SESSION_CACHE_SECONDS: '0' };

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker({ environment: asksAlways });
  alice = worker.browser();
  await signIn(alice, { user: 'alice' });
});

afterAll(() => world.close());

const loginPath = '/api/auth/login';

/** The values that differ between two sign-ins. */
const perLogin = ['state', 'nonce', 'code_challenge', 'client-request-id'];

async function begin(query = '', headers: Record<string, string> = {}) {
  const answer = await sendWire(worker.origin, `${loginPath}${query}`, { headers });
  const location = new URL(answer.headers.location ?? 'about:blank');
  return { answer, location, asked: Object.fromEntries(location.searchParams) };
}

function fixedParts(location: URL): string {
  const copy = new URL(location);
  for (const name of perLogin) copy.searchParams.delete(name);
  return copy.href;
}

describe('a login request', () => {
  it('requests a code with PKCE S256 and new secrets each time', {
    tags: ['LR-1'],
  }, async () => {
    const seen = new Set<string>();
    for (let count = 0; count < 100; count++) {
      const { asked } = await begin();
      expect(asked).toMatchObject({ response_type: 'code', code_challenge_method: 'S256' });
      for (const name of ['state', 'nonce', 'code_challenge']) {
        expect(asked[name]).toMatch(/^(?:[0-4]\.)?[\w-]{43}$/);
        seen.add(asked[name] ?? '');
      }
    }
    expect(seen.size).toBe(300);
  });

  it('redeems the code with the verifier whose hash was the code challenge', {
    tags: ['LR-1'],
  }, async () => {
    const browser = knownAtEntra(alice);
    await browser.navigate(loginPath);
    const authorize = world.entra.requests.findLast(({ kind }) => kind === 'authorize');
    const token = world.entra.requests.findLast(({ kind }) => kind === 'token');
    const verifier = token?.form['code_verifier'] ?? '';
    expect(createHash('sha256').update(verifier).digest('base64url')).toBe(
      authorize?.query['code_challenge'],
    );
    expect(verifier).not.toBe('');
  });

  it('requests only the sign-in scopes and the scopes of OpenID Connect, each parameter once', {
    tags: ['LR-4'],
  }, async () => {
    const { location, asked } = await begin();
    const names = [...location.searchParams.keys()];
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
    expect(asked['scope']?.split(' ').sort()).toEqual(['User.Read', 'offline_access', 'openid', 'profile']);
    expect(asked).toMatchObject({
      client_id: demoClient.clientId,
      redirect_uri: `${worker.origin}/api/auth/callback`,
      response_mode: 'query',
    });
    expect(location.origin).toBe(world.entra.origin);
    expect(location.pathname).toBe(`/${demoClient.tenantId}/oauth2/v2.0/authorize`);
  });

  it('passes on prompt, hints and the permissions of a feature', { tags: ['LR-4'] }, async () => {
    const { asked } = await begin(
      '?prompt=login&login_hint=ben%40contoso.example%26scope%3Dx&domain_hint=contoso.example&feature=mail',
    );
    expect(asked).toMatchObject({
      prompt: 'login',
      login_hint: 'ben@contoso.example&scope=x',
      domain_hint: 'contoso.example',
    });
    expect(asked['scope']?.split(' ')).toContain('Mail.Read');
  });

  it('responds with 303, no-store, no-referrer and one Strict cookie', {
    tags: ['LR-2', 'LR-6'],
  }, async () => {
    const { answer } = await begin();
    expect(answer.status).toBe(303);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(answer.body).toBe('');
    expect(answer.setCookies).toHaveLength(1);
    expect(answer.setCookies[0]).toMatch(
      /^tx-[0-4]=[\w-]+; max-age=3600; path=\/; samesite=strict; httponly$/i,
    );
  });

  it('sets a __Host- cookie with Secure if the public address is https', { tags: ['LR-2'] }, async () => {
    const secure = await world.startWorker({ environment: { PUBLIC_BASE_URL: 'https://app.example' } });
    const answer = await sendWire(secure.origin, loginPath);
    expect(answer.setCookies).toHaveLength(1);
    expect(answer.setCookies[0]).toMatch(
      /^__Host-tx-[0-4]=[\w-]+; max-age=3600; path=\/; secure; samesite=strict; httponly$/i,
    );
  });

  it('does not change the session before the sign-in is completed', { tags: ['LR-6'] }, async () => {
    const browser = alice.clone();
    const before = browser.cookies().get('session');
    await browser.request(`${loginPath}?prompt=select_account`);
    expect(browser.cookies().get('session')).toBe(before);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });
  });

  it('can be started 200 times in one browser with less than 8 KiB of cookies, and the newest completes', {
    tags: ['LR-6'],
  }, async () => {
    const browser = knownAtEntra(alice);
    const returnPath = `/${'r'.repeat(500)}`;
    for (let count = 0; count < 200; count++)
      await browser.request(`${loginPath}?feature=mail&return_to=${returnPath}`);
    browser.cookies().set('session', alice.cookies().get('session') ?? '');
    const cookieHeader = [...browser.cookies()].map(([name, value]) => `${name}=${value}`).join('; ');
    expect(cookieHeader.length).toBeLessThan(8 * 1024);
    const page = await browser.navigate(`${loginPath}?return_to=/newest`);
    expect(page.url.pathname).toBe('/newest');
  });

  it('stores nothing, neither for abandoned sign-ins nor for forged callbacks', {
    tags: ['DO-1'],
  }, async () => {
    const rowsBefore = await readSessionRows(world);
    const writesBefore = worker.table.writes();
    const readsBefore = worker.table.counts.read;
    const secret = 'a'.repeat(43);
    for (let count = 0; count < 100; count++) {
      await begin('?feature=mail&return_to=/mail');
      await sendWire(worker.origin, `/api/auth/callback?state=${count % 5}.${secret}&code=x&bounced=1`, {
        headers: { cookie: `session=${secret}; tx-${count % 5}=${secret}` },
      });
    }
    expect(worker.table.writes()).toBe(writesBefore);
    expect(worker.table.counts.read).toBe(readsBefore);
    expect(await readSessionRows(world)).toEqual(rowsBefore);
  });

  it('keeps the return path from the first request to the last redirect', { tags: ['RU-4'] }, async () => {
    const browser = knownAtEntra(alice);
    const callback = await callbackAddress(browser, `${loginPath}?return_to=/mail%3Ffolder=inbox%23top`);
    const { href } = callback;
    const answer = await browser.request(
      `${href}&return_to=%2Fother&returnTo=%2F%2Fother.example&redirect_uri=x`,
    );
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe('/mail?folder=inbox#top');
  });

  describe('refuses', () => {
    it('to take its own address from Host or forwarding headers', { tags: ['LR-3'] }, async () => {
      const honest = fixedParts((await begin()).location);
      const name = 'other.example';
      const hostile: Record<string, string>[] = [
        { host: name },
        { host: `${name}:443` },
        { host: '' },
        { 'x-forwarded-host': name },
        { 'x-forwarded-proto': 'https', 'x-forwarded-port': '8443' },
        { 'x-forwarded-prefix': '/prefix', 'x-forwarded-uri': '/other' },
        { forwarded: `for=1.2.3.4;host=${name};proto=https` },
        { 'x-original-url': `https://${name}/`, 'x-rewrite-url': '/other' },
        { 'x-original-host': name, 'x-host': name, 'x-http-host-override': name },
        { 'x-arr-ssl': 'x', 'x-ms-original-url': `https://${name}/` },
        { 'disguised-host': name, 'was-default-hostname': name, 'x-site-deployment-id': name },
        { origin: `https://${name}`, referer: `https://${name}/` },
        { 'x-ms-client-principal': 'eyJ1c2VySWQiOiJ4In0=', 'x-ms-client-principal-name': name },
      ];
      for (const headers of hostile) {
        const { answer, location } = await begin('', headers);
        expect(answer.status, JSON.stringify(headers)).toBe(303);
        expect(fixedParts(location), JSON.stringify(headers)).toBe(honest);
      }
    });

    it('to pass on parameters that a link adds, plainly or inside a return path', {
      tags: ['LR-4'],
    }, async () => {
      const honest = fixedParts((await begin()).location);
      const wishes = {
        scope: 'Directory.Read.All',
        client_id: 'x',
        redirect_uri: 'https://other.example/',
        response_mode: 'fragment',
        response_type: 'id_token token',
        claims: '{"id_token":{}}',
        state: '0.x',
        nonce: 'x',
        code_challenge: 'x',
        code_challenge_method: 'plain',
        acr_values: 'x',
        max_age: '0',
        request_uri: 'https://other.example/',
        resource: 'https://other.example/',
        scopes: 'Mail.Read',
        extraQueryParameters: 'x',
      };
      const smuggled = new URLSearchParams(wishes).toString();
      for (const query of [
        smuggled,
        `return_to=${encodeURIComponent(`/mail?${smuggled}`)}`,
        `return_to=${encodeURIComponent(`/&${smuggled}#${smuggled}`)}`,
      ]) {
        const { answer, location } = await begin(`?${query}`);
        expect(answer.status).toBe(303);
        expect(fixedParts(location)).toBe(honest);
        for (const name of perLogin) expect(location.searchParams.getAll(name)).toHaveLength(1);
      }
    });

    it.each([
      '?prompt=consent',
      '?prompt=NONE',
      '?prompt=',
      '?prompt=login%20none',
      '?prompt=none&prompt=login',
      '?return_to=/a&Return_To=/b',
      '?login_hint=a%0d%0ab',
      '?domain_hint=%00',
      '?domain_hint=%E2%80%A8',
      '?feature=unknown',
      '?feature=__proto__',
      '?feature=constructor',
      '?feature=mail%20profile',
      '?return_to=%ff',
      '?return_to=%',
    ])('%s', { tags: ['LR-4'] }, async (query) => {
      const { answer } = await begin(query);
      expect(answer.status).toBe(400);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'request_invalid' });
      expect(answer.setCookies).toEqual([]);
    });

    it.each([
      '//other.example/',
      '/\\other.example',
      'https://other.example/',
      '/%2f/other.example',
      '/\t/other.example',
      'javascript:alert(1)',
      '/api/auth/login',
      '/..//other.example',
      'mail',
      '',
    ])('the return path %j, and returns to / instead', { tags: ['RU-1', 'RU-3'] }, async (returnPath) => {
      const browser = knownAtEntra(alice);
      const callback = await callbackAddress(
        browser,
        `${loginPath}?return_to=${encodeURIComponent(returnPath)}`,
      );
      expect((await browser.request(callback.href)).headers.location).toBe('/');
    });

    it('a return path that is too long for a cookie', {
      tags: ['LR-6', 'RU-3'],
    }, async () => {
      const { answer } = await begin(`?return_to=/${'a'.repeat(4_000)}`);
      expect(answer.status).toBe(303);
      expect(answer.setCookies[0]?.length).toBeLessThan(1_000);
    });

    it('a hint that is longer than an email address can be', { tags: ['LR-4'] }, async () => {
      expect((await begin(`?login_hint=${'a'.repeat(254)}`)).answer.status).toBe(303);
      expect((await begin(`?login_hint=${'a'.repeat(255)}`)).answer.status).toBe(400);
    });

    it('all methods except GET, including HEAD', { tags: ['LR-6'] }, async () => {
      for (const method of ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
        const answer = await sendWire(worker.origin, loginPath, { method });
        expect(answer.status).toBe(405);
        expect(answer.setCookies).toEqual([]);
      }
    });

    it('any other destination after sign-out than the start page', { tags: ['RU-4'] }, async () => {
      const browser = alice.clone();
      const answer = await browser.script(
        'POST',
        '/api/auth/logout?return_to=//other.example&post_logout_redirect_uri=https://other.example/',
        { headers: { 'content-type': 'application/json', 'content-length': '0' } },
      );
      const { logout_url: logoutUrl }: { logout_url?: unknown } = JSON.parse(answer.body);
      const target = new URL(String(logoutUrl));
      expect(target.origin).toBe(world.entra.origin);
      expect(target.searchParams.getAll('post_logout_redirect_uri')).toEqual([
        `${worker.origin}/api/auth/callback`,
      ]);
    });

    it('to start while the session cannot be read, and keeps its cookie', { tags: ['LR-6'] }, async () => {
      const browser = worker.browser();
      await signIn(browser, { user: 'ben' });
      worker.table.failing.add('read');
      const answer = await browser.request(loginPath);
      worker.table.recover();
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBeDefined();
      expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });
    });
  });
});
