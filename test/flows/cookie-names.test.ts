import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LibraryPath, startLibraryPath } from '../support/library-path.ts';
import { exchangeBytes } from '../support/raw-client.ts';
import { isWholeRun } from '../support/scale.ts';
import { sendWire, type UserAgent, type WireAnswer } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
/** The service behind TLS. Requests reach it as messages of the Functions host. */
let secure: LibraryPath;
let alice: string;
let ben: string;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  secure = await startLibraryPath({ ...world.settings, PUBLIC_BASE_URL: 'https://app.contoso.test' });
  grantSignIn(world);
  const cookieOf = async (user: string) => {
    const browser = worker.browser();
    await signIn(browser, { user });
    return browser.cookies().get('session') ?? '';
  };
  [alice, ben] = [await cookieOf('alice'), await cookieOf('ben')];
});

afterAll(() => world.close());

const characters = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));
/** All white space, ignorable characters and control characters. */
const strange = characters.filter((character) =>
  /[\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}]/u.test(character),
);
const tried = isWholeRun ? strange : strange.filter((_character, at) => at % 8 === 0);
const codeOf = (character: string) =>
  `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
/** Names that a browser accepts without the rules for `__Host-`, because of the added character. */
const disguises = (name: string, character: string) => [
  `${character}${name}`,
  `${character}${character}${name}`,
  `${name}${character}`,
  `${character}${name}${character}`,
  `${name.slice(0, 4)}${character}${name.slice(4)}`,
];

describe('a cookie name with an additional character', () => {
  it('is tested with all white space of Unicode, the BOM and all control characters', () => {
    expect(strange).toEqual(
      expect.arrayContaining([...'\u0000\t\n\u0085\u00a0\u1680\u2003\u2028\u202f\u205f\u3000\ufeff']),
    );
    expect(strange.filter((character) => /\p{White_Space}/u.test(character))).toHaveLength(25);
  });

  it('is a foreign cookie: it opens no session, and the genuine session stays', {
    tags: ['SC-8'],
  }, async () => {
    for (const character of tried) {
      for (const name of disguises('__Host-session', character)) {
        const planted = `${name}=${ben}`;
        for (const cookie of [
          `__Host-session=${alice}; ${planted}`,
          `a=b; ${planted}; __Host-session=${alice}`,
        ]) {
          const answer = await secure.call('auth-session', '/api/auth/session', { cookie, 'x-csrf': '1' });
          expect(JSON.parse(answer.text), codeOf(character)).toMatchObject({ name: 'Alice Adams' });
          expect(answer.cookies, codeOf(character)).toEqual([]);
        }
        const alone = { cookie: `a=b; ${planted}`, 'x-csrf': '1' };
        const answer = await secure.call('auth-session', '/api/auth/session', alone);
        expect(JSON.parse(answer.text), codeOf(character)).toMatchObject({ signed_in: false });
        expect(answer.cookies, codeOf(character)).toEqual([]);
      }
    }
  });

  it('is a foreign cookie: a planted login transaction is not used', {
    tags: ['LR-2', 'SC-8'],
  }, async () => {
    const attacker = worker.browser();
    const { headers } = await attacker.request('/api/auth/login');
    const [[name = '', value = ''] = []] = [...attacker.cookies()];
    const state = new URL(headers.location ?? '').searchParams.get('state') ?? '';
    const asked = world.entra.count('token', 'authorization_code');
    for (const character of tried) {
      for (const disguise of disguises(name, character)) {
        const answer = await finish(state, `a=b; ${disguise}=${value}`);
        expect([0, 400], codeOf(character)).toContain(answer.status);
      }
    }
    expect(world.entra.count('token', 'authorization_code')).toBe(asked);
  });

  /** Sends a callback with the cookie as UTF-8. Returns status 0 if the HTTP parser refuses it. */
  const finish = async (state: string, cookie: string) =>
    sendWire(worker.origin, `/api/auth/callback?code=x&state=${state}&bounced=1`, {
      headers: { cookie: Buffer.from(cookie).toString('latin1') },
    }).catch(() => ({ status: 0 }));

  it('is refused by the host if it is not UTF-8, and otherwise a foreign cookie', async () => {
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte);
      if (/[\w\r\n;=,-]/.test(character)) continue;
      for (const planted of [`${character}session=${ben}`, `session${character}=${ben}`]) {
        const head = 'GET /api/auth/session HTTP/1.1\r\nHost: localhost\r\nX-CSRF: 1\r\nConnection: close';
        const bytes = Buffer.from(`${head}\r\nCookie: session=${alice}; ${planted}\r\n\r\n`, 'latin1');
        const answer = await exchangeBytes(worker.origin, bytes);
        expect(answer).not.toMatch(/set-cookie|Ben Brown/i);
        const isRefused = answer.startsWith('HTTP/1.1 400 ');
        if (byte >= 0x80) expect(isRefused, String(byte)).toBe(true);
        if (!isRefused) expect(answer, String(byte)).toContain('"Alice Adams"');
      }
    }
  });
});

describe('a cookie that is sent twice', () => {
  const twice = (name: string, first: string, second: string) => [
    `${name}=${first}; ${name}=${second}`,
    `${name}=${second}; ${name}=${first}`,
    `${name}=${first};${name}=${second}`,
    `${name}=${first},${name}=${second}`,
    `${name}=${first}, ${name}=${second}`,
    `${name}=${first}; a=b; ${name}=`,
  ];
  const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  const changesNothing = (answer: WireAnswer) => expect(answer.setCookies).toEqual([]);
  const auditRecords = (event: string) =>
    worker.logLines.filter((line) => line.includes('"audit":true') && line.includes(`"event":"${event}"`));

  it('gets 401 with the reason cookie_sent_twice and an audit record, and changes no cookie', {
    tags: ['SC-8'],
  }, async () => {
    for (const cookie of twice('session', alice, ben)) {
      worker.logLines.length = 0;
      const answer = await worker.browser().script('GET', '/api/graph/v1.0/me', { headers: { cookie } });
      expect(answer.status).toBe(401);
      expect(JSON.parse(answer.body)).toMatchObject({
        code: 'session_required',
        reason: 'cookie_sent_twice',
      });
      changesNothing(answer);
      expect(auditRecords('cookie-sent-twice')).toHaveLength(1);
      expect(JSON.parse(auditRecords('cookie-sent-twice')[0] ?? '')).toMatchObject({ cookies: 'session' });
    }
  });

  it('counts as signed out for the session route', async () => {
    for (const cookie of twice('session', alice, ben)) {
      const answer = await worker.browser().script('GET', '/api/auth/session', { headers: { cookie } });
      expect(JSON.parse(answer.body)).toEqual({ signed_in: false, login_url: '/api/auth/login' });
      changesNothing(answer);
    }
  });

  it('counts as signed out behind TLS too', async () => {
    for (const cookie of twice('__Host-session', alice, ben)) {
      const answer = await secure.call('auth-session', '/api/auth/session', { cookie, 'x-csrf': '1' });
      expect(JSON.parse(answer.text)).toMatchObject({ signed_in: false });
      expect(answer.cookies).toEqual([]);
    }
  });

  it.each([
    ['GET', '/api/auth/login'],
    ['GET', '/api/auth/login?prompt=none&display=popup'],
    ['GET', '/api/auth/logout'],
    ['GET', '/api/auth/logout?bounced=1'],
    ['GET', '/api/admin'],
    ['GET', '/api/admin?bounced=1'],
    ['GET', `/api/auth/callback?code=x&state=0.${'A'.repeat(43)}`],
    ['GET', `/api/auth/callback?code=x&state=0.${'A'.repeat(43)}&bounced=1`],
  ])('shows a page without a redirect at %s %s', async (method, path) => {
    const redeemed = world.entra.count('token', 'authorization_code');
    for (const name of ['session', 'tx-0', 'tx-4', 'logout-pending']) {
      for (const cookie of twice(name, alice, ben)) {
        const answer = await worker.browser().request(path, { method, headers: { ...page, cookie } });
        expect(answer.status).toBe(401);
        expect(answer.body).toContain('This browser sent two sign-in cookies');
        expect(answer.body).toContain('Delete the cookies of this site');
        expect(answer.headers['refresh']).toBeUndefined();
        expect(answer.headers.location).toBeUndefined();
        changesNothing(answer);
      }
    }
    expect(world.entra.count('token', 'authorization_code')).toBe(redeemed);
  });

  it('does not sign out: the response is 401 and neither session ends', async () => {
    for (const cookie of twice('session', alice, ben)) {
      const answer = await worker.browser().script('POST', '/api/auth/logout', { headers: { cookie } });
      expect(answer.status).toBe(401);
      changesNothing(answer);
    }
    for (const value of [alice, ben]) expect(await isSignedIn(value)).toBe(true);
  });

  it('of a pending sign-out is not opened either', async () => {
    const leaving = worker.browser();
    await signIn(leaving, { user: 'ben' });
    worker.table.failing.add('remove');
    await leaving.script('POST', '/api/auth/logout');
    worker.table.recover();
    const pending = leaving.cookies().get('logout-pending') ?? '';
    expect(pending).not.toBe('');
    const { remove } = worker.table.counts;
    for (const cookie of twice('logout-pending', pending, 'x')) {
      const answer = await worker
        .browser()
        .script('GET', '/api/auth/session', { headers: { cookie: `${cookie}; session=${alice}` } });
      expect(JSON.parse(answer.body)).toMatchObject({ signed_in: false });
      changesNothing(answer);
    }
    expect(worker.table.counts.remove).toBe(remove);
  });

  it('does not affect routes that need no cookie', async () => {
    for (const path of ['/api/health/live', '/api/auth/client.js']) {
      const answer = await sendWire(worker.origin, path, { headers: { cookie: `session=a; session=b` } });
      expect(answer.status).toBe(200);
    }
  });

  it('is not confused with a foreign value that only looks like it', async () => {
    for (const foreign of [`a=x,session=${ben}`, `a=session=${ben}`, `a=b, session=${ben}`]) {
      for (const cookie of [`session=${alice}; ${foreign}`, `${foreign}; session=${alice}`]) {
        const answer = await worker.browser().script('GET', '/api/auth/session', { headers: { cookie } });
        expect(JSON.parse(answer.body)).toMatchObject({ name: 'Alice Adams' });
        changesNothing(answer);
      }
    }
  });

  const isSignedIn = async (value: string): Promise<unknown> => {
    const headers = { cookie: `session=${value}` };
    const { body } = await worker.browser().script('GET', '/api/auth/session', { headers });
    return JSON.parse(body).signed_in;
  };
});

describe('too many cookies', () => {
  const tooMany = `a=${'x'.repeat(17 * 1024)}`;

  it('get a 400 with Clear-Site-Data, as a page for users and a problem for scripts', async () => {
    const cookie = `session=${alice}; ${tooMany}`;
    const script = await worker.browser().script('GET', '/api/auth/session', { headers: { cookie } });
    const page = await worker
      .browser()
      .request('/api/auth/login', { headers: { cookie, accept: 'text/html' } });
    for (const answer of [script, page]) {
      expect(answer.status).toBe(400);
      expect(answer.headers['clear-site-data']).toBe('"cookies"');
      expect(answer.body).toContain('more than 16 KiB of cookies');
      expect(answer.setCookies).toEqual([]);
    }
    expect(script.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(page.headers['content-type']).toMatch(/^text\/html/);
  });

  it.each(['script', 'form'] as const)('do not prevent a sign-out on the server, by %s', async (way) => {
    const browser = worker.browser();
    await signIn(browser, { user: 'mia' });
    const value = browser.cookies().get('session') ?? '';
    const cookie = `${tooMany}; session=${value}`;
    const { remove } = worker.table.counts;
    if (way === 'script') {
      const answer = await worker.browser().script('POST', '/api/auth/logout', { headers: { cookie } });
      expect(answer.status).toBe(200);
      expect(answer.setCookies.join()).toContain('session=;');
    } else {
      const headers = { cookie, accept: 'text/html' };
      const page = await sendWire(worker.origin, '/api/auth/logout', { headers });
      const [, token = ''] = /name="form_token" value="([^"]*)"/.exec(page.body) ?? [];
      const answer = await sendWire(worker.origin, '/api/auth/logout', {
        method: 'POST',
        headers: {
          ...headers,
          origin: worker.origin,
          'sec-fetch-site': 'same-origin',
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: new URLSearchParams({ form_token: token }).toString(),
      });
      expect(answer.status).toBe(303);
    }
    expect(worker.table.counts.remove).toBeGreaterThan(remove);
    const after = await worker.browser().script('GET', '/api/auth/session', {
      headers: { cookie: `session=${value}` },
    });
    expect(JSON.parse(after.body)).toMatchObject({ signed_in: false });
  });

  it('do not affect routes that need no cookie', async () => {
    const answer = await sendWire(worker.origin, '/api/health/live', { headers: { cookie: tooMany } });
    expect(answer.status).toBe(200);
  });

  it('are the only reason for Clear-Site-Data', async () => {
    const browser: UserAgent = worker.browser();
    for (const path of [
      '/api/auth/session',
      '/api/auth/login?prompt=x',
      '/api/nothing',
      '/api/graph/v1.0/me',
    ]) {
      expect((await browser.script('GET', path)).headers['clear-site-data']).toBeUndefined();
    }
  });
});
