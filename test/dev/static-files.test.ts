import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveFolder } from '../../dev/static-files.ts';

let folder: string;
let port: number;
const server = createServer();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'static-'));
  const site = join(folder, 'site');
  await mkdir(join(site, 'img'), { recursive: true });
  await writeFile(join(site, 'index.html'), '<h1>home</h1>');
  await writeFile(join(site, 'app.js'), 'export {}');
  await writeFile(join(site, 'img/icon.svg'), '<svg/>');
  await writeFile(join(site, '.hidden.js'), 'hidden');
  await writeFile(join(site, 'notes.txt'), 'unknown type');
  await writeFile(join(folder, 'secret.js'), 'secret');
  await symlink(join(folder, 'secret.js'), join(site, 'link.js'));
  const serve = serveFolder(site, ['http://files.test']);
  server.on('request', (request, response) => {
    if (!serve(request, response)) response.writeHead(404).end('not a file');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

const get = (path: string, method = 'GET') =>
  new Promise<{ status: number | undefined; headers: IncomingMessage['headers']; text: string }>(
    (resolve, reject) => {
      const sent = httpRequest({ host: '127.0.0.1', port, path, method, agent: false }, async (response) => {
        const chunks = [];
        for await (const chunk of response) chunks.push(chunk);
        resolve({
          status: response.statusCode,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        });
      });
      sent.on('error', reject).end();
    },
  );

describe('serveFolder', () => {
  it('serves index.html at the root, with a content security policy for its own origin and for hosts of files', async () => {
    const answer = await get('/?code=1');
    expect(answer).toMatchObject({ status: 200, text: '<h1>home</h1>' });
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; script-src 'self'; .*; connect-src 'self' http:\/\/files\.test; /,
      ),
    });
  });

  it.each([
    ['/app.js', 'text/javascript; charset=utf-8'],
    ['/img/icon.svg', 'image/svg+xml'],
  ])('sends the content type of %s', async (path, type) => {
    expect((await get(path)).headers['content-type']).toBe(type);
  });

  it('sends no body to HEAD', async () => {
    expect(await get('/app.js', 'HEAD')).toMatchObject({
      status: 200,
      text: '',
      headers: { 'content-length': '9' },
    });
  });

  it.each(['/missing.js', '/img', '/notes.txt', '/api/auth/session'])(
    'leaves %s to the functions',
    async (path) => {
      expect(await get(path)).toMatchObject({ status: 404, text: 'not a file' });
    },
  );

  it('leaves other methods to the functions', async () => {
    expect((await get('/app.js', 'POST')).status).toBe(404);
  });

  describe('refuses', () => {
    it.each([
      '/../secret.js',
      '/img/../../secret.js',
      '/%2e%2e/secret.js',
      '/..%2fsecret.js',
      '/..\\secret.js',
      '//secret.js',
      '/.hidden.js',
      '/link.js',
      '/app.js%00.html',
      'http://localhost/app.js',
    ])('%s', async (path) => {
      expect((await get(path)).status).toBe(404);
    });
  });
});
