import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openClientPage } from '../examples/client-page.ts';
import { exchangeBytes } from '../support/raw-client.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

const scopes = ['User.Read'];
const list = '/v1.0/me/drive/root/children';
const children = { methods: ['GET', 'POST', 'HEAD'], path: list, query: { $top: true }, scopes };
const policy = {
  features: {
    files: {
      title: 'Files',
      signIn: true,
      rules: [children, { methods: ['GET'], path: '/v1.0/me', scopes }],
    },
  },
};
const ordersPolicy = {
  features: {
    orders: {
      title: 'Orders',
      rules: [{ methods: ['GET'], path: list, query: {}, scopes: ['Orders.Read'] }],
    },
  },
};
const folder = mkdtempSync(join(tmpdir(), 'policy-'));
let world: World;
let worker: Worker;
/** The same service after a change of the rule. */
let laterWorker: Worker;
let api: Server;
let alice: UserAgent;
let ben: UserAgent;
let received: IncomingMessage[] = [];
/** Path and query below `/api/graph` of the link that Alice's list has. */
let link: string;

/** The page token of a folder with a Japanese path of 300 characters, which SharePoint writes twice. */
const token = `Paged%3dTRUE%26p_FileLeafRef%3d${'%25E3%2581%2582'.repeat(600)}`;

