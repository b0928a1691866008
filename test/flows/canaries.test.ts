import { TableClient } from '@azure/data-tables';
import { demoDirectory } from '@entra-bff/directory';
import type { Respond } from '@entra-bff/graph-emulator';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { answerEntra, signIn, startWorld, type Worker, type World } from '../support/world.ts';

/**
 * Crawls through all functions of the service, including failures of every kind. Then every byte that a browser
 * received, every log line and every table row is searched for values that must not be there.
 */
let world: World;
let worker: Worker;
const browsers: UserAgent[] = [];
const consoleLines: string[] = [];

/** All tokens that Entra ID issued. */
const tokens = new Set<string>();
const upstreamText = 'canary-words-of-entra';

beforeAll(async () => {
  world = await startWorld();
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation(
      (...values) => void consoleLines.push(values.map(String).join(' ')),
    );
  }
  worker = await world.startWorker();
  collectTokens();
  // Every call then renews the access token.
  world.entra.switches.accessTokenLifetimeSeconds = 40;
  await crawl();
}, 60_000);

afterAll(async () => {
  vi.restoreAllMocks();
  await world.close();
});

function collectTokens(): void {
  world.entra.intercept.tokenResponse = (reply) => {
    const body = { ...(reply.body as Record<string, unknown>) };
    for (const name of ['access_token', 'refresh_token', 'id_token']) {
      const token = body[name];
      if (typeof token === 'string') tokens.add(token);
    }
    if (body['error'] === undefined) return reply;
    return {
      ...reply,
      body: {
        ...body,
        error_description: `${String(body['error_description'])} ${upstreamText} alice@contoso.example`,
      },
    };
  };
}

function newBrowser(): UserAgent {
  const browser = worker.browser();
  browsers.push(browser);
  return browser;
}

