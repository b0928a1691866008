import { Buffer } from 'node:buffer';
import { HttpResponse, type HttpResponseInit } from '@azure/functions';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHttpResponse } from '../../../src/shared/http/response.ts';

/** What the Functions library sends to the host for a response. */
async function sent(init: HttpResponseInit) {
  const response = new HttpResponse(init);
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers.entries()),
    cookies: response.cookies,
    body: Buffer.from(await response.arrayBuffer()).toString('latin1'),
  };
}

const bytes = fc.uint8Array({ maxLength: 200 });
const responses = fc.record({
  status: fc.constantFrom(200, 201, 202, 204, 206, 302, 304, 401, 404, 503),
  headers: fc.dictionary(
    fc.constantFrom('content-type', 'etag', 'x-any', 'X-Any', 'cache-control'),
    fc.string({ unit: fc.constantFrom('a', ' ', '\t', '"', '\u00e9', ',', '1') }),
  ),
  body: fc.oneof(
    fc.string({ unit: 'binary' }),
    bytes,
    bytes.map((all) => Buffer.from(all).subarray(3)),
  ),
});

describe('toHttpResponse', () => {
  it('prepares exactly what the Functions library makes of the response', async () => {
    await fc.assert(
      fc.asyncProperty(responses, async (response) => {
        const init = toHttpResponse(response, true);
        expect(await sent(init)).toEqual(await sent({ ...init, ...{ nativeResponse: undefined } }));
      }),
      { numRuns: 500 },
    );
  });

  it('prepares the JSON of an API without a copy', async () => {
    const headers = { 'content-type': 'application/json' };
    const body = new Uint8Array(100_000);
    const { nativeResponse } = toHttpResponse({ status: 200, headers, body }, true);
    expect(await nativeResponse?.arrayBuffer()).toBe(body.buffer);
    expect(nativeResponse?.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each([
    ['a text, in bytes', { status: 200, body: 'Łukasz' }, '7'],
    ['bytes', { status: 404, body: new Uint8Array(3) }, '3'],
    [
      'a body whose length the handler got wrong',
      { status: 200, body: 'x', headers: { 'Content-Length': '9' } },
      '1',
    ],
    ['no body', { status: 200 }, undefined],
    ['an empty body', { status: 200, body: '' }, undefined],
    ['a body that is not sent', { status: 304, body: 'text' }, undefined],
  ])('states the length of %s', async (_what, response, length) => {
    const { headers } = new HttpResponse(toHttpResponse(response, true));
    expect(headers.get('content-length') ?? undefined).toBe(length);
  });

  it.each([
    ['a name with a capital letter', { status: 200, headers: { 'X-Any': '1' } }],
    ['a value with a space at its end', { status: 200, headers: { 'x-any': '1 ' } }],
    ['a value that is not ASCII', { status: 200, headers: { 'x-any': '\u00e9' } }],
    ['a value with a line end', { status: 200, headers: { 'x-any': 'a\r\nb' } }],
    ['a body that the status forbids', { status: 304, body: 'text' }],
    ['a text without a type', { status: 200, body: 'text' }],
    ['a status that cannot be sent', { status: 101 }],
  ])('leaves %s to the library', (_what, response) => {
    expect(toHttpResponse(response, true).nativeResponse).toBeUndefined();
  });
});
