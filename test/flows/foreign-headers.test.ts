import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type LibraryPath, startLibraryPath } from '../support/library-path.ts';
import { sendWire, type UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let alice: UserAgent;
let cookie: string;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  grantSignIn(world);
  alice = worker.browser();
  await signIn(alice, { user: 'alice' });
  cookie = `session=${alice.cookies().get('session')}`;
});

afterAll(() => world.close());

/** Encodes text so that Node.js' HTTP client sends it as UTF-8. */
const utf8 = (text: string) => Buffer.from(text).toString('latin1');

/** Cookies that a page on a sibling host can set: `document.cookie = 'name=…; Domain=contoso.com'`. */
const foreignCookies = [
  'name=Łukasz',
  'price=12 €',
  'mood=🙂',
  '日本=語',
  'a=\u{10ffff}',
  'ü=é',
  '\ufeffa=b',
  '"=\\"',
  '=nameless',
  'valueless',
  'Łukasz',
  '%E0%A4%A=%',
  '__proto__=x',
  'constructor=x',
  '$Version=1',
  'a=b=c',
  `long=${'x'.repeat(4000)}`,
];

describe('a foreign cookie', () => {
  const titled = foreignCookies.map((text) => [text.slice(0, 20), text] as const);

  it.each(titled)('does not hide the session cookie before or after it: %s', async (_title, foreign) => {
    for (const pairs of [`${utf8(foreign)}; ${cookie}`, `${cookie}; ${utf8(foreign)}`]) {
      const answer = await worker
        .browser()
        .script('GET', '/api/auth/session', { headers: { cookie: pairs } });
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body)).toMatchObject({ name: 'Alice Adams' });
      expect(answer.setCookies).toEqual([]);
    }
  });

  it('does not change the response of any route', async () => {
    const targets = [
      '/',
      '/nothing',
      '/api/admin',
      '/api/auth/login',
      '/api/auth/callback?code=x&state=y',
      '/api/auth/logout',
      '/api/auth/session',
      '/api/auth/sessions',
      '/api/auth/client.js',
      '/api/auth/front-channel-logout',
      '/api/graph/v1.0/me',
      '/api/health/live',
      '/api/health/ready',
    ];
    for (const target of targets) {
      for (const own of ['x=y', cookie]) {
        const ask = (cookies: string) =>
          worker.browser().script('GET', target, { headers: { cookie: cookies, accept: 'text/html' } });
        const plain = await ask(own);
        const beside = await ask(`${own}; ${foreignCookies.map(utf8).join('; ')}`);
        expect(beside.status, target).toBe(plain.status);
        expect(beside.setCookies.map((line) => line.split('=')[0])).toHaveLength(plain.setCookies.length);
      }
    }
  });
});

describe('any other header', () => {
  it.each(['user-agent', 'referer', 'x-forwarded-for', 'x-ms-client-principal-name'])(
    'is accepted with characters above U+00FF: %s',
    async (name) => {
      const answer = await alice.script('GET', '/api/graph/v1.0/me', { headers: { [name]: utf8('Łódź €') } });
      expect(answer.status).toBe(200);
    },
  );
});

describe('a Host header that the host accepts, and `URL` does not', () => {
  it.each(['1.2.3.4.5', '256.256.256.256', '0x1ffffffff', 'a.09'])(
    'is served, and no line of the log has the query: %s',
    async (host) => {
      const logged = worker.logLines.length;
      const headers = { host, cookie, 'x-csrf': '1' };
      const answer = await sendWire(worker.origin, '/api/auth/session?code=hidden-code', { headers });
      expect(JSON.parse(answer.body)).toMatchObject({ name: 'Alice Adams' });
      await sendWire(worker.origin, '/api/auth/callback?code=hidden-code&state=hidden-state', { headers });
      expect(worker.logLines.slice(logged).join('\n')).not.toContain('hidden');
    },
  );
});

describe('a request that only a lenient HTTP parser accepts', () => {
  let path: LibraryPath;

  beforeAll(async () => {
    path = await startLibraryPath(world.settings);
  });

  it.each(['na(me', 'na me', 'näme', '', 'a\u0000'])('is served with the header name %j', async (name) => {
    const answer = await path.call('auth-session', '/api/auth/session', {
      [name]: 'x',
      cookie,
      'x-csrf': '1',
    });
    expect(JSON.parse(answer.text)).toMatchObject({ name: 'Alice Adams' });
  });

  it.each(['\u0000', '\r', '\n', '\u0001', '\u001f', '\u007f', '\ud800'])(
    'is served with %j in a header value',
    async (character) => {
      const headers = { cookie: `a=${character}b; ${cookie}`, 'x-csrf': '1' };
      const answer = await path.call('auth-session', '/api/auth/session', headers);
      expect(JSON.parse(answer.text)).toMatchObject({ name: 'Alice Adams' });
    },
  );
});

describe('cookies outside ASCII', () => {
  it('are accepted by a function that an app registers', async () => {
    const own = await world.startWorker({
      extension: 'teamCard',
      environment: {
        GRAPH_POLICY_FILE: fileURLToPath(new URL('../../examples/own-function/policy.json', import.meta.url)),
      },
    });
    const headers = { cookie: utf8('name=Łukasz') };
    expect((await own.browser().script('GET', '/api/team-card', { headers })).status).toBe(401);
  });

  it('are accepted by an app with invalid settings, which responds with 503', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const path = await startLibraryPath({ ...world.settings, SESSION_KEYS: '' });
    vi.restoreAllMocks();
    const answer = await path.call('zz-misconfigured', '/api/auth/session', { cookie: 'name=Łukasz' });
    expect(answer.status).toBe(503);
  });
});

describe('refuses', () => {
  it('bytes that are not UTF-8, in the host before any function', async () => {
    const answer = await sendWire(worker.origin, '/api/health/live', { headers: { cookie: 'a=\xa0' } });
    expect([answer.status, answer.body]).toEqual([400, '']);
  });
});
