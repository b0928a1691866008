import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findNginx, type Nginx, startNginx } from '../support/nginx.ts';
import { isWholeRun } from '../support/scale.ts';
import { sendWire, UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

const executable = findNginx();
const bodyLimitBytes = 10_485_760;

describe.skipIf(executable === undefined)('examples/nginx/app.conf', () => {
  let world: World;
  let worker: Worker;
  let nginx: Nginx;
  let alice: UserAgent;
  const received: { target: string | undefined; headers: IncomingHttpHeaders }[] = [];

  beforeAll(async () => {
    world = await startWorld();
    grantSignIn(world, undefined, ['Mail.ReadWrite', 'Mail.Read', 'Files.Read']);
    nginx = await startNginx(executable ?? '', async (origin) => {
      worker = await world.startWorker({
        environment: { PUBLIC_BASE_URL: origin },
        host: { env: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '10551296' } },
        frontend: ({ url, headers }) => {
          received.push({ target: url, headers });
          return false;
        },
      });
      return worker.host.port;
    });
    alice = new UserAgent(nginx.origin);
  });

  afterAll(async () => {
    await nginx.close();
    await world.close();
  });

  it('serves the pages of the app, and a sign-in that returns to them', async () => {
    const page = await signIn(alice, { user: 'alice', from: '/api/auth/login?return_to=/' });
    expect([page.url.href, page.status, page.body]).toEqual([
      `${nginx.origin}/`,
      200,
      '<!doctype html><title>The app</title>',
    ]);
    expect(await alice.scriptJson('/api/auth/session')).toMatchObject({ name: 'Alice Adams' });
  });

  it('passes on a response with large headers', async () => {
    const names = ['etag', 'content-language', 'last-modified', 'preference-applied', 'request-id'];
    const headers = Object.fromEntries(names.map((name) => [name, 'x'.repeat(2_048)]));
    world.graph.respondWith((_request, response) => void response.writeHead(200, headers).end());
    const answer = await alice.script('GET', '/api/graph/v1.0/me');
    expect(answer.headers).toMatchObject(headers);
    world.graph.respondWith(undefined);
  });

  it.runIf(isWholeRun)(
    'passes on a body of the full limit, with its length even if it was sent in chunks',
    async () => {
      world.graph.respondWith((_request, response) => void response.writeHead(201).end());
      const body = JSON.stringify({ subject: 'x' });
      const post = (headers: Record<string, string>, padding: number) =>
        alice.script('POST', '/api/graph/v1.0/me/messages', {
          headers: { 'content-type': 'application/json', ...headers },
          body: body.padEnd(padding),
        });
      expect((await post({ 'content-length': String(bodyLimitBytes) }, bodyLimitBytes)).status).toBe(201);
      expect((await post({ 'transfer-encoding': 'chunked' }, 100)).status).toBe(201);
      const ours = await post({ 'content-length': String(bodyLimitBytes + 1) }, bodyLimitBytes + 1);
      expect([ours.status, JSON.parse(ours.body).code]).toEqual([413, 'body_too_large']);
      const nginxs = await post({ 'content-length': '10551297' }, 10_551_297);
      expect([nginxs.status, nginxs.headers['content-type']]).toEqual([413, 'text/html']);
      world.graph.respondWith(undefined);
    },
  );

  it('passes on 15 KiB of cookies, and more than the service accepts', async () => {
    const ask = (bytes: number) =>
      alice.script('GET', '/api/auth/session', {
        headers: { cookie: `session=${alice.cookies().get('session')}; other=${'x'.repeat(bytes)}` },
      });
    expect(JSON.parse((await ask(15 * 1024)).body)).toMatchObject({ name: 'Alice Adams' });
    const tooLong = await ask(20 * 1024);
    expect([tooLong.status, tooLong.headers['clear-site-data']]).toEqual([400, '"cookies"']);
  });

  it('passes on a link of 16 KiB in a header', async () => {
    received.length = 0;
    const link = '/v1.0/me/messages?$skiptoken='.padEnd(16 * 1024, 'x');
    await alice.script('GET', '/api/graph/v1.0/me/messages', { headers: { 'x-graph-link': link } });
    expect(received.map(({ headers }) => headers['x-graph-link'])).toEqual([link]);
  });

  it.each([
    '/api/graph/v1.0/me/messages/AA%2FBB',
    '/api/graph/v1.0/me/messages/AA%252FBB',
    '/api/graph/v1.0/me/drive/root:/a%20b%2Fc:/content',
    '/api/graph//v1.0/me',
    '/api/graph/v1.0/me/%2e%2e/users',
    '/api/auth/session?a=%2F&b=+%20',
  ])('passes on the path as it was sent: %s', async (target) => {
    received.length = 0;
    await alice.script('GET', target);
    expect(received.map((request) => request.target)).toEqual([target]);
  });

  it('passes on Host and the headers of a browser, and drops those that another part could believe', async () => {
    const kept = {
      origin: nginx.origin,
      'x-csrf': '1',
      'x-session-tag': 'x',
      'sec-fetch-site': 'same-origin',
    };
    const dropped = {
      forwarded: 'host=evil.example',
      'x-forwarded-for': '192.0.2.1',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      'x-original-url': '/api/admin',
      'x-rewrite-url': '/api/admin',
      'x-ms-client-principal': 'e30=',
      'x-functions-key': 'x',
    };
    for (const target of ['/api/auth/session', '/api/auth/client.js']) {
      received.length = 0;
      await sendWire(nginx.origin, target, { headers: { ...kept, ...dropped } });
      expect(received[0]?.headers).toMatchObject({ ...kept, host: new URL(nginx.origin).host });
      for (const name of Object.keys(dropped)) expect(received[0]?.headers).not.toHaveProperty(name);
    }
  });

  it('compresses the client, and nothing else', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const client = await sendWire(nginx.origin, '/api/auth/client.js', { headers });
    expect(client.headers['content-encoding']).toBe('gzip');
    const page = await alice.script('GET', '/api/auth/logout', {
      headers: { 'accept-encoding': 'gzip', accept: 'text/html' },
    });
    expect(page.body).toContain('name="form_token"');
    expect(page.headers).not.toHaveProperty('content-encoding');
  });

  it('refuses a request with a length and chunks', async () => {
    const lines = [
      'POST /api/auth/logout HTTP/1.1',
      'Host: localhost',
      'Content-Length: 6',
      'Transfer-Encoding: chunked',
    ];
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(nginx.origin).port) });
    socket.write(`${lines.join('\r\n')}\r\n\r\n0\r\n\r\n`);
    const [answer] = await once(socket, 'data');
    socket.destroy();
    expect(String(answer)).toMatch(/^HTTP\/1\.1 400 /);
  });
});
