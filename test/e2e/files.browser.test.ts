import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrowserWorld, press, startBrowserWorld } from '../support/browser-world.ts';
import { grantSignIn } from '../support/world.ts';

const scopes = ['User.Read', 'Files.ReadWrite'];
const rule = (method: string, path: string) => ({ methods: [method], path, scopes, fileLinks: true });
const policy = {
  features: {
    files: {
      title: 'Files',
      signIn: true,
      rules: [
        rule('GET', '/v1.0/me/drive/root/children'),
        rule('GET', '/v1.0/me/drive/items/{id}/content'),
        rule('POST', '/v1.0/me/drive/root:/{name}:/createUploadSession'),
      ],
    },
  },
};
const folder = mkdtempSync(join(tmpdir(), 'policy-'));
let world: BrowserWorld;

beforeAll(async () => {
  const policyFile = join(folder, 'policy.json');
  writeFileSync(policyFile, JSON.stringify(policy));
  world = await startBrowserWorld({
    // A page that transfers files lists their hosts in its own connect-src.
    frontend(request, response) {
      if (request.url !== '/app.html') return false;
      const policy = `default-src 'none'; connect-src 'self' ${world.graph.origin}`;
      const headers = { 'content-type': 'text/html', 'content-security-policy': policy };
      response.writeHead(200, headers).end('<h1>App</h1>');
      return true;
    },
    environment: { GRAPH_POLICY_FILE: policyFile },
  });
  grantSignIn(world, 'Alice Adams', scopes);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.close();
});

describe('files in a browser', () => {
  it('are transferred directly to and from the addresses that Graph returned, without cookie or token', async ({
    skip,
  }) => {
    const page = await world.newPage(skip);
    await page.goto(`${world.worker.origin}/api/auth/login?return_to=/app.html`);
    await press(page, /Alice Adams/);
    await page.waitForURL('**/app.html');
    const direct: Record<string, string>[] = [];
    page.on('request', (request) => {
      if (request.url().startsWith(world.graph.origin)) direct.push(request.headers());
    });
    const texts = await page.evaluate(async () => {
      const graph = (path: string, init: RequestInit = {}) =>
        fetch(`/api/graph/v1.0/me/drive${path}`, { ...init, headers: { 'X-CSRF': '1', ...init.headers } });
      const upload = await graph('/root:/Hello.txt:/createUploadSession', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
      const { uploadUrl } = await upload.json();
      await fetch(uploadUrl, { method: 'PUT', headers: { 'Content-Range': 'bytes 0-4/5' }, body: 'Hello' });
      const { value } = await (await graph('/root/children')).json();
      const item = value.find(({ name }: { name: string }) => name === 'Hello.txt');
      const content = await (await graph(`/items/${item.id}/content`)).json();
      const read = async (address: string) => (await fetch(address)).text();
      return [
        await read(item['@microsoft.graph.downloadUrl']),
        await read(content['@microsoft.graph.downloadUrl']),
      ];
    });
    expect(texts).toEqual(['Hello', 'Hello']);
    expect(direct.length).toBeGreaterThanOrEqual(3);
    for (const headers of direct) {
      expect(headers['cookie']).toBeUndefined();
      expect(headers['authorization']).toBeUndefined();
    }
  });
});
