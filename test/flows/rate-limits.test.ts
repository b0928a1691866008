import { randomUUID } from 'node:crypto';
import { demoUsers } from '@entra-bff/directory';
import { startFunctionsHost } from '@entra-bff/functions-host';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { callbackAddress } from '../support/callback-address.ts';
import { isWholeRun } from '../support/scale.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
/** Behind one trusted proxy, with budgets for a hundred users of one address, and one call a second for a session. */
let worker: Worker;
/** With the default budgets. */
let forOffice: Worker;
/** With the default budgets, and without a trusted proxy. */
let withoutProxy: Worker;

const small = { RATE_LIMIT_USERS_PER_ADDRESS: '100', RATE_LIMIT_CALLS_PER_SECOND: '1' };
const loginPath = '/api/auth/login';
const me = '/api/graph/v1.0/me';

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker({ environment: { TRUSTED_PROXY_HOPS: '1', ...small } });
  forOffice = await world.startWorker({ environment: { TRUSTED_PROXY_HOPS: '1' } });
  withoutProxy = await world.startWorker({ environment: small });
  grantSignIn(world);
});
afterAll(() => world.close());

beforeEach(() => {
  // Every bucket is full again.
  world.pass(3600);
  worker.logLines.length = 0;
});

/** A browser whose requests reach the proxy from this address. */
function browserAt(address: string, of = worker): UserAgent {
  const browser = of.browser();
  browser.forwardedFor = address;
  return browser;
}

async function signedInAt(address: string, user = 'alice'): Promise<UserAgent> {
  const browser = browserAt(address);
  await signIn(browser, { user });
  expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });
  return browser;
}

/** Sends requests, up to 60 at a time. */
async function many(times: number, send: () => Promise<WireAnswer>): Promise<WireAnswer[]> {
  const answers: WireAnswer[] = [];
  while (answers.length < times) {
    const length = Math.min(60, times - answers.length);
    answers.push(...(await Promise.all(Array.from({ length }, send))));
  }
  return answers;
}

const countOf = (answers: readonly WireAnswer[], status: number) =>
  answers.filter((answer) => answer.status === status).length;

const recordsOf = ({ logLines }: Worker): Record<string, unknown>[] =>
  logLines
    .filter((line) => line.includes('"audit":true') && line.includes('"rate_limited"'))
    .map((line) => JSON.parse(line));

