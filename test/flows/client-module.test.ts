import { readFile } from 'node:fs/promises';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleClient } from '../../build/bundle.ts';
import { signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
});

afterAll(() => world.close());

const path = '/api/auth/client.js';
const root = new URL('../../', import.meta.url);

describe('the browser client', () => {
  it('is sent compressed as the documents say, and as it is without Accept-Encoding', async () => {
    const browser = worker.browser();
    const as = (coding: string) => browser.request(path, { headers: { 'accept-encoding': coding } });
    const [plain, gzipped, brotli] = [await browser.request(path), await as('gzip'), await as('gzip, br')];
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(gzipped.headers['content-encoding']).toBe('gzip');
    expect(brotli.headers['content-encoding']).toBe('br');
    expect(plain.bytes.toString('utf8')).toContain('createClient');
    const decoded = [gunzipSync(gzipped.bytes), brotliDecompressSync(brotli.bytes)];
    expect(decoded.map((bytes) => bytes.equals(plain.bytes))).toEqual([true, true]);

    const readme = await readFile(new URL('README.md', root), 'utf8');
    const guide = await readFile(new URL('docs/guides/your-frontend.md', root), 'utf8');
    const inReadme = /is\ssent\sas\s([\d.]+)\skB/.exec(readme) ?? [];
    const inGuide =
      /of ([\d.]+) kB, sent as ([\d.]+) kB \(gzip\) or ([\d.]+) kB\s\(Brotli\)/.exec(guide) ?? [];
    const stated = [...inReadme.slice(1), ...inGuide.slice(1)].map(Number);
    // Not the client of this bundle, which is not minified if coverage is measured.
    const minified = Buffer.from(await bundleClient());
    const inGzip = gzipSync(minified, { level: 9 });
    const sent = [inGzip, minified, inGzip, brotliCompressSync(minified)].map(({ length }) => length / 1000);
    expect(stated).toHaveLength(4);
    for (const [at, kilobytes] of sent.entries()) expect(kilobytes / (stated[at] ?? 0)).toBeCloseTo(1, 1);
  });

  it('is revalidated in each representation, also by HEAD', async () => {
    const browser = worker.browser();
    for (const coding of ['br', 'gzip', 'identity']) {
      const headers = { 'accept-encoding': coding };
      const { etag = '' } = (await browser.request(path, { headers })).headers;
      for (const method of ['GET', 'HEAD']) {
        const again = await browser.request(path, { method, headers: { ...headers, 'if-none-match': etag } });
        expect([again.status, again.bytes.length, again.headers.etag]).toEqual([304, 0, etag]);
        expect(again.headers.vary).toBe('Accept-Encoding, Origin');
      }
      const head = await browser.request(path, { method: 'HEAD', headers });
      expect([head.status, head.bytes.length, head.headers.etag]).toEqual([200, 0, etag]);
    }
  });

  describe('refuses', () => {
    it('to let any other response be compressed, which has something of a user or a request', async () => {
      const browser = worker.browser();
      await signIn(browser, { user: 'alice' });
      const paths = [
        '/api/auth/session',
        '/api/auth/sessions',
        '/api/auth/logout',
        '/api/auth/login',
        '/api/auth/callback?state=x',
        '/api/admin',
        '/api/graph/v1.0/me?$select=displayName',
        '/api/graph/v1.0/nothing',
        '/api/health/ready',
        '/api/nothing',
      ];
      for (const other of paths) {
        const headers = { 'x-csrf': '1', 'accept-encoding': 'gzip, br', 'sec-fetch-mode': 'navigate' };
        const answer = await browser.request(other, { headers });
        expect(answer.headers['content-encoding'], other).toBeUndefined();
        expect(answer.bytes.includes(Buffer.from([0x1f, 0x8b])), other).toBe(false);
      }
    });
  });
});
