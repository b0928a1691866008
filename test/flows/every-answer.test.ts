import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isWholeRun } from '../support/scale.ts';
import { sendWire, type UserAgent, type WireAnswer, type WireRequest } from '../support/user-agent.ts';
import { signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let browser: UserAgent;

beforeAll(async () => {
  world = await startWorld();
  // Every request reads the table, so no cached session hides a failure.
  worker = await world.startWorker({ environment: { SESSION_CACHE_SECONDS: '0' } });
  browser = worker.browser();
  await signIn(browser, { user: 'alice' });
});

afterAll(() => world.close());

const cookieOf = (agent: UserAgent) =>
  [...agent.cookies()].map(([name, value]) => `${name}=${value}`).join('; ');
const methods = isWholeRun ? ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] : ['GET', 'POST'];
const isHtml = ({ headers }: WireAnswer) => headers['content-type']?.startsWith('text/html') ?? false;

/** Checks the headers that every response must have, for any route and status. */
function requireHeaders(what: string, answer: WireAnswer): void {
  const { headers, status, body } = answer;
  const seconds = Number(/^max-age=(\d+)/.exec(headers['strict-transport-security'] ?? '')?.[1]);
  expect(seconds, what).toBeGreaterThanOrEqual(365 * 24 * 60 * 60);
  expect(headers['x-content-type-options'], what).toBe('nosniff');
  expect(headers['cross-origin-resource-policy'], what).toBe('same-origin');
  expect(headers['referrer-policy'], what).toMatch(/^(?:no-referrer|same-origin)$/);
  const policy = headers['content-security-policy'] ?? '';
  expect(policy, what).toContain("default-src 'none'");
  const mayFrame = /\/front-channel-logout/.test(what) && status === 200 ? world.entra.origin : "'none'";
  expect(policy, what).toContain(`frame-ancestors ${mayFrame}`);
  expect(policy, what).toContain("base-uri 'none'");
  expect(policy, what).not.toMatch(/unsafe|\*/);
  // Only the admin page has a script.
  const mayRun = /\/api\/admin(?:\?|\s|$)/.test(what) && status === 200 && isHtml(answer);
  expect(/script-src[^;]*/.exec(String(policy))?.[0], what).toEqual(
    mayRun ? expect.stringMatching(/^script-src 'nonce-[\w+/=]{24}'$/) : undefined,
  );
  if (!isHtml(answer)) expect(policy, what).toMatch(/; sandbox$/);
  // A popup that returns to the app must keep its opener.
  const keepsOpener = headers['refresh'] !== undefined || body.includes('entra-bff:interaction');
  const openerPolicy = isHtml(answer) && body !== '' && !keepsOpener ? 'same-origin' : undefined;
  if (body !== '') expect(headers['cross-origin-opener-policy'], what).toBe(openerPolicy);
  for (const banner of ['x-powered-by', 'x-aspnet-version', 'via'])
    expect(headers[banner], what).toBeUndefined();
  expect(headers['server'], what).toBe('Kestrel'); // the host adds it
  if (body !== '') expect(headers['content-type'], what).toMatch(/; ?charset=utf-8$|^image\/|^text\/plain/i);
  if (status === 401 || status === 403 || status >= 500 || answer.setCookies.length > 0) {
    expect(headers['cache-control'], what).toBe('no-store');
  }
  const isClient = /\/client\.js/.test(what) && (status === 200 || status === 304);
  expect(headers['cache-control'], what).toBe(isClient ? 'no-cache' : 'no-store');
  const forPages = isHtml(answer) ? ', Accept-Language' : '';
  expect(headers.vary, what).toBe(isClient ? 'Accept-Encoding, Origin' : `Cookie, Origin${forPages}`);
  for (const line of answer.setCookies) expect(line, what).toMatch(/; path=\/; samesite=strict; httponly$/);
}

