import { randomBytes } from 'node:crypto';
import { demoClient } from '@entra-bff/directory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
/** The same service behind TLS. It sets and reads `__Host-` cookies. */
let secureWorker: Worker;
let alice: UserAgent;
let ben: UserAgent;
let aliceCookie: string;
let benCookie: string;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  secureWorker = await world.startWorker({ environment: { PUBLIC_BASE_URL: 'https://app.example' } });
  grantSignIn(world);
  alice = worker.browser();
  ben = worker.browser();
  await signIn(alice, { user: 'alice' });
  await signIn(ben, { user: 'ben' });
  aliceCookie = alice.cookies().get('session') ?? '';
  benCookie = ben.cookies().get('session') ?? '';
});

afterAll(() => world.close());

const askWith = (cookie: string, more: Record<string, string> = {}, path = '/api/auth/session') =>
  worker.browser().script('GET', path, { headers: { cookie, ...more } });

const isCleared = ({ setCookies }: WireAnswer, name = 'session') =>
  setCookies.some((line) => line.startsWith(`${name}=;`) && /max-age=0/i.test(line));

/** Returns the attributes without `name=value`, normalized and sorted. */
const attributesOf = (line: string) =>
  line
    .split(';')
    .slice(1)
    .map((attribute) => attribute.trim().toLowerCase())
    .filter((attribute) => !attribute.startsWith('max-age='))
    .sort();

/** A random value with the length and version of a real one. Only its MAC is wrong. */
const forgedValue = () => Buffer.concat([Buffer.of(1), randomBytes(134)]).toString('base64url');

async function expectSignedOut(answer: WireAnswer) {
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toEqual({ signed_in: false, login_url: '/api/auth/login' });
}

describe('a cookie', () => {
  it.each([
    [undefined, true],
    ['same-origin', true],
    ['none', true],
    ['same-site', false],
    ['cross-site', false],
  ] as const)(
    'with a forged value is cleared only at a navigation from this origin (%s)',
    async (site, expected) => {
      const answer = await worker.browser().request('/api/auth/login', {
        headers: {
          cookie: `session=${forgedValue()}`,
          accept: 'text/html',
          ...(site === undefined
            ? {}
            : { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }),
        },
      });
      expect([answer.status, isCleared(answer)]).toEqual([303, expected]);
    },
  );

  it('is always HttpOnly, Strict, host-only and short', {
    tags: ['SC-1'],
  }, async () => {
    const lines = [...alice.received, ...ben.received]
      .filter(({ url }) => url.origin === worker.origin)
      .flatMap(({ setCookies }) => setCookies);
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) {
      expect(attributesOf(line)).toEqual(['httponly', 'path=/', 'samesite=strict']);
      expect(line.split(';')[0]?.length).toBeLessThan(4096);
    }
  });

  it('behind TLS is Secure and has a __Host- name, when set and when cleared', {
    tags: ['SC-1', 'SC-9'],
  }, async () => {
    const browser = secureWorker.browser();
    const started = await browser.request('/api/auth/login');
    const ended = await browser.script('POST', '/api/auth/logout', {
      headers: { origin: 'https://app.example', cookie: '__Host-session=x' },
    });
    const [set = ''] = started.setCookies;
    const [cleared = ''] = ended.setCookies;
    expect(set).toMatch(/^__Host-tx-[0-4]=[\w-]+;/);
    expect(cleared).toMatch(/^__Host-session=;/);
    expect(cleared).toMatch(/max-age=0/i);
    for (const line of [set, cleared]) {
      expect(attributesOf(line)).toEqual(['httponly', 'path=/', 'samesite=strict', 'secure']);
    }
  });

  it('behind TLS is read only by its __Host- name, because a sibling host could plant another one', {
    tags: ['SC-1', 'SC-8'],
  }, async () => {
    const ask = (cookie: string) =>
      secureWorker.browser().script('GET', '/api/auth/session', { headers: { cookie } });
    expect(JSON.parse((await ask(`__Host-session=${aliceCookie}`)).body)).toMatchObject({
      name: 'Alice Adams',
    });
    await expectSignedOut(await ask(`session=${aliceCookie}`));
    await expectSignedOut(await ask(`__host-session=${aliceCookie}`));
    await expectSignedOut(await ask(`__Secure-session=${aliceCookie}`));
  });

  it('of a session contains no token, name, address or id', { tags: ['SC-1'] }, () => {
    const texts = [aliceCookie, Buffer.from(aliceCookie, 'base64url').toString('latin1')].join('\n');
    for (const word of ['alice', 'Alice', 'contoso', 'eyJhbG', demoClient.tenantId]) {
      expect(texts).not.toContain(word);
    }
  });

  it('is cleared with the attributes it was set with', { tags: ['SC-9'] }, async () => {
    const set = alice.received
      .flatMap(({ setCookies }) => setCookies)
      .find((line) => line.startsWith('session='));
    const answer = await askWith('session=spoilt');
    expect(isCleared(answer)).toBe(true);
    expect(attributesOf(answer.setCookies[0] ?? '')).toEqual(attributesOf(set ?? ''));
  });
});

