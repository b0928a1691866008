import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { callbackAddress } from '../support/callback-address.ts';
import { readRows, readSessionRows, removeRows } from '../support/table-rows.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let other: Worker;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker({ environment: { SESSION_MAX_PER_USER: '4' } });
  other = await world.startWorker();
  grantSignIn(world);
});

afterAll(() => world.close());

beforeEach(() => removeRows(world));

afterEach(() => {
  worker.table.recover();
  worker.table.before = undefined;
});

const route = '/api/auth/sessions';
const edge =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0';
const iPhone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';

interface Listed {
  readonly id: string;
  readonly current: boolean;
  readonly device: string | null;
  readonly [field: string]: unknown;
}

async function signedIn(user: string, userAgent?: string): Promise<UserAgent> {
  const browser = worker.browser();
  browser.userAgent = userAgent;
  await signIn(browser, { user });
  return browser;
}

async function list(browser: UserAgent): Promise<Listed[]> {
  const answer = await browser.script('GET', route);
  expect(answer.status).toBe(200);
  return JSON.parse(answer.body).sessions;
}

async function currentId(browser: UserAgent): Promise<string> {
  return (await list(browser)).find(({ current }) => current)?.id ?? 'none';
}

const end = (browser: UserAgent, id: string, on = worker): Promise<WireAnswer> =>
  browser.clone(on.origin).script('DELETE', `${route}/${id}`, { headers: { origin: worker.origin } });
const endOthers = (browser: UserAgent) => browser.script('DELETE', route);
const isSignedIn = async (browser: UserAgent, on = worker) =>
  (await browser.clone(on.origin).scriptJson('/api/auth/session'))['signed_in'];
const codeOf = ({ status, body }: WireAnswer) => [status, JSON.parse(body).code];
const isCleared = ({ setCookies }: WireAnswer) =>
  setCookies.some((line) => /^session=;.*max-age=0/i.test(line));