function requireProblem(what: string, { headers, status, body }: WireAnswer): void {
  const code = headers['bff-problem'];
  const isProblem = /^application\/problem\+json/.test(headers['content-type'] ?? '');
  if (isProblem || body.includes('"urn:entra-bff:problem:')) expect(code, what).toMatch(/^[a-z_]+$/);
  if (code === undefined || body === '') return;
  expect(status, what).toBeGreaterThanOrEqual(400);
  const type = what.includes(' /api/graph/') ? 'application/json' : 'application/problem+json';
  expect(headers['content-type'], what).toBe(`${type}; charset=utf-8`);
  const problem: Record<string, unknown> = JSON.parse(body);
  expect(problem['code'], what).toBe(code);
  expect(problem['status'], what).toBe(status);
  expect(problem['instance'], what).toMatch(/^urn:uuid:[\w-]{36}$/);
  expect(body, what).not.toMatch(/AADSTS|node_modules|\.ts:|at \w+ \(|TypeError|msal|azure|partition/i);
}

const clients = [
  'no session',
  'a script without a session',
  'a page load',
  'a script',
  'a broken cookie',
] as const;

/** Requests every route in every method, as each of the callers. */
async function crawl(
  visit: (what: string, answer: WireAnswer) => void,
  as: readonly (typeof clients)[number][] = clients,
): Promise<number> {
  let count = 0;
  const callers: Record<(typeof clients)[number], Record<string, string>> = {
    'no session': {},
    'a script without a session': { 'x-csrf': '1' },
    'a page load': {
      cookie: cookieOf(browser),
      accept: 'text/html',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    },
    'a script': { cookie: cookieOf(browser), 'x-csrf': '1', accept: 'application/json' },
    'a broken cookie': { cookie: 'session=x; tx-0=y; logout-pending=z', 'x-csrf': '1' },
  };
  for (const { route } of worker.host.functions) {
    for (const path of pathsOf(route ?? '')) {
      for (const method of methods) {
        for (const caller of as) {
          const headers = callers[caller];
          // It would end the session of the crawl.
          if (method === 'POST' && path.includes('logout') && caller === 'a script') continue;
          visit(`${method} ${path} as ${caller}`, await sendWire(worker.origin, path, { method, headers }));
          count++;
        }
      }
    }
  }
  return count;
}

function pathsOf(route: string): string[] {
  if (route === 'api/graph/{*path}')
    return ['/api/graph/v1.0/me', '/api/graph/v1.0/users', '/api/graph/', '/api/graph/v1.0/me/photo/$value'];
  if (route === '{*rest}')
    return ['/', '/nothing', '/api', '/admin-tools', '/api/auth/login/x', '/.env', '/robots.txt'];
  if (route === 'api/auth/callback')
    return ['/api/auth/callback', '/api/auth/callback?code=x&state=0.AAAA', '/api/auth/callback?error=x'];
  if (route === 'api/auth/login')
    return ['/api/auth/login', '/api/auth/login?prompt=x', '/api/auth/login?feature=mail'];
  if (route === 'api/auth/sessions/{id}')
    return [`/api/auth/sessions/${'A'.repeat(43)}`, '/api/auth/sessions/x', '/api/auth/sessions/%20'];
  if (route.startsWith('api/admin/users/{user}'))
    return ['51a00000-e7b3-4d95-8c12-6a4f0d9e3c03', 'x'].map(
      (user) => `/${route.replace('{user}', user).replace('{id}', 'A'.repeat(43))}`,
    );
  if (route === 'api/admin/users')
    return ['/api/admin/users', '/api/admin/users?q=ben', '/api/admin/users?q=a&q=b'];
  if (route === 'api/admin') return ['/api/admin', '/api/admin?user=ben', '/api/admin?user=a&user=b'];
  return [`/${route}`];
}

describe('every response', () => {
  it('has all security headers and reveals nothing internal, for every route and method', {
    tags: ['ER-1', 'ER-4', 'SC-9'],
  }, async () => {
    const statuses = new Set<number>();
    const count = await crawl((what, answer) => {
      requireHeaders(what, answer);
      requireProblem(what, answer);
      statuses.add(answer.status);
      expect(answer.status, what).toBeLessThan(500);
      if (answer.status === 405) expect(answer.headers.allow, what).toMatch(/GET|DELETE|POST/);
    });
    expect(count).toBeGreaterThan(isWholeRun ? 1_000 : 350);
    expect([...statuses].sort()).toEqual([200, 204, 303, 400, 401, 403, 404, 405]);
  });

  it('has all security headers if the table fails or an unexpected error occurs', {
    tags: ['ER-4'],
  }, async () => {
    for (const fault of ['storage', 'unforeseen'] as const) {
      if (fault === 'storage') worker.table.failAll();
      else worker.table.before = () => Promise.reject(new RangeError('canary'));
      const statuses = new Set<number>();
      await crawl(
        (what, answer) => {
          requireHeaders(`${what} (${fault})`, answer);
          requireProblem(what, answer);
          expect(answer.body).not.toContain('canary');
          statuses.add(answer.status);
        },
        ['a page load', 'a script'],
      );
      expect(statuses).toContain(fault === 'storage' ? 503 : 500);
      worker.table.recover();
      worker.table.before = undefined;
      // The breaker holds operations back for a few seconds.
      world.pass(10);
    }
  });

  it('has all security headers if Graph fails', { tags: ['ER-4'] }, async () => {
    for (const status of [200, 204, 301, 429, 500, 999]) {
      world.graph.respondWith((_request, response) => {
        response.socket?.end(
          `HTTP/1.1 ${status} x\r\nServer: upstream\r\nContent-Length: 0\r\nCache-Control: public\r\n\r\n`,
        );
      });
      const answer = await browser.script('GET', '/api/graph/v1.0/me');
      requireHeaders(`graph answered ${status}`, answer);
      // A 429 pauses the user for at most a minute.
      world.pass(60);
    }
    world.graph.respondWith(undefined);
  });

  it('to a page load shows a reference that is in the log', async () => {
    const page = await sendWire(worker.origin, '/api/auth/callback?state=none&code=none', {
      headers: { accept: 'text/html' },
    });
    const reference = page.body.match(/Reference <code>([\w-]+)<\/code>/)?.[1] ?? 'none';
    expect(worker.logLines.some((line) => line.includes(reference))).toBe(true);
  });
});

const hostileText = fc.constantFrom(
  ...[
    '',
    ' ',
    '%',
    '%E0%A4%A',
    '%ff',
    '%00',
    '%0d%0a',
    '../..',
    '__proto__',
    'constructor',
    'toString',
    'a'.repeat(3000),
  ],
  ...[
    '{"a":1}',
    '[]',
    'null',
    'undefined',
    '-1',
    '1e999',
    "'",
    '"',
    '<script>alert(1)</script>',
    '#{7*7}',
    '\u00ff\u00fe',
    ',',
    ';;;===',
    '=',
    '&',
  ],
  ...[
    '0.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '//evil.test',
    'https://evil.test',
    '\\evil.test',
    'Bearer %',
    'Bearer',
    'Basic :',
  ],
);
const pathPiece = fc.constantFrom(
  ...[
    '/api/auth/login',
    '/api/auth/callback',
    '/api/auth/logout',
    '/api/auth/session',
    '/api/auth/sessions',
    '/api/auth/client.js',
    '/api/admin',
    '/api/admin/users',
    '/api/admin/users/51a00000-e7b3-4d95-8c12-6a4f0d9e3c03/sessions',
    '/api/graph/v1.0/me',
  ],
  ...[
    '/api/graph/',
    '/api/health/ready',
    '/',
    '/api',
    '/x',
    '/%',
    '/%ff',
    '/..',
    '/%2e%2e',
    '/%252e',
    '//',
    '/;',
    '/:',
    '/@',
    '/%00',
    '/%5c',
  ],
);
const queryName = fc.constantFrom(
  ...[
    'return_to',
    'prompt',
    'login_hint',
    'domain_hint',
    'feature',
    'ticket',
    'code',
    'state',
    'error',
    'error_description',
    'error_subcode',
  ],
  ...[
    'bounced',
    'id_token',
    'access_token',
    'iss',
    '$select',
    '__proto__',
    'constructor',
    'STATE',
    '',
    '%',
    'a[b]',
  ],
);
const headerName = fc.constantFrom(
  ...[
    'accept',
    'authorization',
    'content-type',
    'cookie',
    'origin',
    'referer',
    'sec-fetch-site',
    'sec-fetch-mode',
    'sec-fetch-dest',
  ],
  ...[
    'x-csrf',
    'if-none-match',
    'range',
    'prefer',
    'purpose',
    'sec-purpose',
    'x-forwarded-host',
    'x-forwarded-proto',
    'forwarded',
  ],
  ...[
    'x-ms-client-principal',
    'x-ms-invocation-id',
    'traceparent',
    '__proto__',
    'constructor',
    'content-encoding',
    'accept-language',
    'via',
  ],
);
const hostileRequest = fc.record({
  method: fc.constantFrom(...methods),
  path: fc.array(pathPiece, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join('')),
  query: fc.array(fc.tuple(queryName, hostileText), { maxLength: 4 }),
  headers: fc.array(fc.tuple(headerName, hostileText), { maxLength: 5 }),
  cookies: fc.array(
    fc.tuple(fc.constantFrom('session', 'tx-0', 'tx-1', 'logout-pending', '__proto__', ''), hostileText),
    { maxLength: 4 },
  ),
  body: fc.option(hostileText, { nil: undefined }),
  asAlice: fc.boolean(),
});

describe('a hostile request', () => {
  const send = (request: {
    method: string;
    path: string;
    query: [string, string][];
    headers: [string, string][];
    cookies: [string, string][];
    body: string | undefined;
    asAlice: boolean;
  }): Promise<WireAnswer> => {
    const wireSafe = (text: string) => text.replace(/[^\x21-\x7e]/g, encodeURIComponent);
    const query = request.query.map(([name, value]) => `${name}=${wireSafe(value)}`).join('&');
    const cookies = request.cookies.map(([name, value]) => `${name}=${value}`);
    const endsSession = request.method === 'POST' && /logout/i.test(request.path);
    if (request.asAlice && !endsSession) cookies.push(cookieOf(browser));
    const body = Buffer.from(request.body ?? '');
    const headers: Record<string, string> = {
      ...(request.asAlice ? { 'x-csrf': '1' } : {}),
      ...(cookies.length > 0 ? { cookie: cookies.join('; ') } : {}),
      ...Object.fromEntries(request.headers),
      ...(request.body === undefined ? {} : { 'content-length': String(body.length) }),
    };
    return sendWire(worker.origin, wireSafe(request.path) + (query === '' ? '' : `?${query}`), {
      method: request.method,
      headers,
      ...(request.body === undefined ? {} : { body }),
    } satisfies WireRequest);
  };

  it('gets a status below 500 and all security headers', { tags: ['ER-1', 'ER-4'] }, async () => {
    const before = worker.logLines.length;
    world.advance(10); // The readiness result is cached for five seconds and may still report an earlier failure.
    world.graph.respondWith(
      (_request, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end('x'),
    );
    await fc.assert(
      fc.asyncProperty(hostileRequest, async (request) => {
        const answer = await send(request);
        const what = `${request.method} ${request.path} ${answer.body}`;
        expect(answer.status, what).toBeLessThan(500);
        // Requests that Kestrel refuses or cannot route never reach the app.
        const isHosts = answer.body === '' && answer.headers['x-content-type-options'] === undefined;
        if (isHosts) expect([400, 404, 414], what).toContain(answer.status);
        else requireHeaders(what.includes('client.js') ? '/client.js' : what, answer);
      }),
      { numRuns: isWholeRun ? 300 : 100 },
    );
    world.graph.respondWith(undefined);
    expect((await sendWire(worker.origin, '/api/health/live')).status).toBe(200);
    expect(worker.logLines.slice(before).filter((line) => /internal_error/.test(line))).toEqual([]);
  });

  it.each<[string, WireRequest]>([
    [
      '/api/auth/session',
      { headers: { cookie: Array.from({ length: 100 }, (_, at) => `session${at}=x`).join('; ') } },
    ],
    ['/api/auth/session', { headers: { cookie: `session=${'A'.repeat(12_000)}`, 'x-csrf': '1' } }],
    ['/api/auth/login?return_to=%E0%A4%A', {}],
    [`/api/auth/login?return_to=/${'a'.repeat(14_000)}`, {}],
    ['/api/auth/callback?state=0.AAAA&state=0.BBBB', {}],
    [
      '/api/auth/logout',
      {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '1' },
        body: '%',
      },
    ],
    ['/api/graph/v1.0/me', { headers: { authorization: 'Bearer %', 'x-csrf': '1' } }],
    ['/api/graph/%', { headers: { 'x-csrf': '1' } }],
    ['/%', {}],
    ['/api/admin', { headers: { accept: 'text/html;q=x,,,;' } }],
    ['/api/health/live', { headers: { host: 'evil.test', 'x-forwarded-host': 'evil.test:99999999' } }],
  ])('gets a status below 500: %s %j', { tags: ['ER-1'] }, async (target, request) => {
    expect((await sendWire(worker.origin, target, request)).status).toBeLessThan(500);
  });
});
