import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultEntraSwitches } from '@entra-bff/entra-emulator';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sendWire, type UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

const scope = 'api://contoso-orders/Orders.Read';
const policy = {
  features: {
    orders: {
      title: 'Your orders',
      rules: [
        {
          methods: ['GET'],
          path: '/orders/{id}',
          query: { expand: { oneOf: ['lines'] } },
          scopes: ['Orders.Read'],
        },
      ],
    },
    ordering: {
      title: 'Ordering',
      rules: [
        { methods: ['POST'], path: '/orders', scopes: ['Orders.Write'] },
        { methods: ['DELETE'], path: '/orders/{id}', scopes: ['Orders.Write'] },
      ],
    },
  },
};

const needsAdministrator = {
  error: 'invalid_grant',
  error_description: 'AADSTS90094: The grant requires administrator permission.',
  error_codes: [90094],
};

let world: World;
let worker: Worker;
let api: Server;
let received: IncomingMessage[] = [];
/** Number of requests that the API still refuses with a claims challenge. */
let challenges = 0;
const folder = mkdtempSync(join(tmpdir(), 'own-api-'));

beforeAll(async () => {
  world = await startWorld();
  api = createServer((request, response) => {
    received.push(request);
    if (challenges-- > 0) {
      const claims = Buffer.from('{"access_token":{"nbf":{"essential":true,"value":"1"}}}').toString(
        'base64',
      );
      response.setHeader('www-authenticate', `Bearer error="insufficient_claims", claims="${claims}"`);
      response.writeHead(401).end();
      return;
    }
    if (request.url === '/orders/none-1') {
      response.setHeader('bff-problem', 'session_required');
      response.writeHead(404, { 'content-type': 'application/problem+json' });
      response.end(
        '{"code":"session_required","login_url":"/api/auth/login","type":"https://orders.example/none"}',
      );
      return;
    }
    response.setHeader('content-type', 'application/json');
    if (request.method === 'POST') {
      response.writeHead(201, { location: `http://${request.headers.host}/orders/A-2` });
    }
    response.end(JSON.stringify({ id: request.url?.split('/').at(-1) }));
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  worker = await startOrders(policy);
  grantSignIn(world);
});

let policyFiles = 0;

/** Starts a worker with this policy for the API. */
function startOrders(document: object): Promise<Worker> {
  const policyFile = join(folder, `orders-${policyFiles++}.json`);
  writeFileSync(policyFile, JSON.stringify(document));
  return world.startWorker({
    environment: {
      API_NAMES: 'orders',
      API_ORDERS_ORIGIN: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
      API_ORDERS_SCOPE_PREFIX: 'api://contoso-orders',
      API_ORDERS_POLICY_FILE: policyFile,
    },
  });
}

afterAll(async () => {
  api.close();
  rmSync(folder, { recursive: true });
  await world.close();
});

afterEach(() => {
  received = [];
  challenges = 0;
  Object.assign(world.entra.switches, defaultEntraSwitches());
});

async function signedIn(user: string): Promise<UserAgent> {
  const browser = worker.browser();
  await signIn(browser, { user });
  return browser;
}

const order = (browser: UserAgent) => browser.script('GET', '/api/orders/orders/A-1');
const audiences = () =>
  received.map(({ headers }) => decodeJwt((headers.authorization ?? '').replace('Bearer ', '')).aud);
const featuresOf = async (browser: UserAgent) => (await browser.scriptJson('/api/auth/session'))['features'];

describe("the operator's own API", () => {
  it('requires consent at first use, and is called with an access token for it only', async () => {
    const browser = await signedIn('alice');
    const asked = await order(browser);
    expect(asked.status).toBe(401);
    const problem: Record<string, unknown> = JSON.parse(asked.body);
    expect(problem).toMatchObject({ code: 'interaction_required', feature: 'orders', scopes: [scope] });
    expect(problem['error']).toBeUndefined();
    expect(received).toEqual([]);
    expect(await featuresOf(browser)).toMatchObject({ orders: 'not_asked', profile: 'granted' });

    await signIn(browser, { user: 'alice', from: String(problem['login_url']) });
    const answer = await order(browser);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { id: 'A-1' }]);
    expect((await browser.script('GET', '/api/graph/v1.0/me')).status).toBe(200);
    expect(await featuresOf(browser)).toMatchObject({ orders: 'granted', profile: 'granted' });

    const [audience] = audiences();
    expect(audience).toBe('5e0b7c1d-2f4a-4d8e-9b63-8c1a5f7e2d10');
  });

  it('uses the same refresh token as Graph, with one token request per API', async () => {
    world.entra.switches.accessTokenLifetimeSeconds = 20;
    const browser = await signedIn('alice');
    world.entra.switches.accessTokenLifetimeSeconds = 3600;
    const redeemed = world.entra.count('token', 'refresh_token');
    const calls = Array.from({ length: 10 }, (_, at) =>
      at % 2 === 0 ? order(browser) : browser.clone().script('GET', '/api/graph/v1.0/me'),
    );
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(world.entra.count('token', 'refresh_token') - redeemed).toBe(2);
  });

  it('stays granted after sign-ins for other features, even if the user declined one', async () => {
    const browser = await signedIn('alice');
    const ask = (feature: string, decision: 'accept' | 'decline') =>
      signIn(browser, { user: 'alice', from: `/api/auth/login?feature=${feature}`, decision });
    await ask('orders', 'accept');
    await ask('ordering', 'decline');
    await ask('mail', 'accept');
    expect(await featuresOf(browser)).toMatchObject({
      orders: 'granted',
      ordering: 'declined',
      mail: 'granted',
    });
    expect((await order(browser)).status).toBe(200);
  });

  it('shows the page for administrator approval if only an administrator can consent', async () => {
    const browser = await signedIn('ben');
    const { login_url: from }: { login_url: string } = JSON.parse((await order(browser)).body);
    world.entra.intercept.tokenResponse = (reply) => {
      const scope = world.entra.requests.at(-1)?.form['scope'] ?? '';
      return scope.includes('api://') ? { ...reply, status: 400, body: needsAdministrator } : reply;
    };
    const end = await signIn(browser, { user: 'ben', from });
    world.entra.intercept.tokenResponse = undefined;
    world.entra.consents.withdraw([scope]);
    expect(end.body).toContain('Administrator approval required');
    expect(await featuresOf(browser)).toMatchObject({ orders: 'needs_admin' });
  });

  it('is not requested again automatically after a denial, and Graph still works', async () => {
    const browser = await signedIn('ben');
    const { login_url: from }: { login_url: string } = JSON.parse((await order(browser)).body);
    await signIn(browser, { user: 'ben', from, decision: 'decline' });
    const declined = await order(browser);
    expect([declined.status, JSON.parse(declined.body).code]).toEqual([403, 'consent_declined']);
    expect((await browser.script('GET', '/api/graph/v1.0/me')).status).toBe(200);
    expect(await featuresOf(browser)).toMatchObject({ orders: 'declined' });
  });

  it('shows a page if Entra ID withholds the permission after consent', async () => {
    const browser = await signedIn('mia');
    const { login_url: from }: { login_url: string } = JSON.parse((await order(browser)).body);
    world.entra.switches.withheldPermissions = 'Orders.Read';
    const end = await signIn(browser, { user: 'mia', from });
    expect(end.body).toContain('Some permissions are missing');
  });

  it('returns its own problems as plain JSON, so that they do not look like problems of this service', async () => {
    const browser = await signedIn('alice');
    await signIn(browser, { user: 'alice', from: '/api/auth/login?feature=orders' });
    const answer = await browser.script('GET', '/api/orders/orders/none-1');
    expect([answer.status, answer.headers['content-type']]).toEqual([404, 'application/json']);
    expect(answer.headers['bff-problem']).toBeUndefined();
    expect(JSON.parse(answer.body)).toMatchObject({ type: 'https://orders.example/none' });
  });

  it('gets a refused write a second time only if its policy has repeatsRefusedWrites', {
    tags: ['PX-15', 'PX-18'],
  }, async () => {
    for (const [to, repeats] of [
      [worker, false],
      [await startOrders({ ...policy, repeatsRefusedWrites: true }), true],
    ] as const) {
      const signedIn = worker.browser();
      await signIn(signedIn, { user: 'alice', from: '/api/auth/login?feature=ordering' });
      const browser = repeats ? signedIn.clone(to.origin) : signedIn;
      received = [];
      challenges = 1;
      const write = () =>
        browser.script('POST', '/api/orders/orders', {
          body: '{}',
          headers: { 'content-type': 'application/json', 'content-length': '2', origin: worker.origin },
        });
      const answer = await write();
      expect(received.map(({ method }) => method)).toEqual(repeats ? ['POST', 'POST'] : ['POST']);
      expect(answer.status).toBe(repeats ? 201 : 401);
      const path = answer.headers.location && new URL(answer.headers.location).pathname;
      expect(path).toBe(repeats ? '/api/orders/orders/A-2' : undefined);
      if (repeats) continue;
      const { code, login_url: loginUrl } = JSON.parse(answer.body);
      expect(code).toBe('interaction_required');
      await signIn(browser, { user: 'alice', from: loginUrl });
      expect((await write()).status).toBe(201);
    }
  });

  describe('refuses', () => {
    it('a body with a DELETE, without which the API could delete more', { tags: ['PX-10'] }, async () => {
      const browser = await signedIn('alice');
      await signIn(browser, { user: 'alice', from: '/api/auth/login?feature=ordering' });
      received = [];
      const headers = { 'content-type': 'application/json', 'content-length': '2', origin: worker.origin };
      const refused = await browser.script('DELETE', '/api/orders/orders/A-1', { body: '{}', headers });
      expect([refused.status, JSON.parse(refused.body).code]).toEqual([400, 'request_invalid']);
      expect(received).toEqual([]);
      const passed = await browser.script('DELETE', '/api/orders/orders/A-1', {
        headers: { origin: worker.origin },
      });
      expect([passed.status, received.map(({ method }) => method)]).toEqual([200, ['DELETE']]);
    });

    it('paths that its policy does not name, including paths of Graph, and sends nothing', {
      tags: ['PX-4'],
    }, async () => {
      const browser = await signedIn('alice');
      for (const path of ['/api/orders/v1.0/me', '/api/orders/orders', '/api/orders/orders/A-1?filter=x']) {
        const { status, headers } = await browser.script('GET', path);
        expect([status, headers['bff-problem']], path).toEqual([403, 'path_not_allowed']);
        expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
      }
      expect((await browser.script('GET', '/api/graph/orders/A-1')).status).toBe(403);
      const escaping = await sendWire(worker.origin, '/api/orders/%252e%252e/graph/v1.0/me', {
        headers: { cookie: `session=${browser.cookies().get('session')}`, 'x-csrf': '1' },
      });
      expect(escaping.status).toBe(400);
      expect((await worker.browser().script('GET', '/api/orders/orders/A-1')).status).toBe(401);
      expect(received).toEqual([]);
    });
  });
});
