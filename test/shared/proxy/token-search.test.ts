import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTokenSearch } from '../../../src/shared/proxy/token-search.ts';

const signed = (bytes: number) =>
  `eyJhbGciOiJSUzI1NiJ9.${randomBytes(600).toString('base64url')}.${randomBytes(bytes).toString('base64url')}`;
const finds = (token: string, text: string | Buffer) => createTokenSearch([token])(Buffer.from(text));

/** Tokens in the forms of Entra ID (RS256, ES256, HS256, encrypted) and of others. */
const tokens: readonly (readonly [what: string, token: string])[] = [
  ['signed by RSA', signed(256)],
  ['signed by an elliptic curve', signed(64)],
  ['with a MAC', signed(32)],
  ['with an encryption tag', `${signed(400)}.${signed(16)}`],
  ['without a dot', randomBytes(40).toString('base64')],
  ['of a few characters', 'k7Rq2mXz'],
  ['of special characters', '-_~+/-_~+/-_~+/=='],
  ['that ends with a dot', `${randomBytes(40).toString('hex')}.`],
  ['of words', 'opaque-token-of-the-api-1/2+3'],
];

describe.each(tokens)('a token %s', (_what, token) => {
  const header = `authorization: Bearer ${token}`;
  it.each([
    ['unchanged', header],
    ['encoded for a query', encodeURIComponent(header)],
    ['encoded in lower case', encodeURIComponent(header).replaceAll(/%../g, (text) => text.toLowerCase())],
    ['in JSON that escapes slashes', JSON.stringify(header).replaceAll('/', '\\/')],
    ['in base64', Buffer.from(header).toString('base64')],
    ['in base64, one byte on', Buffer.from(`.${header}`).toString('base64')],
    ['in base64, two bytes on', Buffer.from(`..${header} and more`).toString('base64')],
    ['in base64url', Buffer.from(`${header}.`).toString('base64url')],
    ['in hexadecimal digits', Buffer.from(header).toString('hex')],
  ])('is found %s', (_how, text) => {
    expect(finds(token, text)).toBe(true);
    expect(finds(token, `${'a'.repeat(5000)}${text}${'b'.repeat(50)}`)).toBe(true);
  });

  it('is not found in a text without its end', () => {
    expect(finds(token, header.slice(0, -token.length))).toBe(false);
    expect(finds(token, randomBytes(200_000).toString('base64'))).toBe(false);
  });
});

describe.each([256, 64])('a token with a signature of %i bytes', (bytes) => {
  it.each([64, 76])('is found in lines of %i letters, wherever they end', { tags: ['PX-16'] }, (letters) => {
    const inLines = (text: string) => text.replaceAll(new RegExp(`.{${letters}}`, 'g'), '$&\r\n');
    for (let before = 0; before < 200; before++) {
      const token = signed(bytes);
      const text = `${'x'.repeat(before)} Bearer ${token}`;
      expect(finds(token, inLines(text)), token).toBe(true);
      expect(finds(token, inLines(Buffer.from(text).toString('base64'))), token).toBe(true);
    }
  });
});

it('finds each of several tokens, and none in a text without tokens', () => {
  const [one, two] = [signed(256), signed(256)];
  const search = createTokenSearch([one, two]);
  expect([one, two].map((token) => search(Buffer.from(token)))).toEqual([true, true]);
  expect(createTokenSearch([])(Buffer.from(one))).toBe(false);
  expect(search(Buffer.alloc(0))).toBe(false);
});

it('ignores a token that is too short', () => {
  expect(finds('short', 'a short answer')).toBe(false);
});

it('finds the same as a plain search, at every position', () => {
  const token = signed(256);
  const search = createTokenSearch([token]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (before, after) => {
      const text = Buffer.concat([before, Buffer.from(token), after]);
      return search(text) && !search(before) && !search(after);
    }),
  );
});

it('takes about the same time for text that resembles the end of an escape', {
  tags: ['DO-3'],
}, () => {
  const search = createTokenSearch([signed(256)]);
  const quickest = (body: Buffer) =>
    Math.min(
      ...Array.from({ length: 4 }, () => {
        const startMs = performance.now();
        expect(search(body)).toBe(false);
        return performance.now() - startMs;
      }),
    );
  const size = 4_000_000;
  const usualMs = quickest(Buffer.from(randomBytes((size * 3) / 4).toString('base64')));
  // A search byte by byte takes about 16 times as long, and comparing every needle at every byte over 100 times.
  for (const text of ['0', String.raw`\u00`, String.raw`\u0041`, '%00']) {
    expect(quickest(Buffer.alloc(size, text)), text).toBeLessThan(60 * usualMs);
  }
});