describe('an address', () => {
  it('with 300 sign-ins in two seconds is refused after its budget, and other addresses go on', {
    tags: ['DO-6'],
  }, async () => {
    const crowded = browserAt('203.0.113.7', forOffice);
    const startedMs = performance.now();
    const answers = await many(300, () => crowded.clone().request(loginPath));
    const elapsedSeconds = (performance.now() - startedMs) / 1000;
    expect(countOf(answers, 303)).toBeGreaterThanOrEqual(120);
    expect(countOf(answers, 303)).toBeLessThanOrEqual(120 + Math.ceil(15 * elapsedSeconds));
    expect(countOf(answers, 303) + countOf(answers, 429)).toBe(300);

    const elsewhere = browserAt('203.0.113.8', forOffice);
    await signIn(elsewhere, { user: 'alice' });
    expect(await elsewhere.scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });
    expect(recordsOf(forOffice)).toMatchObject([{ event: 'refused', area: 'login', refusals: 1 }]);
    forOffice.logLines.length = 0;
  });

  it('is told when it can try again, and can then', { tags: ['DO-6'] }, async () => {
    const browser = browserAt('203.0.113.7');
    const answers = await many(20, () => browser.clone().request(loginPath));
    const refused = answers.find(({ status }) => status === 429);
    const { code, detail } = JSON.parse(refused?.body ?? '{}');
    expect([code, refused?.headers['bff-problem']]).toEqual(['rate_limited', 'rate_limited']);
    const seconds = Number(refused?.headers['retry-after']);
    expect(seconds).toBeLessThanOrEqual(3);
    expect(detail).toContain(`Try again in ${seconds === 1 ? 'a second' : `${seconds} seconds`}.`);
    world.pass(seconds);
    expect((await browser.request(loginPath)).status).toBe(303);
  });

  it('gets a page if a browser loads the login', async () => {
    using _ = world.stopTime();
    const browser = browserAt('203.0.113.7');
    await many(20, () => browser.clone().request(loginPath));
    const page = await browser.navigate(loginPath);
    expect([page.status, page.headers['content-type']]).toEqual([429, 'text/html; charset=utf-8']);
    expect(Number(page.headers['retry-after'])).toBeGreaterThan(0);
    expect(page.body).toContain('Too many requests');
  });

  it('has a budget for each of login, callback, proxy and admin', { tags: ['DO-6'] }, async () => {
    const browser = browserAt('203.0.113.7');
    const routes = [
      [loginPath, 303, 6],
      ['/api/auth/callback?state=x&code=y&bounced=1', 400, 12],
      ['/api/admin', 401, 60],
      ...(isWholeRun ? ([[me, 401, 300]] as const) : []),
    ] as const;
    for (const [path, status, burst] of routes) {
      const headers = path === me || path === '/api/admin' ? { 'x-csrf': '1' } : {};
      const answers = await many(2 * burst + 20, () => browser.clone().request(path, { headers }));
      expect(countOf(answers, status), path).toBeGreaterThanOrEqual(burst);
      expect(countOf(answers, 429), path).toBeGreaterThan(0);
      expect(countOf(answers, status) + countOf(answers, 429), path).toBe(2 * burst + 20);
    }
  });

  it('is the entry that the proxy appended, whatever the client wrote before it', {
    tags: ['DO-6'],
  }, async () => {
    let number = 0;
    const answers = await many(20, () => {
      number++;
      return browserAt(`198.51.100.${number}, 203.0.113.7`).request(loginPath);
    });
    expect(countOf(answers, 429)).toBeGreaterThan(0);
  });

  it.each(['203.0.113.7:5123', '[2001:db8:1:2::7]:443'])('may come with a port: %s', async (address) => {
    const answers = await many(20, () => browserAt(address).request(loginPath));
    expect(countOf(answers, 429)).toBeGreaterThan(0);
  });

  it('of IPv6 counts by its first 64 bits', { tags: ['DO-6'] }, async () => {
    let number = 0;
    const answers = await many(20, () => {
      number++;
      return browserAt(`2001:db8:1:2::${number.toString(16)}`).request(loginPath);
    });
    expect(countOf(answers, 429)).toBeGreaterThan(0);
    expect((await browserAt('2001:db8:1:3::1').request(loginPath)).status).toBe(303);
  });

  it.each(['', 'unknown', '203.0.113.7, ', 'for=203.0.113.7'])(
    'that is not known has no limit: X-Forwarded-For %j',
    { tags: ['DO-6'] },
    async (forwardedFor) => {
      const answers = await many(50, () => browserAt(forwardedFor).request(loginPath));
      expect(countOf(answers, 303)).toBe(50);
    },
  );

  it('has no limit without a trusted proxy', { tags: ['DO-6'] }, async () => {
    const answers = await many(50, () => browserAt('203.0.113.7', withoutProxy).request(loginPath));
    expect(countOf(answers, 303)).toBe(50);
  });

  it('is not used up by requests that another site makes its visitors send', {
    tags: ['DO-6'],
  }, async () => {
    const browser = browserAt('203.0.113.7');
    const image = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };
    const refused = await many(50, () => browser.clone().request(loginPath, { headers: image }));
    expect(countOf(refused, 403)).toBe(50);
    expect((await browser.request(loginPath)).status).toBe(303);
  });

  it('is in no log line, no response and no request to Graph', {
    tags: ['DO-6', 'ER-2'],
  }, async () => {
    const address = '203.0.113.77';
    const browser = await signedInAt(address);
    await many(20, () => browser.clone().request(loginPath));
    await browser.script('GET', me);
    expect(recordsOf(worker).length).toBeGreaterThan(0);
    expect(worker.logLines.join('\n')).not.toContain(address);
    const received = browser.received.map(({ body, headers }) => body + JSON.stringify(headers));
    expect(received.join('\n')).not.toContain(address);
    expect(JSON.stringify(world.graph.requests)).not.toContain(address);
  });
});

