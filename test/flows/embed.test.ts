import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contentTypes, destinations, disguisedTypes, hostileText, modes } from '../support/embed-attacks.ts';
import { exchangeBytes } from '../support/raw-client.ts';
import { isWholeRun } from '../support/scale.ts';
import { readSessionRows } from '../support/table-rows.ts';
import type { UserAgent, WireAnswer, WireRequest } from '../support/user-agent.ts';
import { answerEntra, grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

const scopes = ['User.Read'];
const policy = {
  features: {
    profile: {
      title: 'Profile',
      signIn: true,
      rules: [
        { methods: ['GET'], path: '/v1.0/me', scopes },
        { methods: ['GET', 'HEAD', 'PUT', 'DELETE'], path: '/v1.0/me/photo/$value', scopes, embed: true },
        { methods: ['GET'], path: '/v1.0/me/items/{id}/content', scopes, embed: true, fileLinks: true },
      ],
    },
    mail: {
      title: 'Mail',
      rules: [
        { methods: ['GET'], path: '/v1.0/me/messages/{id}/$value', scopes: ['Mail.Read'], embed: true },
      ],
    },
  },
};
const orders = (id: string, more = {}) => ({
  methods: ['GET'],
  path: `/orders/{id}/${id}`,
  scopes: ['Orders.Read'],
  ...more,
});
const ordersPolicy = {
  features: {
    orders: { title: 'Orders', rules: [orders('invoice', { embed: true }), orders('lines')] },
  },
};
const photo = '/api/graph/v1.0/me/photo/$value';
const folder = mkdtempSync(join(tmpdir(), 'policy-'));
let world: World;
let worker: Worker;
let browser: UserAgent;

beforeAll(async () => {
  const policyFile = join(folder, 'policy.json');
  writeFileSync(policyFile, JSON.stringify(policy));
  const ordersFile = join(folder, 'orders.json');
  writeFileSync(ordersFile, JSON.stringify(ordersPolicy));
  world = await startWorld();
  worker = await world.startWorker({
    extension: 'guardedRoutes',
    environment: {
      GRAPH_POLICY_FILE: policyFile,
      API_NAMES: 'orders',
      API_ORDERS_ORIGIN: world.graph.origin,
      API_ORDERS_SCOPE_PREFIX: 'api://contoso-orders',
      API_ORDERS_POLICY_FILE: ordersFile,
    },
  });
  grantSignIn(world);
  grantSignIn(world, 'Alice Adams', ['api://contoso-orders/Orders.Read']);
  browser = worker.browser();
  await signIn(browser, { user: 'alice' });
});
beforeEach(() => {
  world.graph.requests.length = 0;
  respond('image/png');
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.close();
});

/** Lets Graph respond to every call like this. */
function respond(
  type: string | undefined,
  status = 200,
  headers: Record<string, string> = {},
  body = hostileText,
): void {
  world.graph.respondWith((_request, response) => {
    response.writeHead(status, { ...(type === undefined ? {} : { 'content-type': type }), ...headers });
    response.end(body);
  });
}

/** Sends a GET as a page's element does: without any header of a script. */
function element(destination: string, path = photo, { headers, ...request }: WireRequest = {}) {
  const isNavigation = destination === 'document' || destination === 'empty';
  return browser.request(path, {
    ...request,
    headers: {
      accept: isNavigation ? 'text/html,*/*;q=0.8' : '*/*',
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': isNavigation ? 'navigate' : 'no-cors',
      'sec-fetch-dest': destination,
      ...headers,
    },
  });
}

const codeOf = ({ status, body }: WireAnswer) => `${status} ${String(JSON.parse(body)['code'])}`;
const lastUses = async () => (await readSessionRows(world)).map(({ lastUsedAt }) => lastUsedAt);

/** Content of an API never leaves without these headers. */
function requireInert({ headers }: WireAnswer, what: string): void {
  expect(headers['content-disposition'], what).toMatch(/^attachment/);
  expect(headers['content-security-policy'], what).toMatch(/^default-src 'none';.*; sandbox$/);
  expect(headers['x-content-type-options'], what).toBe('nosniff');
  expect(headers['cross-origin-resource-policy'], what).toBe('same-origin');
  expect(headers['cache-control'], what).toBe('no-store');
}

function requireRefused(answer: WireAnswer, what: string): void {
  expect(answer.status, what).toBe(403);
  if (!answer.headers['content-type']?.startsWith('text/html')) {
    expect(codeOf(answer), what).toBe('403 cross_site_request');
  }
  expect(answer.setCookies, what).toEqual([]);
  expect(world.graph.requests, what).toEqual([]);
}

describe('plain HTML', () => {
  it.each([
    ['image', 'image/jpeg'],
    ['image', 'image/gif; x=y'],
    ['audio', 'audio/mpeg'],
    ['audio', 'video/mp4'],
    ['video', 'video/webm'],
    ['video', 'audio/ogg'],
  ])('shows or plays what a rule allows: %s with %s', { tags: ['PX-13'] }, async (destination, type) => {
    respond(type, 200, { 'content-disposition': 'inline; filename=a.html' });
    const answer = await element(destination);
    expect([answer.status, answer.body, answer.headers['content-type']]).toEqual([200, hostileText, type]);
    requireInert(answer, type);
    expect(answer.headers['content-disposition']).toBe("attachment; filename*=UTF-8''a.html");
  });

  it.each(['document', 'empty'])(
    'saves every kind of content, and shows none: %s',
    { tags: ['PX-13'] },
    async (destination) => {
      for (const type of contentTypes) {
        respond(type);
        const answer = await element(destination);
        expect([answer.status, answer.body], type).toEqual([200, hostileText]);
        requireInert(answer, type ?? 'no type');
        expect(answer.headers['content-type'], type).toBe(
          type !== undefined && /^(?:image|audio|video)\/|json$/.test(type)
            ? type
            : 'application/octet-stream',
        );
      }
    },
  );

  it('gets the parts of a film that the browser asks for', async () => {
    const range = { 'content-range': 'bytes 2-5/10', 'accept-ranges': 'bytes' };
    respond('video/mp4', 206, range);
    const part = await element('video', photo, { headers: { range: 'bytes=2-5' } });
    const [request] = world.graph.requests;
    expect(Object.fromEntries(request?.headers ?? [])).toMatchObject({ range: 'bytes=2-5' });
    expect([part.status, part.headers]).toEqual([206, expect.objectContaining(range)]);
    respond('text/html', 416, { 'content-range': 'bytes */10' });
    const none = await element('video', photo, { headers: { range: 'bytes=20-' } });
    expect([none.status, none.headers['content-range'], none.body]).toEqual([416, 'bytes */10', '']);
  });

  it('may use an own API whose rule allows it', async () => {
    expect((await element('image', '/api/orders/orders/A-1/invoice')).status).toBe(200);
  });

  it('gets nothing for the user who has signed in since', async () => {
    const other = worker.browser();
    await signIn(other, { user: 'ben' });
    const [tag, otherTag] = await Promise.all(
      [browser, other].map(async (one) => (await one.scriptJson('/api/auth/session'))['session_tag']),
    );
    world.graph.requests.length = 0;
    for (const destination of ['image', 'document']) {
      expect((await element(destination, `${photo}?session_tag=${otherTag}`)).status).toBe(409);
      expect(world.graph.requests).toEqual([]);
      expect((await element(destination, `${photo}?session_tag=${tag}`)).status).toBe(200);
      expect(world.graph.requests.splice(0)).toMatchObject([{ target: '/v1.0/me/photo/$value' }]);
    }
  });

  it('does not extend the session, as a script does', { tags: ['CS-1'] }, async () => {
    world.pass(10);
    world.advance(600);
    const before = await lastUses();
    for (const destination of ['image', 'video', 'document', 'empty']) await element(destination);
    expect(world.graph.requests).toHaveLength(4);
    expect(await lastUses()).toEqual(before);
    await browser.script('GET', photo);
    expect(await lastUses()).not.toEqual(before);
  });
});

describe('an error of plain HTML', () => {
  it.each([304, 400, 403, 404, 429, 500])(
    'of Graph is the status alone, or a page: %i',
    { tags: ['PX-13'] },
    async (status) => {
      respond('text/html', status, { 'content-disposition': 'inline; filename=a.html', 'x-a': 'b' });
      const image = await element('image');
      expect([image.status, image.body, image.headers['content-type']]).toEqual([status, '', undefined]);
      expect(image.headers['retry-after']).toBe(status === 429 ? '5' : undefined);
      // A 429 pauses the user.
      world.pass(5);
      const link = await element('document');
      world.pass(5);
      expect(link.status).toBe(status);
      expect(link.body).not.toContain('globalThis');
      if (status === 304) return;
      expect(link.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(link.headers['content-security-policy']).not.toContain('script-src');
      expect(link.body).toContain('The file could not be loaded');
    },
  );

  it('is a problem for an image, and a page for a link, without a bounce', { tags: ['RU-1'] }, async () => {
    const stranger = worker.browser();
    const cases = [
      [stranger, photo, 401, 'session_required', 'Sign-in required'],
      [browser, '/api/graph/v1.0/me/messages/AA1=/$value', 401, 'interaction_required', 'permission'],
      [browser, '/api/graph/v1.0/nothing', 403, 'path_not_allowed', 'does not allow'],
      [browser, '/api/graph/v1.0/me', 403, 'cross_site_request', 'Cross-site request'],
    ] as const;
    for (const [agent, path, status, code, text] of cases) {
      const headers = {
        'sec-fetch-site': 'same-origin',
        'sec-fetch-mode': 'no-cors',
        'sec-fetch-dest': 'image',
      };
      expect(codeOf(await agent.request(path, { headers })), path).toBe(`${status} ${code}`);
      for (const destination of ['document', 'empty']) {
        const link = { ...headers, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': destination };
        const page = await agent.request(path, { headers: link });
        expect([page.status, page.headers['content-type']], path).toEqual([
          status,
          'text/html; charset=utf-8',
        ]);
        expect(page.body, path).toContain(text);
        expect([page.headers.location, page.headers['refresh'], page.setCookies]).toEqual([
          undefined,
          undefined,
          [],
        ]);
        expect(decodeURIComponent(page.body), path).not.toContain('return_to=/api/graph');
      }
    }
    expect(world.graph.requests).toEqual([]);
  });
});

describe('refuses', () => {
  it('every destination but those of images, media and downloads, whatever the content is', {
    tags: ['CS-1', 'PX-13'],
  }, async () => {
    const passing = (mode: string, destination: string) =>
      (/cors$/.test(mode) && ['image', 'audio', 'video'].includes(destination)) ||
      (mode === 'navigate' && ['document', 'empty'].includes(destination));
    for (const type of isWholeRun ? contentTypes : ['text/javascript']) {
      respond(type);
      for (const mode of modes) {
        for (const destination of destinations) {
          if (passing(mode, destination)) continue;
          const headers = { 'sec-fetch-mode': mode };
          requireRefused(await element(destination, photo, { headers }), `${mode} ${destination} ${type}`);
        }
      }
    }
  });

  it('an image, audio or video of another type, before a byte of it is sent', {
    tags: ['PX-13'],
  }, async () => {
    for (const destination of ['image', 'audio', 'video']) {
      const kinds = destination === 'image' ? /^image\/png$/ : /^(?:audio|video)\//;
      for (const type of [...contentTypes, ...disguisedTypes]) {
        if (type !== undefined && kinds.test(type) && !disguisedTypes.some((one) => one === type)) continue;
        respond(type);
        const answer = await element(destination);
        expect(codeOf(answer), `${destination} ${type}`).toBe('502 upstream_answer_refused');
        expect(answer.body).not.toContain('globalThis');
      }
    }
  });

  it('a playlist, which names further addresses, under every type', { tags: ['PX-13'] }, async () => {
    const playlist = '#EXTM3U\n#EXTINF:5,\nhttps://evil.test/opened\n';
    for (const body of [playlist, `\ufeff${playlist}`, `\r\n ${playlist.toLowerCase()}`]) {
      for (const status of [200, 206]) {
        respond('audio/mpeg', status, {}, body);
        for (const destination of ['audio', 'video']) {
          const answer = await element(destination);
          expect(codeOf(answer), JSON.stringify(body)).toBe('502 upstream_answer_refused');
          expect(answer.body).not.toContain('evil.test');
        }
      }
    }
    respond('audio/mpeg', 200, {}, `ID3 ${playlist}`);
    expect((await element('audio')).status).toBe(200);
  });

  it.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': '' },
    { 'sec-fetch-site': 'Same-Origin' },
    { 'sec-fetch-site': 'same-origin, cross-site' },
    { 'sec-fetch-site': 'same-origin;x' },
    { origin: 'null' },
    { origin: 'https://evil.test' },
    { 'x-csrf': '' },
    { 'x-csrf': '0' },
    { 'x-csrf': '1, 1' },
  ])('a call with %j', { tags: ['CS-1', 'CS-2'] }, async (headers) => {
    for (const destination of ['image', 'video', 'document', 'empty']) {
      requireRefused(await element(destination, photo, { headers }), destination);
    }
  });

  it('headers that are sent twice or with another name', { tags: ['CS-1'] }, async () => {
    const cookie = [...browser.cookies()].map(([name, value]) => `${name}=${value}`).join('; ');
    const lines = ['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: image'];
    const send = (all: readonly string[]) =>
      exchangeBytes(
        worker.origin,
        [`GET ${photo} HTTP/1.1`, 'Host: a', `Cookie: ${cookie}`, 'Connection: close', ...all, '', ''].join(
          '\r\n',
        ),
      );
    expect(await send(lines)).toMatch(/^HTTP\/1\.1 200/);
    world.graph.requests.length = 0;
    for (const line of lines) {
      const others = lines.filter((other) => other !== line);
      for (const written of [
        [line, line],
        [line, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: script'],
        [line.replaceAll('-', '_')],
        [line.replace(':', ' :')],
        [line.replace(': ', ':\r\n ')],
        [line.toUpperCase()],
      ]) {
        expect(await send([...others, ...written]), JSON.stringify(written)).toMatch(/^HTTP\/1\.1 40[03]/);
      }
    }
    expect(world.graph.requests).toEqual([]);
  });

  it('a browser without Fetch Metadata, whatever else it sends', { tags: ['CS-1'] }, async () => {
    for (const headers of [
      {},
      { accept: 'image/avif,image/webp,*/*', referer: `${worker.origin}/` },
      { 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' },
      { 'sec-fetch-dest': 'image' },
      { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'image' },
      { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': '', 'sec-fetch-dest': 'image' },
      { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    ] as readonly Record<string, string>[]) {
      requireRefused(await browser.request(photo, { headers }), JSON.stringify(headers));
    }
  });

  it('methods other than GET', { tags: ['CS-1'] }, async () => {
    for (const destination of ['image', 'video', 'document', 'empty']) {
      for (const method of ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        const answer = await element(destination, photo, { method, headers: { 'content-length': '0' } });
        expect([answer.status, world.graph.requests], `${method} ${destination}`).toEqual([403, []]);
      }
    }
  });

  it.each([
    '/api/graph/v1.0/me',
    '/api/orders/orders/A-1/lines',
    '/api/graph/v1.0/$batch',
    '/api/auth/session',
    '/api/auth/sessions',
    '/api/admin/users?q=a',
    '/api/only-everyone',
    '/api/scripts-only',
  ])('a path whose rule does not allow it: %s', { tags: ['CS-1'] }, async (path) => {
    for (const destination of ['image', 'video', 'document', 'empty']) {
      requireRefused(await element(destination, path), destination);
    }
  });

  it('a form for a function of the app, whatever rules the app has written', { tags: ['CS-1'] }, async () => {
    const headers = { origin: worker.origin, 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await browser.request('/api/scripts-only', { method: 'POST', headers, body: 'a=b' });
    expect(codeOf(answer)).toBe('403 cross_site_request');
    expect((await browser.script('POST', '/api/scripts-only')).status).toBe(200);
  });

  it('a file that Graph has at a file host, because its address would be saved in its place', async () => {
    respond('text/html', 302, { location: `${world.graph.origin}/files/x` });
    const path = '/api/graph/v1.0/me/items/A-1/content';
    expect((await browser.script('GET', path)).headers['bff-file-url']).toBe('1');
    for (const destination of ['image', 'video', 'document', 'empty']) {
      const answer = await element(destination, path);
      expect([answer.status, answer.headers.location]).toEqual([502, undefined]);
      expect(answer.body).not.toContain('/files/x');
    }
    expect((await element('document', path)).body).toContain('file host of Microsoft');
  });

  it('to lead to an API after a sign-in that a link on another site has begun', {
    tags: ['RU-1', 'PX-13'],
  }, async () => {
    for (const path of [
      photo,
      photo.replace('graph', '%67raph'),
      '/API/graph/v1.0/me',
      '/api/orders/orders/A-1/invoice',
    ]) {
      for (const parameters of [{}, { prompt: 'none' }, { prompt: 'login' }]) {
        const query = new URLSearchParams({ return_to: path, ...parameters });
        const first = await browser.navigate(`/api/auth/login?${query}`, { from: 'https://evil.example/' });
        const last = await answerEntra(browser, first, { user: 'alice' });
        expect(last.url.pathname, path).toBe('/');
        expect(world.graph.requests, path).toEqual([]);
      }
    }
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });
  });

  it('a link on another site to the API itself, and never bounces', { tags: ['CS-2', 'RU-1'] }, async () => {
    const answer = await browser.navigate(photo, { from: 'https://evil.example/' });
    requireRefused(answer, 'foreign link');
    expect([answer.url.pathname, answer.headers['refresh']]).toEqual([photo, undefined]);
  });
});