describe('a sign-in', () => {
  it('never adopts a cookie value that the browser sends, planted or of another user', {
    tags: ['SC-2'],
  }, async () => {
    expect(forgedValue()).toHaveLength(aliceCookie.length);
    const otherBrowser = worker.browser();
    await signIn(otherBrowser, { user: 'alice' });
    const othersCookie = otherBrowser.cookies().get('session') ?? '';
    expect(await otherBrowser.scriptJson('/api/auth/session')).toMatchObject({ name: 'Alice Adams' });
    for (const brought of [othersCookie, forgedValue(), 'x', '']) {
      const browser = worker.browser();
      browser.cookies().set('session', brought);
      await signIn(browser, { user: 'ben' });
      const fresh = browser.cookies().get('session');
      expect(fresh).not.toBe(brought);
      expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ name: 'Ben Brown' });
      await expectSignedOut(await askWith(`session=${brought}`));
    }
  });

  it('replaces an existing session, whose cookie becomes useless', { tags: ['SC-2'] }, async () => {
    const browser = worker.browser();
    await signIn(browser, { user: 'ben' });
    const before = browser.cookies().get('session') ?? '';
    await signIn(browser, { user: 'alice', from: '/api/auth/login?prompt=select_account' });
    const after = browser.cookies().get('session');
    expect(after).not.toBe(before);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ name: 'Alice Adams' });
    await expectSignedOut(await askWith(`session=${before}`));
  });
});

