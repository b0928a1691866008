import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LogEntry } from '../src/core-types.ts';
import { type FunctionsHost, startFunctionsHost } from '../src/host.ts';
import { bundleFixture, hostOf, send, sendBytes } from '../testing/fixture.ts';

const app = `
  app.http('f', { route: 'f/{*rest}', methods: ['GET', 'HEAD', 'POST', 'OPTIONS'], handler: async (r) => ({
    jsonBody: [r.method, new URL(r.url).pathname, await r.text(), r.headers.get('content-length')] }) });
`;

const withCatchAll = `
  app.http('all', { route: '{*path}', methods: ['GET', 'POST'], handler: () => ({ body: 'function' }) });
  app.timer('sweep', { schedule: '0 0 * * * *', handler: () => { globalThis.fixtureSwept?.() } });
`;

/** A request whose response closes the connection, because nothing else follows. */
const request = (line: string, headers: readonly string[] = [], body = '') =>
  [line, 'Host: localhost', ...headers, 'Connection: close', '', body].join('\r\n');

const statusesIn = (answers: string) =>
  [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

const bodyOf = (answer: string) => /\r\n\r\n(?:[\da-f]+\r\n)?([^\r]*)/s.exec(answer)?.[1] ?? '';

const logLines: LogEntry[] = [];
let host: FunctionsHost;
let hostWithCatchAll: FunctionsHost;

beforeAll(async () => {
  const log = (line: LogEntry) => void logLines.push(line);
  host = await startFunctionsHost({ bundle: await bundleFixture(app), log });
  hostWithCatchAll = await startFunctionsHost({
    bundle: await bundleFixture(withCatchAll),
    masterKey: 'master',
  });
});

afterAll(() => Promise.all([host.close(), hostWithCatchAll.close()]));

async function statusOf(bytes: string) {
  const answer = await sendBytes(host, bytes);
  return [...statusesIn(answer), bodyOf(answer)];
}

afterEach(() => {
  vi.useRealTimers();
});

describe('responses on the wire', () => {
  it('have chunks instead of a length', async () => {
    const answer = await sendBytes(host, request('GET /f HTTP/1.1'));
    expect(answer).toMatch(/\r\ntransfer-encoding: chunked\r\n/i);
    expect(answer).not.toMatch(/\r\ncontent-length/i);
    expect(answer).toMatch(/\r\nserver: kestrel\r\n/i);
  });

  it('end with the connection in HTTP/1.0', async () => {
    const answer = await sendBytes(host, 'GET /f HTTP/1.0\r\nHost: localhost\r\n\r\n');
    expect(answer).not.toMatch(/\r\n(?:content-length|transfer-encoding)/i);
    expect(answer.endsWith('["GET","/f","",null]')).toBe(true);
  });

  it('keep a length that the function has set', async () => {
    const own = await hostOf(`app.get('f', () => ({ headers: { 'content-length': '2' }, body: 'hi' }))`);
    expect((await send(own, '/f')).headers).toMatchObject({ 'content-length': '2' });
  });

  it('come in the order of pipelined requests', async () => {
    const first = 'POST /f/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi';
    const second = 'GET /f/2 HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const answers = await sendBytes(host, first + second + request('GET /f/3 HTTP/1.1'));
    expect([...answers.matchAll(/\/f\/\d/g)].map(String)).toEqual(['/f/1', '/f/2', '/f/3']);
  });
});

describe('request lines', () => {
  it('have up to 8,192 bytes', async () => {
    const line = `GET /f/${'x'.repeat(8_192 - 'GET /f/ HTTP/1.1\r\n'.length)} HTTP/1.1`;
    expect((await statusOf(request(line)))[0]).toBe(200);
    expect(await statusOf(request(line.replace('x', 'xx')))).toEqual([414, '']);
  });

  it('are refused above that without their end', async () => {
    expect(await statusOf(`GET /f/${'x'.repeat(9_000)}`)).toEqual([414, '']);
  });

  it.each([
    ['GET /f HTTP/1.2', 505],
    ['GET /f HTTP/2.0', 505],
    ['GET /f HTTP/1.1 HTTP/1.1', 505],
    ['GET /f', 400],
    ['G(T /f HTTP/1.1', 400],
    ['GET f HTTP/1.1', 400],
    ['GET * HTTP/1.1', 405],
    ['CONNECT / HTTP/1.1', 500],
    ['CONNECT localhost:80 HTTP/1.1', 500],
    ['GET /f\xe9 HTTP/1.1', 400],
    ['GET http://localhost/f HTTP/1.1', 200],
    ['GET http://LOCALHOST:80/f HTTP/1.1', 200],
    ['GET http://elsewhere.example/f HTTP/1.1', 400],
    ['PROPFIND /f HTTP/1.1', 404],
    ['FOO /f HTTP/1.1', 404],
    ['TRACE /f HTTP/1.1', 404],
    ['post /f HTTP/1.1', 200],
  ])('%s: %i', async (line, status) => {
    expect((await statusOf(request(line)))[0]).toBe(status);
  });
});

describe('the Host header', () => {
  it.each([
    ['a b', 400],
    ['user@localhost', 400],
    ['localhost/x', 400],
    ['b\xc3\xbccher.example', 400],
    ['localhost:x', 400],
    ['', 500],
    ['[::1]:7071', 200],
    ['a.example:99999', 500],
  ])('%j: %i, without a word in the log about the query', async (value, status) => {
    logLines.length = 0;
    const answer = await sendBytes(
      host,
      `GET /f?code=secret&state=s HTTP/1.1\r\nHost: ${value}\r\nConnection: close\r\n\r\n`,
    );
    expect(statusesIn(answer)).toEqual([status]);
    if (status !== 200) expect(bodyOf(answer)).toBe('');
    expect(JSON.stringify(logLines)).not.toContain('secret');
  });

  it('is required in HTTP/1.1', async () => {
    expect(await statusOf('GET /f HTTP/1.1\r\nConnection: close\r\n\r\n')).toEqual([400, '']);
  });
});

describe('the end of a request', () => {
  it('is where a signed length says', async () => {
    const answer = await sendBytes(host, request('POST /f HTTP/1.1', ['Content-Length: +5'], 'hello'));
    expect(bodyOf(answer)).toBe('["POST","/f","hello","5"]');
  });

  it('is where the chunks end, even beside a length, which the function does not get', async () => {
    const headers = ['Content-Length: 100', 'Transfer-Encoding: chunked'];
    const first = `POST /f/1 HTTP/1.1\r\nHost: localhost\r\n${headers.join('\r\n')}\r\n\r\n2;x=y\r\nhi\r\n0\r\nT: x\r\n\r\n`;
    const answers = await sendBytes(host, first + request('GET /f/2 HTTP/1.1'));
    expect([...answers.matchAll(/\["[^\]]*\]/g)].map(String)).toEqual([
      '["POST","/f/1","",null]',
      '["GET","/f/2","",null]',
    ]);
  });

  it.each([
    ['two lengths', ['Content-Length: 0', 'Content-Length: 0']],
    ['a negative length', ['Content-Length: -1']],
    ['a hexadecimal length', ['Content-Length: 0x1']],
    ['another last encoding', ['Transfer-Encoding: chunked, gzip']],
    ['a folded line', ['X: a', ' b']],
    ['a name without a colon', ['X']],
    ['a bare CR', ['X: a\rb']],
    ['a null character', ['X: a\0b']],
  ])('is unknown with %s: 400', async (_what, headers) => {
    expect(await statusOf(request('POST /f HTTP/1.1', headers))).toEqual([400, '']);
  });

  it('ends the connection after the response if a chunk is invalid', async () => {
    const bytes = `POST /f HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n${request('GET /f HTTP/1.1')}`;
    expect(statusesIn(await sendBytes(host, bytes))).toEqual([200]);
  });

  it('is awaited for five seconds: then a bare 500', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const asked = sendBytes(host, request('POST /f HTTP/1.1', ['Content-Length: 10'], 'hello'));
    await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0));
    await vi.advanceTimersByTimeAsync(4_900);
    let isAnswered = false;
    void asked.then(() => {
      isAnswered = true;
    });
    expect(isAnswered).toBe(false);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(statusesIn(await asked)).toEqual([500]);
  });

  it('ignores what Expect asks for', async () => {
    expect((await statusOf(request('GET /f HTTP/1.1', ['Expect: 200-ok'])))[0]).toBe(200);
  });
});

