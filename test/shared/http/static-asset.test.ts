import { Buffer } from 'node:buffer';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serveStaticAsset } from '../../../src/shared/http/static-asset.ts';

const text = `export const word = '${'Łódź '.repeat(200)}';`;
const serve = serveStaticAsset({ contentType: 'text/javascript; charset=utf-8', text });

const get = (headers: Readonly<Record<string, string>>, method = 'GET') =>
  serve({ method, header: (name) => headers[name] });

const decoders = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
  identity: (body: Uint8Array) => Buffer.from(body),
};

/** The coding that the response names, after a check that its body has this coding. */
async function codingFor(acceptEncoding: string | undefined): Promise<string> {
  const { status, headers, body } = await get(
    acceptEncoding === undefined ? {} : { 'accept-encoding': acceptEncoding },
  );
  const coding = headers?.['content-encoding'] ?? 'identity';
  const decode = decoders[coding as keyof typeof decoders];
  expect(status).toBe(200);
  expect(decode(Buffer.from(body ?? '')).toString('utf8')).toBe(text);
  return coding;
}

describe('a static asset', () => {
  it.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate', 'gzip'],
    ['x-gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['br;q=0.1, gzip;q=0.9', 'gzip'],
    ['br ; q=0.8 , gzip;Q=0.8', 'br'],
    ['br;q=0, gzip;q=0', 'identity'],
    ['br;q=0.000', 'identity'],
    ['*', 'br'],
    ['*;q=0.5, br;q=0', 'gzip'],
    ['gzip;q=0.5, identity', 'identity'],
    ['identity;q=0, gzip;q=0.001', 'gzip'],
    ['identity;q=0', 'identity'],
    ['*;q=0', 'identity'],
    ['deflate, zstd', 'identity'],
    ['br;q=2, gzip;q=x', 'identity'],
    ['brotli, xgzip, gzipped', 'identity'],
  ])('for Accept-Encoding %j is sent as %s', async (header, coding) => {
    expect(await codingFor(header)).toBe(coding);
  });

  it('can be decoded for any Accept-Encoding', async () => {
    const part = fc.constantFrom(
      'br',
      'gzip',
      'identity',
      '*',
      ';q=',
      ';q=0',
      ';q=1',
      '0.5',
      ',',
      ' ',
      'x-gzip',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 10 }), async (parts) => {
        await codingFor(parts.join(''));
      }),
    );
  });

  it('has the same headers for HEAD, without a body', async () => {
    for (const coding of ['br', 'gzip', 'identity']) {
      const { body, ...answer } = await get({ 'accept-encoding': coding });
      expect(body).toBeDefined();
      expect(await get({ 'accept-encoding': coding }, 'HEAD')).toEqual(answer);
    }
  });

  it('has an ETag for each representation, and 304 compares with that of the accepted one', async () => {
    const etags = new Map<string, string>();
    for (const coding of ['br', 'gzip', 'identity']) {
      const { headers } = await get({ 'accept-encoding': coding });
      expect(headers?.['vary']).toBe('Accept-Encoding, Origin');
      etags.set(coding, headers?.['etag'] ?? '');
    }
    expect(new Set(etags.values()).size).toBe(3);
    for (const [accepted] of etags) {
      for (const [coding, etag] of etags) {
        for (const tag of [etag, `W/${etag}`, `"other", ${etag}`]) {
          const headers = { 'accept-encoding': accepted, 'if-none-match': tag };
          const { status, body, headers: sent } = await get(headers);
          expect([status, body === undefined], `${accepted} ${tag}`).toEqual(
            coding === accepted ? [304, true] : [200, false],
          );
          expect(sent?.['etag']).toBe(etags.get(accepted));
          if (status === 304) expect(sent).not.toHaveProperty('content-encoding');
        }
      }
    }
    expect((await get({ 'if-none-match': '*' })).status).toBe(304);
  });
});