describe('refuses', () => {
  it('every tampered value, and clears it without a read of the table or a call', {
    tags: ['SC-5', 'DO-2'],
  }, async () => {
    const bytes = Buffer.from(aliceCookie, 'base64url');
    const flipped = [...bytes.keys()]
      .filter((index) => index % 4 === 1)
      .map((index) => {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(index) ^ (1 << (index % 8)), index);
        return changed.toString('base64url');
      });
    const values = [
      ...flipped,
      ...[0, 1, 50, aliceCookie.length - 1].map((length) => aliceCookie.slice(0, length)),
      `${aliceCookie}A`,
      `${aliceCookie}=`,
      `${aliceCookie}%3D`,
      `%${aliceCookie.charCodeAt(0).toString(16)}${aliceCookie.slice(1)}`,
      Buffer.from(aliceCookie, 'base64url').toString('base64'),
      '%',
      '%E0%A4%A',
      '%00',
      '[object Object]',
      '{"id":1}',
      'null',
      '__proto__',
      '../../x',
      "' or 1 eq 1",
      'x'.repeat(8000),
      ...Array.from({ length: 20 }, forgedValue),
    ].filter((value) => value !== aliceCookie);
    const { read } = worker.table.counts;
    const asked = world.entra.requests.length;
    for (const value of values) {
      const answer = await askWith(`session=${value}`);
      await expectSignedOut(answer);
      expect(isCleared(answer)).toBe(true);
    }
    const call = await askWith(`session=${flipped[3]}`, {}, '/api/graph/v1.0/me');
    expect(call.status).toBe(401);
    expect(isCleared(call)).toBe(true);
    expect(worker.table.counts.read).toBe(read);
    expect(world.entra.requests).toHaveLength(asked);
    expect(world.graph.count()).toBe(0);
    // Alice's session still exists.
    expect(JSON.parse((await askWith(`session=${aliceCookie}`)).body)).toMatchObject({ name: 'Alice Adams' });
  });

  it('many and oversized cookies', { tags: ['DO-2'] }, async () => {
    const { read } = worker.table.counts;
    const hundred = Array.from({ length: 100 }, (_, index) => `c${index}=${randomBytes(30).toString('hex')}`);
    await expectSignedOut(await askWith(hundred.join('; ')));
    await expectSignedOut(await askWith(Array.from({ length: 100 }, () => 'session=x').join('; ')));
    // The host closes the connection before it has received all of such a header.
    const tooLong = await askWith(`session=${'x'.repeat(64 * 1024)}`).then(
      ({ status }) => status,
      () => 'closed',
    );
    expect([400, 431, 'closed']).toContain(tooLong);
    expect(worker.table.counts.read).toBe(read);
  });

  it('two session cookies in any order and form, and clears neither', {
    tags: ['SC-8'],
  }, async () => {
    const [a, b] = [`session=${aliceCookie}`, `session=${benCookie}`];
    for (const cookie of [`${a}; ${b}`, `${b}; ${a}`, `${a}; ${a}`, `${a},${b}`, `${a}, ${b}`, `${a};${b}`]) {
      const answer = await askWith(cookie);
      await expectSignedOut(answer);
      expect(answer.setCookies).toEqual([]);
    }
  });

  it('a value that is quoted, padded, or under no or another name', {
    tags: ['SC-8'],
  }, async () => {
    for (const cookie of [
      `session="${aliceCookie}"`,
      `session= ${aliceCookie}`,
      `session =${aliceCookie}`,
      `session=${aliceCookie} `.concat('; x=1'),
      `=${aliceCookie}`,
      aliceCookie,
      `Session=${aliceCookie}`,
      `SESSION=${aliceCookie}`,
      `session.0=${aliceCookie}`,
      `session-0=${aliceCookie}; session-chunks=1`,
      'session=chunks-99999999',
      'session=chunks--1',
      `__Host-session=${aliceCookie}`,
      `x=session=${aliceCookie}`,
    ]) {
      await expectSignedOut(await askWith(cookie));
    }
  });

  it('a session in the address or in another header', { tags: ['SC-8'] }, async () => {
    const headers = { 'x-session': aliceCookie, session: aliceCookie, 'x-ms-client-principal': aliceCookie };
    await expectSignedOut(await askWith('', headers, `/api/auth/session?session=${aliceCookie}`));
    const bearer = await askWith('', { authorization: `Bearer ${aliceCookie}` }, '/api/graph/v1.0/me');
    expect(bearer.status).toBe(401);
    expect(world.graph.count()).toBe(0);
  });
});