describe('paths that the host keeps for itself', () => {
  const ask = async (target: string, method = 'GET', headers: Record<string, string> = {}) => {
    const { status, text } = await send(hostWithCatchAll, target, { method, headers });
    return [status, text];
  };

  it.each(['//', '///', '//api/f'])('%s: a bare 404', async (target) => {
    expect(await ask(target)).toEqual([404, '']);
  });

  it('/admin/host/ping: an empty 200', async () => {
    expect(await ask('/admin/host/ping')).toEqual([200, '']);
  });

  it.each([
    '/admin/host/status',
    '/admin/host/config',
    '/admin/host/systemkeys/x',
    '/admin/functions',
    '/admin/functions/sweep',
    '/ADMIN/instance/info',
    '/admin/vfs/',
    '/runtime/webhooks/x',
  ])('%s: a bare 401', async (target) => {
    expect(await ask(target)).toEqual([401, '']);
    expect(await ask(target, 'POST', { 'x-functions-key': 'wrong' })).toEqual([401, '']);
  });

  it.each(['/admin', '/admin/', '/admin/warmup', '/runtime', '/Runtime/x'])(
    '%s: a bare 404',
    async (target) => {
      expect(await ask(target)).toEqual([404, '']);
    },
  );

  it.each(['/administrators', '/api/admin', '/runtimes'])('not %s', async (target) => {
    expect(await ask(target)).toEqual([200, 'function']);
  });

  it('POST /admin/functions/NAME with the master key starts a timer: 202, without its result', async () => {
    const swept = new Promise<void>((resolve) => Object.assign(globalThis, { fixtureSwept: resolve }));
    const key = { 'x-functions-key': 'master' };
    expect(await ask('/admin/functions/sweep', 'POST', key)).toEqual([202, '']);
    await swept;
    expect(await ask('/admin/functions/nothing', 'POST', key)).toEqual([404, '']);
  });

  it('/ with a method that no function has: the home page, or 204 with AzureWebJobsDisableHomepage', async () => {
    expect((await send(hostWithCatchAll, '/')).text).toBe('function');
    expect(await send(hostWithCatchAll, '/', { method: 'PROPFIND' })).toMatchObject({
      status: 200,
      text: expect.stringContaining('<!doctype html>'),
    });
    const hidden = await hostOf(withCatchAll, { env: { AzureWebJobsDisableHomepage: 'true' } });
    expect(await send(hidden, '/', { method: 'TRACE' })).toMatchObject({ status: 204, text: '' });
    expect((await send(hidden, '/x', { method: 'TRACE' })).status).toBe(404);
  });
});