describe('a session', () => {
  it('with too many calls is refused for Graph alone, and other sessions of the user go on', {
    tags: ['DO-6'],
  }, async () => {
    const browser = await signedInAt('203.0.113.1');
    const other = await signedInAt('203.0.113.2');
    const answers = await many(120, () => browser.clone().script('GET', me));
    expect(countOf(answers, 200)).toBeGreaterThanOrEqual(60);
    const refused = answers.find(({ status }) => status === 429);
    expect(JSON.parse(refused?.body ?? '{}')).toMatchObject({
      code: 'rate_limited',
      error: { code: 'rate_limited' },
    });
    expect(refused?.headers['retry-after']).toBe('1');
    expect((await other.script('GET', me)).status).toBe(200);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });
    // One record, however many calls were refused.
    expect(recordsOf(worker)).toMatchObject([
      { event: 'refused', rules: 'rate-of-session', area: 'proxy', refusals: 1, user: expect.any(String) },
    ]);
  });

  it('has no new budget after the same user has signed in again', { tags: ['DO-6'] }, async () => {
    const browser = withoutProxy.browser();
    await signIn(browser, { user: 'alice' });
    await many(120, () => browser.clone().script('GET', me));
    await signIn(browser, { user: 'alice' });
    const answers = await many(60, () => browser.clone().script('GET', me));
    expect(countOf(answers, 429)).toBeGreaterThan(0);
  });

  it('counts a batch as the number of its requests', { tags: ['DO-6'] }, async () => {
    const browser = await signedInAt('203.0.113.1');
    const requests = Array.from({ length: 20 }, (_, at) => ({ id: String(at), method: 'GET', url: '/me' }));
    const body = JSON.stringify({ requests });
    const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
    const statuses: number[] = [];
    for (let at = 0; at < 6; at++) {
      const { status } = await browser.script('POST', '/api/graph/v1.0/$batch', { body, headers });
      statuses.push(status);
    }
    expect(statuses.slice(0, 3)).toEqual(Array(3).fill(200));
    expect(statuses).toContain(429);
  });

  it('is limited without a trusted proxy too', { tags: ['DO-6'] }, async () => {
    const browser = withoutProxy.browser();
    await signIn(browser, { user: 'alice' });
    const answers = await many(120, () => browser.clone().script('GET', me));
    expect(countOf(answers, 429)).toBeGreaterThan(0);
  });
});

describe('ending the sessions of others', () => {
  it('does not depend on the budget of the address, which anyone there can use up', {
    tags: ['DO-6', 'AD-2'],
  }, async () => {
    const address = '203.0.113.1';
    world.pass(3600);
    const administrator = await signedInAt(address);
    using _ = world.stopTime();
    const stranger = browserAt(address);
    const headers = { 'x-csrf': '1' };
    await many(120, () => stranger.clone().request('/api/admin', { headers }));
    const sessions = `/api/admin/users/${demoUsers.gus.id}/sessions`;
    expect((await administrator.script('GET', sessions)).status).toBe(429);
    expect((await administrator.script('DELETE', sessions)).status).toBe(200);
    expect((await stranger.request(sessions, { method: 'DELETE', headers })).status).toBe(401);
  });
});

