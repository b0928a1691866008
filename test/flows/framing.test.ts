import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ProxyWorld, startProxyWorld } from '../support/proxy-world.ts';
import { exchangeBytes } from '../support/raw-client.ts';
import { isWholeRun } from '../support/scale.ts';

let proxy: ProxyWorld;
let cookie: string;

beforeAll(async () => {
  proxy = await startProxyWorld();
  cookie = await proxy.cookieOf('alice');
});
afterAll(() => proxy.close());

afterEach(() => {
  proxy.upstream.requests.length = 0;
});

const target = '/api/graph/v1.0/me/things/t1';

/** A signed-in call with the given request line, header lines and body, as bytes. */
const requestBytes = (requestLine: string, lines: readonly string[] = [], body = '') =>
  [
    requestLine,
    `Host: localhost:${proxy.worker.host.port}`,
    `Cookie: ${cookie}`,
    'X-CSRF: 1',
    ...lines,
    '',
    body,
  ].join('\r\n');

/** The hidden request of an attacker. If it were served, it would reach the upstream as `/marker`. */
const marker = () => requestBytes('GET /api/graph/v1.0/me/things/marker-1 HTTP/1.1', ['Connection: close']);

const statusesIn = (answers: string) =>
  [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
const markersSent = () => proxy.upstream.requests.filter(({ head }) => head.includes('marker')).length;

describe('refuses a request whose end is ambiguous', () => {
  it.each<[string, readonly string[], string]>([
    ['two lengths', ['Content-Length: 0', 'Content-Length: 400'], ''],
    ['a list of lengths', ['Content-Length: 0, 400'], ''],
    ['a negative length', ['Content-Length: -5'], 'hello'],
    ['a hexadecimal length', ['Content-Length: 0x5'], 'hello'],
    ['a length with a blank before the colon', ['Content-Length : 0'], ''],
    ['an invalid transfer encoding', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'],
    ['a transfer encoding after chunked', ['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'],
    ['two transfer encodings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], '0\r\n\r\n'],
    ['a folded transfer encoding', ['X: a', ' Transfer-Encoding: chunked'], ''],
    ['a bare CR before a length', ['X: a\rContent-Length: 400'], ''],
    ['an invalid chunk size', ['Transfer-Encoding: chunked'], 'zz\r\n\r\n'],
    ['a chunk size that is too large', ['Transfer-Encoding: chunked'], 'fffffffffffffffff\r\n\r\n'],
    ['a bare LF in a chunk extension', ['Transfer-Encoding: chunked'], '1;a\nb\r\nx\r\n0\r\n\r\n'],
  ])(
    'with %s, and does not serve the request hidden behind it',
    { tags: ['PX-9'] },
    async (_what, lines, body) => {
      const answers = await exchangeBytes(
        proxy.worker.origin,
        requestBytes(`POST ${target} HTTP/1.1`, lines, body) + marker(),
      );
      expect(statusesIn(answers).every((status) => status >= 400)).toBe(true);
      expect(proxy.upstream.requests).toEqual([]);
    },
  );
});

describe('a request after another one', () => {
  it('inside a body is part of the body', { tags: ['PX-9'] }, async () => {
    const hidden = marker();
    const lines = [
      `Content-Length: ${Buffer.byteLength(hidden)}`,
      'Content-Type: text/plain',
      'Connection: close',
    ];
    const answers = await exchangeBytes(
      proxy.worker.origin,
      requestBytes(`POST ${target} HTTP/1.1`, lines, hidden),
    );
    expect(statusesIn(answers)).toEqual([200]);
    expect(proxy.upstream.requests).toHaveLength(1);
    expect(proxy.upstream.requests[0]?.body.toString('latin1')).toBe(hidden);
  });

  it.each(['DELETE', 'GET', 'HEAD'])(
    'inside a body that is dropped is not served, and the one behind it is: %s',
    { tags: ['PX-9', 'PX-10'] },
    async (method) => {
      const hidden = marker();
      const lines = [`Content-Length: ${Buffer.byteLength(hidden)}`, 'Content-Type: text/plain'];
      const next = requestBytes('GET /api/graph/v1.0/me/things/next-1 HTTP/1.1', ['Connection: close']);
      const answers = await exchangeBytes(
        proxy.worker.origin,
        requestBytes(`${method} ${target} HTTP/1.1`, lines, hidden) + next,
      );
      expect(statusesIn(answers)).toEqual([200, 200]);
      const sent = proxy.upstream.requests.map(({ head, body }) => [head.split(' HTTP')[0], body.length]);
      expect(sent).toEqual([
        [`${method} /v1.0/me/things/t1`, 0],
        ['GET /v1.0/me/things/next-1', 0],
      ]);
      expect(proxy.upstream.requests[0]?.head).not.toMatch(/^(?:content-length|content-type|transfer-)/im);
    },
  );

  it('gets its response after the first response', { tags: ['PX-9'] }, async () => {
    proxy.upstream.respondWith((socket, { head }) => {
      const body = JSON.stringify(head.split(' ')[1]);
      const answer = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      // The upstream answers the second call first.
      if (head.includes('marker')) socket.write(answer);
      else setImmediate(() => setImmediate(() => socket.write(answer)));
    });
    const answers = await exchangeBytes(
      proxy.worker.origin,
      requestBytes(`GET ${target} HTTP/1.1`) + marker(),
    );
    expect([...answers.matchAll(/"\/v1\.0\/me\/things\/([\w-]+)"/g)].map(([, id]) => id)).toEqual([
      't1',
      'marker-1',
    ]);
  });

  it.each([
    ['before', ['Content-Length: 6', 'Transfer-Encoding: chunked']],
    ['behind', ['Transfer-Encoding: chunked', 'Content-Length: 6']],
  ])(
    'begins behind the chunks, even with a length %s their header. The first is refused',
    {
      tags: ['PX-9', 'PX-10'],
    },
    async (_where, lines) => {
      const first = requestBytes(`POST ${target} HTTP/1.1`, lines, '0\r\n\r\n');
      const answers = await exchangeBytes(proxy.worker.origin, first + marker());
      expect(statusesIn(answers)).toEqual([411, 200]);
      expect(proxy.upstream.requests).toHaveLength(1);
      expect(markersSent()).toBe(1);
    },
  );

  it('begins behind as many bytes as a signed length names', { tags: ['PX-9'] }, async () => {
    const lines = ['Content-Length: +5', 'Content-Type: text/plain'];
    const first = requestBytes(`POST ${target} HTTP/1.1`, lines, 'hello');
    const answers = await exchangeBytes(proxy.worker.origin, first + marker());
    expect(statusesIn(answers)).toEqual([200, 200]);
    expect(proxy.upstream.requests[0]?.body.toString('latin1')).toBe('hello');
    expect(proxy.upstream.requests[0]?.head).toMatch(/^content-length: 5$/im);
  });

  it('is served if the first was refused because it was chunked', {
    tags: ['PX-9', 'PX-10'],
  }, async () => {
    const first = requestBytes(
      `POST ${target} HTTP/1.1`,
      ['Transfer-Encoding: chunked'],
      '5\r\nhello\r\n0\r\n\r\n',
    );
    const answers = await exchangeBytes(proxy.worker.origin, first + marker());
    expect(statusesIn(answers)).toEqual([411, 200]);
    expect(markersSent()).toBe(1);
    expect(proxy.upstream.requests).toHaveLength(1);
  });

  it.runIf(isWholeRun)(
    'is not served if it is part of a body that is too large',
    { tags: ['PX-9'] },
    async () => {
      const length = proxy.bodyLimitBytes + 1;
      const lines = [`Content-Length: ${length}`, 'Connection: close'];
      const first = requestBytes(`POST ${target} HTTP/1.1`, lines, marker());
      const answers = await exchangeBytes(
        proxy.worker.origin,
        first.padEnd(first.length - marker().length + length, 'x'),
      );
      expect(statusesIn(answers)[0]).toBe(413);
      expect(markersSent()).toBe(0);
    },
  );
});

describe('Expect and Upgrade', () => {
  it('100-continue is answered by the host, and Graph receives one call', { tags: ['PX-9'] }, async () => {
    const lines = [
      'Expect: 100-continue',
      'Content-Length: 2',
      'Content-Type: text/plain',
      'Connection: close',
    ];
    const answers = await exchangeBytes(
      proxy.worker.origin,
      requestBytes(`POST ${target} HTTP/1.1`, lines, '{}'),
    );
    expect(statusesIn(answers)).toEqual([100, 200]);
    expect(proxy.upstream.requests).toHaveLength(1);
    expect(proxy.upstream.requests[0]?.head).not.toMatch(/^expect/im);
  });

  it('with another expectation are ignored, and the header is not sent on', {
    tags: ['PX-9'],
  }, async () => {
    const lines = ['Expect: 200-ok', 'Connection: close'];
    const answers = await exchangeBytes(proxy.worker.origin, requestBytes(`GET ${target} HTTP/1.1`, lines));
    expect(statusesIn(answers)).toEqual([200]);
    expect(proxy.upstream.requests[0]?.head).not.toMatch(/^expect/im);
  });

  it.each(['websocket', 'h2c', 'TLS/1.0'])(
    'to %s are ignored, and the request is served',
    { tags: ['PX-9'] },
    async (protocol) => {
      const lines = [
        'Connection: Upgrade, HTTP2-Settings, close',
        `Upgrade: ${protocol}`,
        'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
      ];
      const answers = await exchangeBytes(proxy.worker.origin, requestBytes(`GET ${target} HTTP/1.1`, lines));
      expect(statusesIn(answers)).toEqual([200]);
      expect(proxy.upstream.requests.map(({ head }) => /^(?:upgrade|http2-settings):/im.test(head))).toEqual([
        false,
      ]);
    },
  );
});

describe('refuses a method', () => {
  it.each(['TRACE', 'CONNECT', 'PROPFIND', 'LINK', 'QUERY', 'patch', 'GETT', 'FOO', 'G ET', 'POST\t'])(
    '%j, and sends nothing',
    { tags: ['PX-9'] },
    async (method) => {
      const answers = await exchangeBytes(
        proxy.worker.origin,
        requestBytes(`${method} ${target} HTTP/1.1`, ['Connection: close']),
      );
      expect(
        statusesIn(answers).every((status) => [400, 404, 405, 500, 505].includes(status)),
        answers,
      ).toBe(true);
      expect(statusesIn(answers)).toHaveLength(1);
      expect(proxy.upstream.requests).toEqual([]);
    },
  );

  it.each(['get', 'Get'])(
    'except for %j, which is served as GET',
    {
      tags: ['PX-9'],
    },
    async (method) => {
      const answers = await exchangeBytes(
        proxy.worker.origin,
        requestBytes(`${method} ${target} HTTP/1.1`, ['Connection: close']),
      );
      expect(statusesIn(answers)).toEqual([200]);
      expect(proxy.upstream.requests.map(({ head }) => head.split(' ')[0])).toEqual(['GET']);
    },
  );

  it('OPTIONS with a 405 that lists the allowed methods', { tags: ['PX-9'] }, async () => {
    const answers = await exchangeBytes(
      proxy.worker.origin,
      requestBytes(`OPTIONS ${target} HTTP/1.1`, ['Connection: close']),
    );
    expect(answers).toMatch(/^HTTP\/1\.1 405 [\s\S]*\r\nallow: GET, HEAD, POST, PUT, PATCH, DELETE\r\n/i);
    expect(proxy.upstream.requests).toEqual([]);
  });

  it('in the HTTP/2 preface, in HTTP/0.9 and with an invalid version', { tags: ['PX-9'] }, async () => {
    for (const bytes of [
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      `GET ${target}\r\n\r\n`,
      requestBytes(`GET ${target} HTTP/9.9`),
      requestBytes(`GET ${target} HTTP/1.1 HTTP/1.1`),
    ]) {
      const answers = await exchangeBytes(proxy.worker.origin, bytes);
      expect(
        statusesIn(answers).every((status) => status === 400 || status === 505),
        answers,
      ).toBe(true);
    }
    expect(proxy.upstream.requests).toEqual([]);
  });
});