describe('sealed values of another purpose', { tags: ['SC-6'] }, () => {
  let transaction: { name: string; value: string; state: string };
  let ticket: string;
  let formToken: string;
  let pending: string;

  beforeAll(async () => {
    const browser = worker.browser();
    const { headers } = await browser.request('/api/auth/login');
    const [[name = '', value = ''] = []] = [...browser.cookies()];
    const state = new URL(headers.location ?? '').searchParams.get('state') ?? '';
    transaction = { name, value, state };

    const needsMail = await alice.scriptJson('/api/graph/v1.0/me/messages');
    ticket = new URL(String(needsMail['login_url']), worker.origin).searchParams.get('ticket') ?? '';

    const page = await alice.navigate('/api/auth/logout');
    formToken = /name="form_token" value="([^"]+)"/.exec(page.body)?.[1] ?? '';

    const leaving = worker.browser();
    await signIn(leaving, { user: 'ben' });
    worker.table.failing.add('remove');
    await leaving.script('POST', '/api/auth/logout');
    worker.table.recover();
    pending = leaving.cookies().get('logout-pending') ?? '';
    for (const made of [value, state, ticket, formToken, pending]) expect(made).not.toBe('');
  });

  it('are refused as a session', async () => {
    for (const value of [transaction.value, ticket, formToken, pending]) {
      const answer = await askWith(`session=${value}`);
      await expectSignedOut(answer);
      expect(isCleared(answer)).toBe(true);
    }
  });

  it('are refused as a login transaction', async () => {
    const before = world.entra.count('token');
    for (const value of [aliceCookie, ticket, formToken, pending]) {
      const answer = await worker
        .browser()
        .request(`/api/auth/callback?code=x&state=${transaction.state}&bounced=1`, {
          headers: { cookie: `${transaction.name}=${value}` },
        });
      expect(answer.status).toBe(400);
    }
    // A transaction is also refused in the cookie of another slot.
    const otherSlot = transaction.name === 'tx-0' ? 'tx-1' : 'tx-0';
    const state = transaction.state.replace(/^./, otherSlot.slice(-1));
    const answer = await worker.browser().request(`/api/auth/callback?code=x&state=${state}&bounced=1`, {
      headers: { cookie: `${otherSlot}=${transaction.value}` },
    });
    expect(answer.status).toBe(400);
    expect(world.entra.count('token')).toBe(before);
  });

  it('are refused as a ticket', async () => {
    for (const value of [aliceCookie, transaction.value, formToken, pending]) {
      const { headers } = await alice.clone().request(`/api/auth/login?ticket=${value}`);
      expect(new URL(headers.location ?? '').searchParams.get('scope')).not.toContain('Mail.Read');
    }
    const { headers } = await alice.clone().request(`/api/auth/login?ticket=${ticket}`);
    expect(new URL(headers.location ?? '').searchParams.get('scope')).toContain('Mail.Read');
  });

  it('are refused as a form token', async () => {
    for (const value of [aliceCookie, transaction.value, ticket, pending, '']) {
      const body = new URLSearchParams({ form_token: value }).toString();
      const answer = await alice.clone().request('/api/auth/logout', {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': String(body.length),
          origin: worker.origin,
        },
      });
      expect(answer.status).toBe(403);
    }
    expect(JSON.parse((await askWith(`session=${aliceCookie}`)).body)).toMatchObject({ signed_in: true });
  });

  it('are refused as a pending sign-out', async () => {
    const { remove } = worker.table.counts;
    for (const value of [aliceCookie, transaction.value, ticket, formToken]) {
      const answer = await askWith(`logout-pending=${value}; session=${aliceCookie}`);
      expect(JSON.parse(answer.body)).toMatchObject({ signed_in: true });
      expect(isCleared(answer, 'logout-pending')).toBe(true);
    }
    expect(worker.table.counts.remove).toBe(remove);
  });
});

describe('a response that depends on a cookie', { tags: ['SC-9'] }, () => {
  const paths = [
    '/api/auth/session',
    '/api/auth/login',
    '/api/auth/login?prompt=wrong',
    '/api/auth/callback',
    `/api/auth/callback?code=x&state=0.${'A'.repeat(43)}`,
    '/api/auth/logout',
    '/api/graph/v1.0/me',
    '/api/graph/v1.0/users',
    '/api/graph/v1.0/me/messages',
    '/api/admin',
    '/api/nothing',
  ];

  it.each(paths)('is never cached: %s', async (path) => {
    for (const cookie of ['', 'session=spoilt', `session=${aliceCookie}`, `session=${benCookie}`]) {
      for (const method of ['GET', 'POST']) {
        for (const accept of ['text/html', 'application/json']) {
          // Signing out would end the session that the next path needs.
          if (path === '/api/auth/logout' && method === 'POST') continue;
          const answer = await worker.browser().script(method, path, { headers: { cookie, accept } });
          expect(answer.headers['cache-control'], `${method} ${answer.status}`).toMatch(/\bno-store\b/);
          expect(answer.headers.vary).toMatch(/\bCookie\b/i);
        }
      }
    }
  });
});
