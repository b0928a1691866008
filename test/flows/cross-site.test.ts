import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sendWire, type UserAgent, type WireAnswer, type WireRequest } from '../support/user-agent.ts';
import { signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let browser: UserAgent;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  browser = worker.browser();
  await signIn(browser, { user: 'alice' });
  world.graph.requests.length = 0;
});

afterAll(() => world.close());

/** A refused request must cause no call to Graph and not end the session. */
afterEach(async () => {
  expect(world.graph.count()).toBe(0);
  expect(await browser.clone().scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });
});

function send(target: string, request: WireRequest = {}): Promise<WireAnswer> {
  const cookie = [...browser.cookies()].map(([name, value]) => `${name}=${value}`).join('; ');
  return sendWire(worker.origin, target, { ...request, headers: { cookie, ...request.headers } });
}

const codeOf = ({ body }: WireAnswer): unknown => JSON.parse(body).code;

/** Every route that uses the session cookie, as a script calls it. */
const scriptRoutes = [
  ['GET', '/api/auth/session'],
  ['GET', '/api/graph/v1.0/me'],
  ['HEAD', '/api/graph/v1.0/me/photo/$value'],
  ['POST', '/api/graph/v1.0/me/sendMail'],
  ['PUT', '/api/graph/v1.0/me'],
  ['PATCH', '/api/graph/v1.0/me'],
  ['DELETE', '/api/graph/v1.0/me'],
  ['GET', '/api/admin'],
  ['POST', '/api/auth/logout'],
] as const;

const isRefused = (answer: WireAnswer, method: string) => {
  expect(answer.status).toBe(403);
  if (method !== 'HEAD') expect(codeOf(answer)).toBe('cross_site_request');
  expect(answer.headers['set-cookie']).toBeUndefined();
};

describe('refuses', () => {
  describe.each(scriptRoutes)('%s %s', (method, path) => {
    it('without X-CSRF: 1 or with another value', { tags: ['CS-1'] }, async () => {
      for (const headers of [
        {},
        { 'x-csrf': '' },
        { 'x-csrf': '0' },
        { 'x-csrf': '1, 1' },
        { 'x-csrf': 'true' },
        { 'x-csrf-token': '1' },
      ]) {
        isRefused(
          await send(path, { method, headers: { ...headers, 'sec-fetch-site': 'same-origin' } }),
          method,
        );
      }
    });

    it('with content types that a form of another site can send', { tags: ['CS-1'] }, async () => {
      if (method !== 'POST') return;
      for (const contentType of [
        'text/plain',
        'multipart/form-data; boundary=x',
        'application/x-www-form-urlencoded',
        '',
      ]) {
        const headers = { 'content-type': contentType, 'content-length': '3', origin: 'https://evil.test' };
        isRefused(await send(path, { method, headers, body: 'a=b' }), method);
      }
    });

    it.each([
      [{ 'sec-fetch-site': 'cross-site' }],
      [{ 'sec-fetch-site': 'same-site' }],
      [{ 'sec-fetch-site': 'none' }],
      [{ 'sec-fetch-site': 'same-origin, cross-site' }],
      [{ 'sec-fetch-site': '' }],
      [{ origin: 'null' }],
      [{ origin: 'https://evil.test' }],
      [{ origin: 'same-origin', 'sec-fetch-site': 'same-origin' }],
      [{ origin: 'https://evil.test', 'sec-fetch-site': 'same-origin' }],
      [{ origin: 'OWN', 'sec-fetch-site': 'cross-site' }],
      [{ origin: 'OWN, https://evil.test' }],
      [{ origin: 'OWN/' }],
      [{ origin: 'OWN.evil.test' }],
      [{ origin: 'OWN0' }],
      [{ origin: 'https-OWN' }],
    ])('with X-CSRF: 1 and %j', { tags: ['CS-2'] }, async (given) => {
      const own: Record<string, string> = { ...given };
      if (own['origin'] !== undefined) {
        own['origin'] = own['origin']
          .replace('https-OWN', worker.origin.replace('http:', 'https:'))
          .replace('OWN', worker.origin);
      }
      isRefused(await send(path, { method, headers: { 'x-csrf': '1', ...own } }), method);
    });
  });

  it.each(['iframe', 'image', 'script', 'embed', 'object', 'empty', 'style', 'worker', 'frame'])(
    'the admin page and the sign-out page as a %s',
    { tags: ['CS-1'] },
    async (destination) => {
      const mode = destination === 'iframe' || destination === 'frame' ? 'navigate' : 'no-cors';
      const headers = {
        accept: 'text/html',
        'sec-fetch-mode': mode,
        'sec-fetch-dest': destination,
        'sec-fetch-site': 'cross-site',
      };
      for (const path of ['/api/admin', '/api/auth/logout']) {
        expect((await send(path, { headers })).status, path).toBe(403);
      }
    },
  );

  describe.each(['/api/auth/login', `/api/auth/callback?code=x&bounced=1&state=0.${'A'.repeat(43)}`])(
    '%s',
    (path) => {
      it.each([
        ['no-cors', 'image'],
        ['no-cors', 'script'],
        ['no-cors', 'style'],
        ['no-cors', 'empty'],
        ['cors', 'empty'],
        ['same-origin', 'empty'],
        ['navigate', 'iframe'],
        ['navigate', 'frame'],
        ['navigate', 'embed'],
        ['navigate', 'object'],
        ['navigate', 'fencedframe'],
        ['', 'document'],
        ['navigate', ''],
        ['navigate, no-cors', 'document'],
        [undefined, 'image'],
      ])(
        'loaded in mode %s as %s, without setting a cookie',
        { tags: ['LR-6'] },
        async (mode, destination) => {
          for (const site of ['cross-site', 'same-site', 'same-origin']) {
            const answer = await send(path, {
              headers: {
                'sec-fetch-site': site,
                ...(mode === undefined ? {} : { 'sec-fetch-mode': mode }),
                ...(destination === undefined ? {} : { 'sec-fetch-dest': destination }),
              },
            });
            isRefused(answer, 'GET');
          }
        },
      );

      it('prefetched or prerendered, without setting a cookie', { tags: ['CB-7'] }, async () => {
        for (const purpose of ['prefetch', 'prefetch;prerender']) {
          const headers = {
            'sec-purpose': purpose,
            'sec-fetch-mode': 'navigate',
            'sec-fetch-dest': 'document',
          };
          const answer = await send(path, { headers });
          expect([answer.status, answer.setCookies]).toEqual([400, []]);
        }
      });
    },
  );

  it('to sign out by a link, an image or a form of another site', { tags: ['CS-4'] }, async () => {
    const cookie = browser.cookies().get('session');
    const navigation = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    for (const headers of [
      navigation,
      { ...navigation, 'sec-fetch-site': 'cross-site' },
      { accept: 'image/png' },
    ]) {
      const answer = await send('/api/auth/logout', { headers });
      expect(answer.setCookies).toEqual([]);
    }
    const form = 'application/x-www-form-urlencoded';
    for (const origin of ['https://evil.test', 'null', `${worker.origin}.evil.test`, undefined]) {
      const headers = {
        ...navigation,
        'content-type': form,
        'content-length': '12',
        ...(origin === undefined ? {} : { origin }),
      };
      const answer = await send('/api/auth/logout', { method: 'POST', headers, body: 'form_token=x' });
      expect([answer.status, answer.setCookies]).toEqual([403, []]);
    }
    expect(browser.cookies().get('session')).toBe(cookie);
  });

  it('the sign-out form without the form token of this session', { tags: ['CS-1'] }, async () => {
    const other = worker.browser();
    await signIn(other, { user: 'ben' });
    const page = await other.request('/api/auth/logout', { headers: { accept: 'text/html' } });
    const foreignToken = page.body.match(/name="form_token" value="([^"]+)"/)?.[1] ?? 'none';
    expect(foreignToken).not.toBe('none');
    for (const token of ['', 'x', foreignToken, browser.cookies().get('session') ?? '']) {
      const body = new URLSearchParams({ form_token: token }).toString();
      const headers = {
        origin: worker.origin,
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(body.length),
      };
      isRefused(await send('/api/auth/logout', { method: 'POST', headers, body }), 'POST');
    }
  });

  it('to change the method by a header or a parameter', { tags: ['CS-4'] }, async () => {
    const overrides = {
      'x-http-method-override': 'POST',
      'x-method-override': 'POST',
      'x-http-method': 'DELETE',
    };
    for (const target of [
      '/api/auth/logout?_method=POST',
      '/api/auth/logout?method=POST&X-HTTP-Method-Override=POST',
    ]) {
      const answer = await send(target, {
        headers: { ...overrides, 'x-csrf': '1', accept: 'application/json' },
      });
      expect(answer.setCookies).toEqual([]);
      expect(answer.body).not.toContain('logout_url');
    }
    const viaGraph = await send('/api/graph/v1.0/me', {
      method: 'OPTIONS',
      headers: { ...overrides, 'x-csrf': '1' },
    });
    expect(viaGraph.status).toBe(405);
  });
});

