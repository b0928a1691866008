import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readSessionRows } from '../support/table-rows.ts';
import type { UserAgent, WireAnswer, WireRequest } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

const scopes = ['User.Read'];
const policy = {
  features: {
    profile: {
      title: 'Profile',
      signIn: true,
      rules: [
        { methods: ['GET'], path: '/v1.0/me', query: { $select: true }, scopes },
        { methods: ['POST'], path: '/v1.0/me/things', scopes },
      ],
    },
  },
};
const ordersPolicy = {
  features: {
    orders: { title: 'Orders', rules: [{ methods: ['GET'], path: '/orders/{id}', scopes: ['Orders.Read'] }] },
  },
};
const folder = mkdtempSync(join(tmpdir(), 'policy-'));
let world: World;
let worker: Worker;
let browser: UserAgent;
/** The session tag of a page of Alice's, in a browser in which Ben has signed in since. */
let alices: string;
let bens: string;

beforeAll(async () => {
  const policyFile = join(folder, 'policy.json');
  writeFileSync(policyFile, JSON.stringify(policy));
  const ordersFile = join(folder, 'orders.json');
  writeFileSync(ordersFile, JSON.stringify(ordersPolicy));
  world = await startWorld();
  worker = await world.startWorker({
    environment: {
      GRAPH_POLICY_FILE: policyFile,
      API_NAMES: 'orders',
      API_ORDERS_ORIGIN: world.graph.origin,
      API_ORDERS_SCOPE_PREFIX: 'api://contoso-orders',
      API_ORDERS_POLICY_FILE: ordersFile,
    },
    extension: 'reportRoutes',
  });
  grantSignIn(world);
  browser = worker.browser();
  await signIn(browser, { user: 'alice' });
  alices = await tagOf(browser);
  await signIn(browser, { user: 'ben', from: another });
  bens = await tagOf(browser);
});
beforeEach(() => {
  world.graph.requests.length = 0;
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.close();
});

const another = '/api/auth/login?prompt=select_account';
const tagOf = async (agent: UserAgent) =>
  String((await agent.scriptJson('/api/auth/session'))['session_tag']);
const tagged = (tag: string, request: WireRequest = {}): WireRequest => ({
  ...request,
  headers: { 'x-session-tag': tag, ...request.headers },
});
const json = (body: unknown): WireRequest => {
  const text = JSON.stringify(body);
  return {
    body: text,
    headers: { 'content-type': 'application/json', 'content-length': String(text.length) },
  };
};
const codeOf = ({ status, body }: WireAnswer) => `${status} ${String(JSON.parse(body)['code'])}`;
const lastUses = async () =>
  (await readSessionRows(world)).map(({ rowKey, lastUsedAt }) => [rowKey, lastUsedAt]);

const batch = (part: object = {}) => json({ requests: [{ id: '1', method: 'GET', url: '/me', ...part }] });

/** A call of every kind of function that uses the session. */
const calls: readonly (readonly [method: string, path: string, request?: WireRequest])[] = [
  ['GET', '/api/graph/v1.0/me'],
  ['POST', '/api/graph/v1.0/me/things', json({ subject: 'of Alice' })],
  ['POST', '/api/graph/v1.0/$batch', batch()],
  ['GET', '/api/orders/orders/A-1'],
  ['GET', '/api/report'],
  ['POST', '/api/report', json({})],
  ['GET', '/api/report-of-anyone'],
  ['GET', '/api/auth/session'],
  ['GET', '/api/auth/sessions'],
  ['DELETE', '/api/auth/sessions'],
  ['DELETE', '/api/auth/sessions/AAAA'],
  ['GET', '/api/admin'],
  ['GET', '/api/admin/users?q=a'],
  ['POST', '/api/admin/users/0d9a7f34-6a1b-4c52-8a77-21c3f0b6e102/sign-out'],
  ['POST', '/api/auth/logout'],
];