describe('the list of the user’s own sessions', () => {
  it('has each browser with its device and times, and marks the current one', async () => {
    const phone = await signedIn('alice', iPhone);
    const desk = await signedIn('alice', edge);
    await signedIn('ben', edge);
    const listed = await list(desk);
    expect(listed.map(({ device, current }) => [device, current])).toEqual([
      ['Edge on Windows', true],
      ['Safari on iPhone', false],
    ]);
    expect((await list(phone)).map(({ id, current }) => [id, current])).toEqual([
      [listed[0]?.id, false],
      [listed[1]?.id, true],
    ]);
    const session = await desk.scriptJson('/api/auth/session');
    expect(listed[0]).toMatchObject({
      signed_in_at: session['signed_in_at'],
      expires_at: session['expires_at'],
    });
  });

  it('has a fixed set of fields, without name, address, role, scope or token', async () => {
    const [one] = await list(await signedIn('alice', edge));
    expect(Object.keys(one ?? {})).toEqual([
      'id',
      'current',
      'device',
      'signed_in_at',
      'last_used_at',
      'expires_at',
      'features',
    ]);
    expect(one?.['features']).toEqual(['profile']);
  });

  it('loses the least recently used session if there are too many, with an audit record', async () => {
    const others = await signedIn('ben');
    const browsers = [];
    for (let count = 0; count < 4; count++) browsers.push(await signedIn('alice'));
    // In the same browser, the replaced session does not count.
    await signIn(browsers[1] ?? others, { user: 'alice' });
    expect(await Promise.all(browsers.map((one) => isSignedIn(one)))).toEqual([true, true, true, true]);
    browsers.push(await signedIn('alice'));
    expect(await Promise.all(browsers.map((one) => isSignedIn(one)))).toEqual([
      false,
      true,
      true,
      true,
      true,
    ]);
    expect(await isSignedIn(others)).toBe(true);
    const ended = worker.logLines.filter((line) => line.includes('"by":"limit"'));
    expect(ended.map((line) => JSON.parse(line).sessions)).toEqual([1]);
    // The sign-in succeeds even if the table fails at this point.
    worker.table.failing.add('list');
    expect(await isSignedIn(await signedIn('alice'))).toBe(true);
  });

  it('is limited without delaying a sign-in if the table does not respond', async () => {
    const browser = worker.browser();
    const release = Promise.withResolvers<void>();
    let isListed = false;
    worker.table.before = async (operation) => {
      if (operation !== 'list') return;
      isListed = true;
      await release.promise;
    };
    await signIn(browser, { user: 'alice' });
    expect(isListed).toBe(true);
    release.resolve();
    worker.table.before = undefined;
    expect((await browser.scriptJson('/api/auth/session'))['signed_in']).toBe(true);
    expect(worker.logLines.some((line) => line.includes('oldest-sessions-not-ended'))).toBe(true);
  });

  it('names the features that the session route reports as granted', async () => {
    const browser = await signedIn('alice', edge);
    grantSignIn(world, 'Alice Adams', ['Mail.Read']);
    await signIn(browser, { user: 'alice', from: '/api/auth/login?feature=mail' });
    const { features } = await browser.scriptJson('/api/auth/session');
    const granted = Object.entries(Object(features)).flatMap(([name, state]) =>
      state === 'granted' ? [name] : [],
    );
    expect(granted).toContain('mail');
    expect((await list(browser))[0]?.['features']).toEqual(granted);
  });

  it('shows the device of the last sign-in, including one for consent', async () => {
    const browser = await signedIn('alice', edge);
    browser.userAgent = iPhone;
    await signIn(browser, { user: 'alice', from: '/api/auth/login?feature=mail' });
    expect((await list(browser)).map(({ device }) => device)).toEqual(['Safari on iPhone']);
    browser.userAgent = undefined;
    await signIn(browser, { user: 'alice' });
    expect((await list(browser)).map(({ device }) => device)).toEqual([null]);
  });

  it('stores the device encrypted', { tags: ['TC-2'] }, async () => {
    await signedIn('alice', edge);
    const table = JSON.stringify(await readRows(world), (_name, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
    );
    expect(table).toContain('lastUsedAt');
    expect(table).not.toMatch(/Edge|Windows|Mozilla|141\.0/);
  });

  it('does not extend the session', async () => {
    const browser = await signedIn('alice');
    const uses = worker.table.recordedUses();
    world.advance(1800);
    await list(browser);
    world.advance(-1800);
    expect(worker.table.recordedUses()).toBe(uses);
  });

  it('shows the recorded use, which is updated at most once per twelfth of the idle time', async () => {
    const browser = await signedIn('alice');
    const lastUsedAt = async () => (await list(browser))[0]?.['last_used_at'];
    const first = await lastUsedAt();
    await browser.script('GET', '/api/graph/v1.0/me');
    expect(await lastUsedAt()).toBe(first);
    world.advance(301);
    await browser.script('GET', '/api/graph/v1.0/me');
    world.advance(-301);
    expect(await lastUsedAt()).not.toBe(first);
  });
});

describe('ending one session', () => {
  it('signs out only that browser', async () => {
    const [phone, desk] = [await signedIn('alice', iPhone), await signedIn('alice', edge)];
    const answer = await end(desk, await currentId(phone));
    expect([answer.status, answer.body, answer.setCookies]).toEqual([204, '', []]);
    expect(await isSignedIn(phone)).toBe(false);
    expect(await isSignedIn(desk)).toBe(true);
    expect(await readSessionRows(world)).toHaveLength(1);
    expect(worker.logLines.join('\n')).toMatch(
      /"event":"session-ended","audit":true,"by":"user","sessions":1/,
    );
  });

  it('takes effect at once on this worker, and on others within SESSION_CACHE_SECONDS', {
    tags: ['SC-4'],
  }, async () => {
    const [phone, desk] = [await signedIn('alice'), await signedIn('alice')];
    const id = await currentId(phone);
    expect(await isSignedIn(phone, other)).toBe(true);
    expect((await end(desk, id)).status).toBe(204);
    expect(await isSignedIn(phone)).toBe(false);
    world.pass(5);
    expect(await isSignedIn(phone, other)).toBe(false);
    expect((await end(desk, id, other)).status).toBe(404);
  });

  it('clears the cookie if it is the current session', async () => {
    const browser = await signedIn('alice');
    const answer = await browser.script('DELETE', `${route}/${await currentId(browser)}`);
    expect(answer.status).toBe(204);
    expect(isCleared(answer)).toBe(true);
    expect(await isSignedIn(browser)).toBe(false);
    expect(await readSessionRows(world)).toEqual([]);
  });

  it('lets a call to Graph that is in progress finish, which does not restore the session', {
    tags: ['SC-4', 'LO-5'],
  }, async () => {
    const [phone, desk] = [await signedIn('alice'), await signedIn('alice')];
    const id = await currentId(phone);
    const release = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    world.graph.respondWith(async (_request, response) => {
      arrived.resolve();
      await release.promise;
      response.setHeader('content-type', 'application/json').end('{}');
    });
    const call = phone.clone().script('GET', '/api/graph/v1.0/me');
    await arrived.promise;
    await end(desk, id);
    release.resolve();
    const answered = await call;
    world.graph.respondWith(undefined);
    expect(answered.setCookies).toEqual([]);
    expect(codeOf(await phone.script('GET', '/api/graph/v1.0/me'))).toEqual([401, 'session_required']);
    expect(await readSessionRows(world)).toHaveLength(1);
  });

  describe('refuses', () => {
    it('the id of another user’s session as unknown', { tags: ['AD-2'] }, async () => {
      const [alice, ben] = [await signedIn('alice'), await signedIn('ben')];
      const theirs = await end(alice, await currentId(ben));
      const nobodys = await end(alice, 'A'.repeat(43));
      expect(codeOf(theirs)).toEqual([404, 'not_found']);
      expect(JSON.parse(theirs.body).detail).toBe(JSON.parse(nobodys.body).detail);
      expect(await Promise.all([alice, ben].map((browser) => isSignedIn(browser)))).toEqual([true, true]);
      expect(await readSessionRows(world)).toHaveLength(2);
    });

    it('a malformed id', { tags: ['AD-2'] }, async () => {
      const browser = await signedIn('alice');
      const id = await currentId(browser);
      const malformed = [
        id.slice(1),
        `${id}A`,
        `${id}=`,
        `%20${id}`,
        `session-${id}`,
        'user',
        '%27%20or%20RowKey%20ne%20%27',
        '..%2f..%2fuser',
        '__proto__',
        'x'.repeat(3000),
        `%ff${id}`,
      ];
      for (const text of malformed) {
        expect(codeOf(await end(browser, text)), text).toEqual([404, 'not_found']);
      }
      expect(await isSignedIn(browser)).toBe(true);
    });

    it('a cross-site request, and a browser without a session', async () => {
      const browser = await signedIn('alice');
      const path = `${route}/${await currentId(browser)}`;
      for (const [method, target] of [
        ['GET', route],
        ['DELETE', route],
        ['DELETE', path],
      ] as const) {
        const bare = await browser.clone().request(target, { method });
        expect(codeOf(bare), `${method} ${target}`).toEqual([403, 'cross_site_request']);
        const foreign = await browser.clone().script(method, target, {
          headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
        });
        expect(codeOf(foreign), `${method} ${target}`).toEqual([403, 'cross_site_request']);
        const withoutSession = await worker.browser().script(method, target);
        expect(codeOf(withoutSession), `${method} ${target}`).toEqual([401, 'session_required']);
      }
      expect(await isSignedIn(browser)).toBe(true);
    });
  });
});

describe('ending all other sessions', () => {
  it('signs out the user’s other browsers and returns their number', async () => {
    const browsers = [await signedIn('alice'), await signedIn('alice'), await signedIn('alice')];
    const ben = await signedIn('ben');
    const [stays] = browsers;
    if (stays === undefined) throw new Error('no browser');
    const answer = await endOthers(stays);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { ended: 2 }]);
    expect(answer.setCookies).toEqual([]);
    expect(await Promise.all([...browsers, ben].map((browser) => isSignedIn(browser)))).toEqual([
      true,
      false,
      false,
      true,
    ]);
    world.pass(5);
    expect(await isSignedIn(stays, other)).toBe(true);
    expect(await list(stays)).toHaveLength(1);
    expect(JSON.parse((await endOthers(stays)).body)).toEqual({ ended: 0 });
    expect(worker.logLines.join('\n')).toMatch(
      /"event":"session-ended","audit":true,"by":"user","sessions":2/,
    );
  });

  it('also ends a sign-in that is in progress', { tags: ['LO-5'] }, async () => {
    const stays = await signedIn('alice');
    const elsewhere = await signedIn('alice');
    const callback = await callbackAddress(elsewhere);
    expect(JSON.parse((await endOthers(stays)).body)).toEqual({ ended: 1 });
    const page = await elsewhere.request(`${callback.pathname}${callback.search}&bounced=1`);
    expect([page.status, JSON.parse(page.body)]).toMatchObject([
      403,
      {
        outcome: 'signed_out_meanwhile',
        detail: 'Your sessions were ended just before or while you signed in. Sign in again.',
      },
    ]);
    expect(await isSignedIn(elsewhere)).toBe(false);
    expect(await readSessionRows(world)).toHaveLength(1);
    expect(await isSignedIn(stays)).toBe(true);
  });
});