async function crawl(): Promise<void> {
  const alice = newBrowser();
  await signIn(alice, { user: 'alice', from: '/api/auth/login?return_to=/api/admin' });
  await visitEverything(alice);
  await consentToMail(alice);
  await visitEverything(alice);

  await failEntra(alice);
  await failGraph(alice);
  await failStorage(alice);
  await failSignIns();

  const ben = newBrowser();
  await signIn(ben, { user: 'ben' });
  await visitEverything(ben);
  const asked = await ben.scriptJson('/api/graph/v1.0/me/messages');
  await answerEntra(ben, await ben.navigate(String(asked['login_url'])), {
    user: 'ben',
    decision: 'decline',
  });
  await ben.script('GET', '/api/graph/v1.0/me/messages');
  for (const user of ['mia', 'gus', 'fay']) await signIn(newBrowser(), { user }).catch(() => undefined);

  const page = await alice.request('/api/auth/logout', { headers: { accept: 'text/html' } });
  await alice.submit(page, { form_token: page.body.match(/name="form_token" value="([^"]+)"/)?.[1] ?? '' });
  await ben.script('POST', '/api/auth/logout');
  await visitEverything(alice);
}

async function visitEverything(browser: UserAgent): Promise<void> {
  for (const path of [
    '/api/auth/session',
    '/api/graph/v1.0/me',
    '/api/graph/v1.0/me/photo/$value',
    '/api/graph/v1.0/me/memberOf',
    '/api/graph/v1.0/me/messages?$top=2',
    '/api/graph/v1.0/users',
    '/api/graph/v1.0/me/%2e%2e/users',
    '/api/admin',
    '/api/auth/client.js',
    '/api/health/live',
    '/api/health/ready',
    '/nothing',
  ]) {
    await browser.script('GET', path);
    await browser.request(path, {
      headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    });
  }
  for (const method of ['PATCH', 'DELETE', 'OPTIONS']) await browser.script(method, '/api/admin');
  await browser.request('/api/auth/logout', { headers: { accept: 'text/html' } });
  await browser.request('/api/auth/login?return_to=/&feature=mail');
  await browser.request('/api/auth/login?login_hint=alice@contoso.example&prompt=none');
}

async function consentToMail(browser: UserAgent): Promise<void> {
  const problem = await browser.scriptJson('/api/graph/v1.0/me/messages');
  await answerEntra(browser, await browser.navigate(String(problem['login_url'])), { user: 'alice' });
}

async function failEntra(browser: UserAgent): Promise<void> {
  const { switches } = world.entra;
  const faults: readonly Partial<typeof switches>[] = [
    { outage: 'html-502' },
    { outage: 'json-503' },
    { throttledRetryAfterSeconds: 3 },
    { clientSecretExpired: true },
    { consentWithdrawn: true },
    { refreshTokensExpired: true },
    { refreshTokensRevoked: true },
    { secondFactorDemanded: true },
  ];
  for (const fault of faults) {
    const before = { ...switches };
    Object.assign(switches, fault);
    await visitEverything(browser);
    Object.assign(switches, before);
    // Long enough for the next token request.
    world.pass(60);
  }
}

async function failGraph(browser: UserAgent): Promise<void> {
  const failures: Respond[] = [
    (_request, response) => void response.destroy(),
    (_request, response) => {
      response.writeHead(302, { location: 'https://evil.test', 'www-authenticate': 'Bearer' }).end();
    },
  ];
  for (const respond of failures) {
    world.graph.respondWith(respond);
    await visitEverything(browser);
  }
  world.graph.respondWith(undefined);
  world.graph.switches.unavailable = true;
  await visitEverything(browser);
  world.graph.switches.unavailable = false;
}

async function failStorage(browser: UserAgent): Promise<void> {
  worker.table.failAll();
  await visitEverything(browser);
  worker.table.recover();
  worker.table.failing.add('replace');
  await browser.script('GET', '/api/graph/v1.0/me');
  worker.table.recover();
  worker.table.before = () => {
    throw new TypeError(`${upstreamText} ${[...tokens].join(' ')} alice@contoso.example`);
  };
  // Long enough for the cached session to expire.
  world.pass(10);
  await visitEverything(browser);
  worker.table.before = undefined;
  // The breaker of the table holds operations back for a few seconds.
  world.pass(10);
}

async function failSignIns(): Promise<void> {
  const { intercept } = world.entra;
  const attempt = () => signIn(newBrowser(), { user: 'alice' }).catch(() => undefined);
  intercept.idToken = (jwt) => `${jwt.slice(0, -8)}AAAAAAAA`;
  await attempt();
  intercept.idToken = undefined;
  for (const change of [
    { nonce: 'other' },
    { aud: 'other' },
    { iss: 'https://evil.test' },
    { exp: 1 },
    { tid: 'other' },
  ]) {
    intercept.idTokenClaims = (claims) => ({ ...claims, ...change });
    await attempt();
  }
  intercept.idTokenClaims = undefined;
  intercept.authorizeRedirect = (url) => {
    url.searchParams.set('error_description', `${upstreamText} alice@contoso.example`);
    url.searchParams.set('error', 'access_denied');
    url.searchParams.delete('code');
    return url;
  };
  await attempt();
  intercept.authorizeRedirect = undefined;

  const browser = newBrowser();
  await signIn(browser, { user: 'alice' });
  const callback = browser.received.find(({ url }) => url.pathname === '/api/auth/callback');
  if (callback === undefined) throw new Error('no callback was made');
  for (const agent of [browser, newBrowser()]) {
    await agent.navigate(callback.url.href);
    await agent.request(`${callback.url.pathname}${callback.url.search}&bounced=1`);
    await agent.request(
      `/api/auth/callback?state=0.${'A'.repeat(43)}&code=${callback.url.searchParams.get('code')}&bounced=1`,
    );
  }
  worker.table.failing.add('insert');
  await attempt();
  worker.table.recover();
}

/** Responses of this service only, without those of Entra ID. */
const answers = () =>
  browsers.flatMap(({ received }) => received).filter(({ url }) => url.hostname === 'localhost');

/** Returns a response as text without Set-Cookie, which may contain the values. */
function textOf({ url, status, headers, body, bytes }: WireAnswer): string {
  const { 'set-cookie': _setCookie, ...rest } = headers;
  return `${status} ${url.pathname}\n${JSON.stringify(rest)}\n${body}\n${bytes.toString('latin1')}`;
}

/** Returns a value in all encodings in which it could leak. Parts of a token count as the token. */
function spellingsOf(value: string): string[] {
  const parts = value
    .split('.')
    .slice(1)
    .filter((part) => part.length > 24);
  return [value, ...parts].flatMap((text) => [
    text,
    encodeURIComponent(text),
    Buffer.from(text).toString('base64'),
    Buffer.from(text).toString('base64url'),
    Buffer.from(text).toString('hex'),
  ]);
}

/** Finds values in texts. Returns each with some context, so that a failure is readable. */
function find(values: Iterable<string>, texts: readonly string[]): string[] {
  const needles = [...new Set([...values].flatMap(spellingsOf))];
  return needles.flatMap((needle) => {
    const text = texts.find((candidate) => candidate.includes(needle));
    if (text === undefined) return [];
    const at = text.indexOf(needle);
    return [`${text.slice(0, 80)} … ${text.slice(Math.max(0, at - 40), at)}>>${needle.slice(0, 40)}`];
  });
}

const recorded = (kind: string, field: 'query' | 'form', name: string) =>
  world.entra.requests
    .filter((request) => request.kind === kind)
    .flatMap((request) => request[field][name] ?? []);

const secrets = () => {
  const accountKey = /AccountKey=([^;]+)/.exec(inject('tableConnectionString'))?.[1] ?? '';
  return [
    world.settings['ENTRA_CLIENT_SECRET'] ?? '',
    world.settings['SESSION_KEYS']?.split(':')[1] ?? '',
    world.settings['SESSION_INDEX_KEY'] ?? '',
    accountKey,
  ];
};
const codes = () => recorded('token', 'form', 'code');
const verifiers = () => recorded('token', 'form', 'code_verifier');
const states = () => recorded('authorize', 'query', 'state');
const nonces = () => recorded('authorize', 'query', 'nonce');
const cookieValues = () =>
  answers()
    .flatMap(({ setCookies }) =>
      setCookies.map((line) => line.slice(line.indexOf('=') + 1).split(';')[0] ?? ''),
    )
    .filter((value) => value !== '');
// Whole names and addresses only, because three letters such as "ben" also occur in random base64.
const userNames = () => demoDirectory.users.flatMap(({ name, username, id }) => [name, username, id]);
const clientInfos = () => answers().flatMap(({ url }) => url.searchParams.get('client_info') ?? []);
const logLines = () => [...worker.logLines, ...consoleLines];

describe('the crawl', () => {
  it('has collected all values and met every kind of response', () => {
    for (const values of [codes(), verifiers(), states(), nonces(), cookieValues(), [...tokens]]) {
      expect(values.length).toBeGreaterThan(5);
      expect(values.every((value) => value.length > 20)).toBe(true);
    }
    expect(secrets().every((value) => value.length > 15)).toBe(true);
    expect(recorded('token', 'form', 'refresh_token').length).toBeGreaterThan(5);
    const statuses = new Set(answers().map(({ status }) => status));
    expect([...statuses]).toEqual(expect.arrayContaining([200, 303, 400, 401, 403, 404, 405, 500, 502, 503]));
    expect(logLines().length).toBeGreaterThan(50);
  });
});

describe('a browser', () => {
  it('never receives a token, verifier, secret or key in a body, header, address or cookie', {
    tags: ['PX-16', 'ER-2'],
  }, () => {
    const values = [...tokens, ...recorded('token', 'form', 'refresh_token'), ...verifiers(), ...secrets()];
    const texts = answers().flatMap((answer) => [textOf(answer), answer.url.href, ...answer.setCookies]);
    expect(find(values, texts)).toEqual([]);
  });

  it('receives code, state and nonce only in the redirects from and to Entra ID', {
    tags: ['ER-2'],
  }, () => {
    // The bounce repeats the address that the browser sent. The redirect to Entra ID carries state and nonce.
    const elsewhere = answers().filter(({ headers, url }) => {
      const isBounce = typeof headers['refresh'] === 'string' && url.pathname === '/api/auth/callback';
      return !isBounce && !(headers.location ?? '').startsWith(world.entra.origin);
    });
    expect(elsewhere.length).toBeGreaterThan(100);
    expect(find([...codes(), ...states(), ...clientInfos()], elsewhere.map(textOf))).toEqual([]);
    // The admin page shows all claims of the user's own ID token, including its used nonce.
    const otherThanClaims = elsewhere.filter(
      ({ url, status }) => url.pathname !== '/api/admin' || status !== 200,
    );
    expect(find(nonces(), otherThanClaims.map(textOf))).toEqual([]);
  });

  it('receives no cookie value outside Set-Cookie', { tags: ['PX-16'] }, () => {
    expect(find(cookieValues(), answers().map(textOf))).toEqual([]);
  });

  it('receives no error text of Entra ID and nothing internal', { tags: ['ER-2'] }, () => {
    const elsewhere = answers().filter(
      ({ headers, url }) => headers['refresh'] === undefined && !url.pathname.endsWith('.js'),
    );
    // Problems contain a `correlation_id` on purpose: Entra ID's support finds the request by it.
    const words = [upstreamText, 'AADSTS', 'trace_id', 'error_codes', 'node_modules', 'TypeError'];
    expect(find(words, elsewhere.map(textOf))).toEqual([]);
  });

  it('receives names only from session, Graph, admin and sign-out routes and in the login hint', {
    tags: ['ER-2'],
  }, () => {
    const elsewhere = answers().filter(({ url, status, headers }) => {
      const isRightful =
        /^\/api\/(?:auth\/session|graph\/v1\.0\/me.*|admin|auth\/logout)$/.test(url.pathname) &&
        status === 200;
      return (
        !isRightful &&
        headers['refresh'] === undefined &&
        !(headers.location ?? '').startsWith(world.entra.origin)
      );
    });
    expect(elsewhere.length).toBeGreaterThan(100);
    expect(find(userNames(), elsewhere.map(textOf))).toEqual([]);
  });

  it('receives a fixed, small set of claims from the session route', { tags: ['PX-16'] }, () => {
    const signedIn = answers()
      .filter(({ url, status }) => url.pathname === '/api/auth/session' && status === 200)
      .map(({ body }): Record<string, unknown> => JSON.parse(body))
      .find((session) => session['signed_in'] === true);
    expect(Object.keys(signedIn ?? {}).sort()).toEqual([
      'can',
      'expires_at',
      'features',
      'idle_expires_at',
      'login_url',
      'name',
      'roles',
      'session_tag',
      'signed_in',
      'signed_in_at',
      'tenant_id',
      'username',
    ]);
  });
});

describe('the log', () => {
  it('contains no token, code, verifier, secret, key, state, nonce or cookie value', {
    tags: ['ER-2'],
  }, () => {
    const values = [
      ...tokens,
      ...codes(),
      ...verifiers(),
      ...secrets(),
      ...states(),
      ...nonces(),
      ...cookieValues(),
    ];
    expect(find(values, logLines())).toEqual([]);
  });

  it('contains no name and no error text of Entra ID or the table', { tags: ['ER-2'] }, () => {
    expect(find(userNames(), logLines())).toEqual([]);
    expect(logLines().join('\n')).not.toContain(upstreamText);
  });

  it('has one line of JSON per entry, each with its invocation id', () => {
    const records = worker.logLines.filter((line) => line.startsWith('{'));
    expect(records.length).toBeGreaterThan(50);
    for (const line of records) {
      expect(line).not.toContain('\n');
      expect(JSON.parse(line)).toMatchObject({
        event: expect.any(String),
        invocation_id: expect.any(String),
      });
    }
  });
});

describe('the table', () => {
  it('contains no readable token, name, secret or cookie value in any row', { tags: ['PX-16'] }, async () => {
    const client = TableClient.fromConnectionString(inject('tableConnectionString'), world.tableName, {
      allowInsecureConnection: true,
    });
    const rows: string[] = [];
    for await (const entity of client.listEntities()) {
      for (const value of Object.values(entity)) {
        rows.push(value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value));
      }
    }
    expect(rows.length).toBeGreaterThan(10);
    expect(find([...tokens, ...secrets(), ...userNames(), ...cookieValues()], rows)).toEqual([]);
  });
});