beforeAll(async () => {
  world = await startWorld();
  api = createServer((request, response) => {
    received.push(request);
    response.end('{}');
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const startWorker = (name: string, rule: object) => {
    const [rules, orders] = [join(folder, `${name}.json`), join(folder, 'orders.json')];
    const { files } = policy.features;
    const changed = { features: { files: { ...files, rules: [rule, ...files.rules.slice(1)] } } };
    writeFileSync(rules, JSON.stringify(changed));
    writeFileSync(orders, JSON.stringify(ordersPolicy));
    return world.startWorker({
      environment: {
        GRAPH_POLICY_FILE: rules,
        API_NAMES: 'orders',
        API_ORDERS_ORIGIN: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
        API_ORDERS_SCOPE_PREFIX: 'api://contoso-orders',
        API_ORDERS_POLICY_FILE: orders,
      },
    });
  };
  worker = await startWorker('first', children);
  laterWorker = await startWorker('later', { ...children, query: { $top: true, $filter: true } });
  grantSignIn(world);
  [alice, ben] = [worker.browser(), worker.browser()];
  await signIn(alice, { user: 'alice' });
  await signIn(ben, { user: 'ben' });
  world.graph.respondWith(({ target }, response) => {
    response.setHeader('content-type', 'application/json');
    const next = `${world.graph.origin}${list}?$top=5&$skiptoken=${token}`;
    response.end(
      JSON.stringify(
        target === `${list}?$top=5` ? { value: [1], '@odata.nextLink': next } : { value: [target] },
      ),
    );
  });
  const { '@odata.nextLink': next } = json(await alice.script('GET', `/api/graph${list}?$top=5`));
  link = new URL(next).href.slice(`${world.settings['PUBLIC_BASE_URL']}/api/graph`.length);
});
beforeEach(() => {
  world.graph.requests.length = 0;
  received = [];
});
afterAll(async () => {
  api.close();
  rmSync(folder, { recursive: true });
  await world.close();
});

const json = ({ body }: WireAnswer) => JSON.parse(body);
const codeOf = (answer: WireAnswer) => [answer.status, json(answer).code];
const follow = (
  browser: UserAgent,
  header = link,
  { method = 'GET', path = `/api/graph${list}`, headers = {} } = {},
) => browser.script(method, path, { headers: { ...headers, 'x-graph-link': header } });
const sent = () => world.graph.requests.map(({ target }) => target);

describe('a link of more than 8 KiB', () => {
  it('is followed by its header, and sent to Graph as Graph wrote it', { tags: ['PX-14'] }, async () => {
    expect(link.length).toBeGreaterThan(9_000);
    const answer = await follow(alice);
    const target = `${list}?$top=5&$skiptoken=${token}`;
    expect([answer.status, json(answer)]).toEqual([200, { value: [target] }]);
    expect(sent()).toEqual([target]);
    expect(world.graph.requests[0]?.headers.map(([name]) => name.toLowerCase())).not.toContain(
      'x-graph-link',
    );
  });

  it('is refused by the host in the address', async () => {
    expect((await alice.script('GET', `/api/graph${link}`)).status).toBe(414);
  });

  it('is followed by the client, by its pages and by a Request', { tags: ['PX-14'] }, async () => {
    const { client, page } = openClientPage(alice, worker.origin);
    const pages = [];
    for await (const { value } of client.pages('/me/drive/root/children?$top=5')) pages.push(value);
    const target = `${list}?$top=5&$skiptoken=${token}`;
    expect(pages).toEqual([[1], [target]]);
    const address = `${page.location.origin}/api/graph${link}`;
    for (const input of [address, new URL(address), new Request(address)])
      expect(await (await client.graph(input)).json()).toEqual({ value: [target] });
    expect(await (await client.fetch(address)).json()).toEqual({ value: [target] });
  });
});

describe('refuses', () => {
  it('the link of another user', { tags: ['PX-14', 'PX-17'] }, async () => {
    expect(codeOf(await follow(ben))).toEqual([403, 'path_not_allowed']);
  });

  it('the link after its rule has changed', { tags: ['PX-14'] }, async () => {
    expect(codeOf(await follow(alice.clone(laterWorker.origin)))).toEqual([403, 'path_not_allowed']);
  });

  it('the link without a session', { tags: ['PX-1'] }, async () => {
    expect(codeOf(await follow(worker.browser()))).toEqual([401, 'session_required']);
  });

  it('forged links', { tags: ['PX-14'] }, async () => {
    for (const forged of [
      link.slice(0, -1),
      link.replace('$top=5', '$top=50'),
      link.replace(/bff_link=.*/, `bff_link=${'A'.repeat(43)}`),
      link.replace(/&bff_link=.*/, ''),
      `${link}&$skip=1`,
    ])
      expect(codeOf(await follow(alice, forged))).toEqual([403, 'path_not_allowed']);
    for (const malformed of ['', '/', link.replace(list, `${list}/../children`), `http://evil.test${link}`])
      expect(codeOf(await follow(alice, malformed))).toEqual([400, 'request_invalid']);
    expect(sent()).toEqual([]);
  });

  it('another method, another path, a query beside the link, and more than 16 KiB', {
    tags: ['PX-14'],
  }, async () => {
    const body = { 'content-type': 'application/json', 'content-length': '0' };
    for (const request of [
      { method: 'HEAD' },
      { method: 'POST', headers: body },
      { path: '/api/graph/v1.0/me' },
      { path: `/api/graph${list}?$top=5` },
      { path: `/api/graph${list}?${link.slice(-52)}` },
    ]) {
      const answer = await follow(alice, link, request);
      expect([answer.status, answer.headers['bff-problem']]).toEqual([400, 'request_invalid']);
    }
    const tooLong = link.replace('&bff_link', `${'x'.repeat(16_385 - link.length)}&bff_link`);
    expect(codeOf(await follow(alice, tooLong))).toEqual([400, 'request_invalid']);
    expect((await follow(alice, link.padEnd(40_000, 'x'))).status).toBe(431);
    expect(sent()).toEqual([]);
  });

  it('two headers, which the host joins', { tags: ['PX-14'] }, async () => {
    const cookie = [...alice.cookies()].map(([name, value]) => `${name}=${value}`).join('; ');
    const short = `${list}?$top=5`;
    for (const lines of [
      [link, link],
      [short, link],
      [link, short],
    ]) {
      const head = [
        `GET /api/graph${list} HTTP/1.1`,
        `Host: ${new URL(worker.origin).host}`,
        'X-CSRF: 1',
        `Cookie: ${cookie}`,
        ...lines.map((line) => `X-Graph-Link: ${line}`),
        'Connection: close',
      ];
      const answer = await exchangeBytes(worker.origin, `${head.join('\r\n')}\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 40[03] /);
    }
    expect(sent()).toEqual([]);
  });

  it('the header around a batch and in its parts, which does not hinder the other parts', {
    tags: ['PX-6', 'PX-14'],
  }, async () => {
    const batch = (headers: object, outer: Record<string, string> = {}) => {
      const requests = [{ id: '1', method: 'GET', url: list.slice(5), headers }];
      const body = JSON.stringify({ requests });
      return alice.script('POST', '/api/graph/v1.0/$batch', {
        body,
        headers: { 'content-type': 'application/json', 'content-length': String(body.length), ...outer },
      });
    };
    expect(codeOf(await batch({}, { 'x-graph-link': link }))).toEqual([400, 'request_invalid']);
    for (const name of ['X-Graph-Link', 'x-graph-link']) {
      for (const value of [link, '']) {
        const answer = await batch({ [name]: value });
        expect([answer.headers['bff-answered-parts'], json(answer).responses]).toMatchObject([
          '0',
          [{ status: 400, body: { code: 'request_invalid' } }],
        ]);
      }
    }
    expect(sent()).toEqual([]);
  });

  it('the header for an API of yours, which never receives it', { tags: ['PX-7'] }, async () => {
    const path = `/api/orders${list}`;
    const asked = json(await alice.script('GET', path));
    await signIn(alice, { user: 'alice', from: asked.login_url });
    expect((await alice.script('GET', path)).status).toBe(200);
    expect(codeOf(await follow(alice, link, { path }))).toEqual([400, 'request_invalid']);
    expect(received).toHaveLength(1);
  });

  it('links without writing any of their text to the log', { tags: ['ER-2'] }, async () => {
    const before = worker.logLines.length;
    world.graph.respondWith((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.setHeader('location', `${world.graph.origin}/v1.0/me?$skiptoken=${token}`);
      response.end(
        JSON.stringify({ '@odata.nextLink': `${world.graph.origin}/v1.0/me?$skiptoken=${token}` }),
      );
    });
    expect((await follow(alice)).headers['bff-removed-links']).toBe('nextLink=other-call');
    for (const forged of [`${link}x`, `/${link}`, '', `${link}é`, link.padEnd(17_000, 'x')])
      expect((await follow(alice, forged)).status).toBeGreaterThanOrEqual(400);
    await follow(alice, link, { method: 'HEAD' });
    const lines = worker.logLines.slice(before);
    expect(lines.filter((line) => line.includes('"refused"')).length).toBeGreaterThan(4);
    expect(lines.filter((line) => line.includes('"link-removed"'))).toHaveLength(2);
    expect(lines.join()).not.toMatch(/p_FileLeafRef|skiptoken|E3%2581|bff_link/);
  });

  it('the header from another site, with and without a preflight', { tags: ['CS-1'] }, async () => {
    const crossSite = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' };
    expect(codeOf(await follow(alice, link, { headers: crossSite }))).toEqual([403, 'cross_site_request']);
    expect(codeOf(await follow(alice, link, { headers: { 'x-csrf': '0' } }))).toEqual([
      403,
      'cross_site_request',
    ]);
    const preflight = await alice.request(`/api/graph${list}`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://evil.test',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'x-csrf,x-graph-link',
      },
    });
    expect(preflight.status).toBeGreaterThanOrEqual(400);
    expect(Object.keys(preflight.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    expect(sent()).toEqual([]);
  });
});