describe('while the table cannot be reached', () => {
  it('responds with 503 and clears no cookie, and the next attempt works', async () => {
    const [phone, desk] = [await signedIn('alice'), await signedIn('alice')];
    const [id, own] = [await currentId(phone), await currentId(desk)];
    worker.table.failAll();
    for (const [method, path] of [
      ['GET', route],
      ['DELETE', route],
      ['DELETE', `${route}/${id}`],
      ['DELETE', `${route}/${own}`],
    ] as const) {
      const answer = await desk.clone().script(method, path);
      expect(codeOf(answer), `${method} ${path}`).toEqual([503, 'storage_unavailable']);
      expect(answer.headers['retry-after']).toBe('2');
      expect(answer.setCookies).toEqual([]);
      expect(answer.body).not.toMatch(/"ended"|"sessions"/);
    }
    expect(worker.logLines.join('\n')).not.toMatch(new RegExp(`${id}|${own}`));
    worker.table.recover();
    expect(await list(desk)).toHaveLength(2);
    expect((await end(desk, id)).status).toBe(204);
  });

  it('responds with 503 after ending some sessions, and the next attempt ends the rest', async () => {
    const [stays, ...others] = [await signedIn('alice'), await signedIn('alice'), await signedIn('alice')];
    if (stays === undefined) throw new Error('no browser');
    let removals = 0;
    worker.table.before = (operation) => {
      if (operation === 'remove' && ++removals === 2) worker.table.failing.add('remove');
    };
    expect(codeOf(await endOthers(stays))).toEqual([503, 'storage_unavailable']);
    worker.table.before = undefined;
    worker.table.recover();
    expect((await endOthers(stays)).status).toBe(200);
    expect(await Promise.all(others.map((browser) => isSignedIn(browser)))).toEqual([false, false]);
    expect(await readSessionRows(world)).toHaveLength(1);
  });
});

describe('while Entra ID cannot be reached', () => {
  it('lists and ends sessions although the claims are too old', async () => {
    const [phone, desk] = [await signedIn('alice'), await signedIn('alice')];
    world.advance(2_800);
    await Promise.all([phone, desk].map((browser) => browser.script('GET', '/api/graph/v1.0/me')));
    world.advance(2_800);
    world.entra.switches.outage = 'json-503';
    try {
      expect((await desk.script('GET', '/api/graph/v1.0/me')).status).toBe(503);
      expect((await end(desk, await currentId(phone))).status).toBe(204);
      expect(await isSignedIn(phone)).toBe(false);
    } finally {
      world.entra.switches.outage = 'none';
      world.advance(-2 * 2_800);
    }
  });
});