describe('a session tag', () => {
  it('is random, and stays the same when the same user signs in again', async () => {
    const page = worker.browser();
    await signIn(page, { user: 'alice' });
    const tag = await tagOf(page);
    expect(tag).toMatch(/^[\w-]{22}$/);
    await signIn(page, { user: 'alice', from: '/api/auth/login?prompt=login' });
    expect(await tagOf(page)).toBe(tag);
    await signIn(page, { user: 'ben', from: another });
    expect(await tagOf(page)).not.toBe(tag);
    const elsewhere = worker.browser();
    await signIn(elsewhere, { user: 'alice' });
    expect(await tagOf(elsewhere)).not.toBe(tag);
    expect(await page.scriptJson('/api/auth/session')).not.toHaveProperty('sessionChainId');
    expect((await worker.browser().scriptJson('/api/auth/session'))['session_tag']).toBeUndefined();
  });

  it('of the current session permits every call, as does no tag', async () => {
    const page = worker.browser();
    await signIn(page, { user: 'alice' });
    const tag = await tagOf(page);
    for (const [method, path, request] of calls) {
      if (!path.endsWith('/logout')) {
        expect((await page.script(method, path, request)).status, `${method} ${path}`).not.toBe(409);
      }
      const answer = await page.script(method, path, tagged(tag, request));
      expect(answer.body, `${method} ${path}`).not.toContain('"code":"session_');
    }
    expect((await page.scriptJson('/api/auth/session'))['signed_in']).toBe(false);
  });

  it.for(calls)('of another session refuses the call without any effect: %s %s', async (call) => {
    const [method, path, request] = call;
    const [before, used] = [await readSessionRows(world), await lastUses()];
    const redeemed = world.entra.count('token');
    world.pass(60);
    const inHeader = await browser.script(method, path, tagged(alices, request));
    const mark = path.includes('?') ? '&' : '?';
    const inAddress = await browser.script(method, `${path}${mark}session_tag=${alices}`, request);
    for (const answer of [inHeader, inAddress]) {
      expect(codeOf(answer)).toBe('409 session_changed');
      expect(answer.setCookies).toEqual([]);
      expect(answer.body).not.toMatch(/alice|ben/i);
    }
    expect(world.graph.requests).toEqual([]);
    expect(world.entra.count('token')).toBe(redeemed);
    expect(await readSessionRows(world)).toHaveLength(before.length);
    expect(await lastUses()).toEqual(used);
  });

  it('without a session gets 401 like any call', async () => {
    for (const path of ['/api/graph/v1.0/me', '/api/report', '/api/auth/sessions']) {
      const answer = await worker.browser().script('GET', path, tagged(alices));
      expect(codeOf(answer)).toBe('401 session_required');
    }
    const anyone = await worker.browser().script('GET', '/api/report-of-anyone', tagged(alices));
    expect(JSON.parse(anyone.body)).toEqual({ of: 'nobody' });
  });

  it('of another session shows a page at a navigation, and without a session leads to sign-in', async () => {
    const refused = await browser.navigate(`/api/report?session_tag=${alices}`);
    expect(refused.status).toBe(409);
    expect(refused.body).toContain('This browser has another session now');
    const own = await browser.navigate(`/api/report?of=2026&session_tag=${bens}`);
    expect(JSON.parse(own.body)).toMatchObject({ of: 'Ben Brown', rawQuery: 'of=2026' });
    // The sign-in returns without the tag, because the new session has another one.
    const page = worker.browser();
    const answer = await signIn(page, { user: 'ben', from: `/api/report?of=2026&session_tag=${alices}` });
    expect(JSON.parse(answer.body)).toMatchObject({ of: 'Ben Brown', query: [['of', '2026']] });
  });

  it('is kept by a bounce', async () => {
    const answer = await browser.navigate(`/api/report?session_tag=${alices}`, {
      from: 'https://mail.example/',
    });
    expect(answer.status).toBe(409);
  });
});

describe('a session tag that is not passed to functions or upstreams', () => {
  it.for([
    ['alone', 'session_tag=TAG', ''],
    ['first', 'session_tag=TAG&$select=displayName', '$select=displayName'],
    ['last', '$select=displayName&session_tag=TAG', '$select=displayName'],
    ['in another spelling', '$select=displayName&Session%5ftag=TAG', '$select=displayName'],
    ['twice', 'session_tag=TAG&$select=displayName&session_tag=TAG', '$select=displayName'],
  ])('is removed from the query: %s', async ([, query, rest]) => {
    const sent = query?.replaceAll('TAG', bens);
    const answer = await browser.script('GET', `/api/graph/v1.0/me?${sent}`);
    expect(answer.status).toBe(200);
    expect(world.graph.requests.map(({ target }) => target)).toEqual([`/v1.0/me${rest && `?${rest}`}`]);
    expect(JSON.parse((await browser.script('GET', `/api/report?${sent}`)).body)).toMatchObject({
      rawQuery: rest,
    });
    expect(JSON.parse((await browser.script('GET', `/api/report-of-nobody?${sent}`)).body)).toEqual({
      rawQuery: rest,
    });
  });

  it('is removed from the header of a call and of a part of a batch', async () => {
    await browser.script('GET', '/api/graph/v1.0/me', tagged(bens));
    await browser.script(
      'POST',
      '/api/graph/v1.0/$batch',
      tagged(bens, batch({ headers: { 'X-Session-Tag': bens } })),
    );
    expect(world.graph.requests).toHaveLength(2);
    for (const { target, headers, body } of world.graph.requests) {
      expect([target, JSON.stringify(headers), String(body)].join()).not.toContain(bens);
      expect([JSON.stringify(headers), String(body)].join()).not.toMatch(/session.tag/i);
    }
  });
});

describe('refuses', () => {
  it.for([
    ['the right tag together with another one', 'session_tag=OWN&session_tag=OTHER'],
    ['an empty tag', 'session_tag='],
    ['a tag with a trailing space', 'session_tag=OWN%20'],
    ['a tag with an encoded fragment', 'session_tag=OWN%23x'],
    ['an invented tag', 'session_tag=own'],
    ['the text none as a tag', 'session_tag=none'],
  ] as const)('%s', async ([, query]) => {
    const sent = query.replace('OWN', bens).replace('OTHER', alices);
    const answer = await browser.script('GET', `/api/graph/v1.0/me?${sent}`, tagged(bens));
    expect(codeOf(answer)).toBe('409 session_changed');
    expect(world.graph.requests).toEqual([]);
  });

  it('a tag in the address of a part, because no rule names it', async () => {
    const answer = await browser.script(
      'POST',
      '/api/graph/v1.0/$batch',
      batch({ url: `/me?session_tag=${bens}` }),
    );
    expect(JSON.parse(answer.body).responses).toMatchObject([
      { status: 403, body: { code: 'path_not_allowed' } },
    ]);
    expect(world.graph.requests).toEqual([]);
  });

  it('a malformed query, even if removing the tag would repair it', async () => {
    for (const query of [`$select=id&session_tag=${bens}&$select=id`, `&session_tag=${bens}&&$select=id`]) {
      expect((await browser.script('GET', `/api/graph/v1.0/me?${query}`)).status, query).toBe(400);
    }
  });
});