describe('a callback over the budget', () => {
  it('can be loaded again and then completes the sign-in', { tags: ['DO-6'] }, async () => {
    const known = browserAt('203.0.113.1');
    await signIn(known, { user: 'ben' });
    world.pass(3600);
    const callback = await callbackAddress(known);
    using _ = world.stopTime();
    const path = callback.pathname + callback.search;
    const forged = '/api/auth/callback?state=x&code=y&bounced=1';
    await many(40, () => browserAt('203.0.113.1').request(forged));
    expect((await known.clone().request(path)).status).toBe(429);
    world.pass(3);
    expect((await known.request(path)).status).toBe(303);
  });
});

describe('front-channel logouts', () => {
  const load = (address: string, query: string, headers = {}) =>
    browserAt(address).request(`/api/auth/front-channel-logout${query}`, {
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'iframe', ...headers },
    });

  it('beyond one for each user of an address wait, and are refused only after that; others are served', {
    tags: ['DO-6', 'LO-3'],
  }, async () => {
    const within = await many(100, () => load('203.0.113.7', `?sid=${randomUUID()}`));
    expect(countOf(within, 200)).toBe(100);
    const statuses: number[] = [];
    const beyond = Array.from({ length: 40 }, async () => {
      statuses.push((await load('203.0.113.7', `?sid=${randomUUID()}`)).status);
    });
    // One user of the hundred signs out per second over time, so ten of them have their turn within ten seconds.
    await vi.waitFor(() => expect(statuses).toContain(429), { timeout: 5_000 });
    expect(statuses.length).toBeLessThan(40);
    expect((await load('203.0.113.8', `?sid=${randomUUID()}`)).status).toBe(200);
    world.pass(11);
    await Promise.all(beyond);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(10);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
  });

  it('are not counted if they query nothing', { tags: ['DO-6'] }, async () => {
    const ignored = [
      ...(await many(130, () => load('203.0.113.9', `?sid=${randomUUID()}`, { 'sec-fetch-dest': 'image' }))),
      ...(await many(130, () => load('203.0.113.9', '?sid=none'))),
    ];
    expect(countOf(ignored, 200)).toBe(260);
    // If either kind were counted, this one would have to wait for longer than any call waits.
    expect((await load('203.0.113.9', `?sid=${randomUUID()}`)).status).toBe(200);
  });
});

describe('the cold start', () => {
  it.each([
    ['0', ['TRUSTED_PROXY_HOPS is 0: calls are not limited by client address.']],
    ['1', []],
  ])('with TRUSTED_PROXY_HOPS=%s logs %j', { tags: ['DO-6'] }, async (hops, expected) => {
    const note = vi.spyOn(console, 'info').mockImplementation(() => undefined);
    const host = await startFunctionsHost({
      bundle: inject('appBundle'),
      env: { ...world.settings, TRUSTED_PROXY_HOPS: hops },
      log: () => undefined,
    });
    const lines = note.mock.calls.flat();
    note.mockRestore();
    await host.close();
    expect(host.loadError).toBeUndefined();
    expect(lines).toEqual(expected);
  });
});

// The last ones, because they end Alice's sessions, and with them the sign-ins that begin within two seconds.
describe('signing out', () => {
  it('is never limited, for a session and an address whose budgets are used up', {
    tags: ['DO-6', 'LO-1'],
  }, async () => {
    const browser = await signedInAt('203.0.113.1');
    using _ = world.stopTime();
    await many(20, () => browser.clone().request(loginPath));
    await many(120, () => browser.clone().script('GET', me));
    expect((await browser.clone().script('GET', me)).status).toBe(429);
    const pages = await many(isWholeRun ? 300 : 60, () => browser.clone().script('GET', '/api/auth/logout'));
    expect(countOf(pages, 429)).toBe(0);
    expect((await browser.clone().script('DELETE', '/api/auth/sessions')).status).toBe(200);
    const answer = await browser.script('POST', '/api/auth/logout');
    expect(answer.status).toBe(200);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: false });
  });
});