describe('a script of the app’s own page', () => {
  it('is served with the CSRF header, with or without the headers that browsers add', {
    tags: ['CS-1', 'CS-2'],
  }, async () => {
    for (const headers of [{}, { 'sec-fetch-site': 'same-origin' }, { origin: worker.origin }]) {
      expect((await send('/api/auth/session', { headers: { 'x-csrf': '1', ...headers } })).status).toBe(200);
    }
  });
});

describe('a navigation', () => {
  it.each([
    [{ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }],
    // A navigation that a service worker passes on.
    [{ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'empty' }],
    [{ 'sec-fetch-dest': 'document' }],
    [{}],
  ])('starts a sign-in with %j', { tags: ['LR-6'] }, async (headers) => {
    const answer = await send('/api/auth/login', { headers });
    expect([answer.status, answer.setCookies.length]).toEqual([303, 1]);
  });
});

describe('CORS', () => {
  const origins = () => [
    'https://evil.test',
    'null',
    worker.origin,
    `${worker.origin}.evil.test`,
    worker.origin.replace('http:', 'https:'),
    worker.origin.replace('localhost', '127.0.0.1'),
    worker.origin.replace('localhost', 'app.localhost'),
    `${worker.origin}1`,
    'https://localhost',
  ];

  it('is granted to no origin: every response varies on Origin and has no Access-Control header', {
    tags: ['CS-3'],
  }, async () => {
    for (const origin of origins()) {
      const preflight = {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'x-csrf',
      };
      for (const { route } of worker.host.functions) {
        const path = `/${route}`.replace('{*path}', 'v1.0/users').replace('{*rest}', 'nothing');
        for (const answer of [
          await send(path, { method: 'OPTIONS', headers: preflight }),
          await send(path, { headers: { origin } }),
        ]) {
          const granted = Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'));
          expect(granted, `${path} for ${origin}`).toEqual([]);
          expect(answer.headers.vary).toMatch(/\bOrigin\b/);
        }
        expect(
          (await send(path, { method: 'OPTIONS', headers: preflight })).status,
          path,
        ).toBeGreaterThanOrEqual(404);
      }
    }
  });
});
