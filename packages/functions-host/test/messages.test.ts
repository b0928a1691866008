import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { LogEntry } from '../src/core-types.ts';
import { hostOf, send } from '../testing/fixture.ts';

function answerWith(handler: string, methods = ['GET']) {
  return `app.http('f', { methods: ${JSON.stringify(methods)}, handler: async (r, context) => (${handler}) });`;
}

/** Text in the form that Node.js' client sends as UTF-8. */
const utf8 = (text: string) => Buffer.from(text).toString('latin1');

/** This number of lines, one of which Node.js' client adds. All but the first have this number of bytes. */
function headerLines(count: number, bytes = 10): string[] {
  const more = Array.from({ length: count - 2 }, (_, index) => [`x-${index}`, 'y'.repeat(bytes - 8)]);
  return ['host', 'localhost', ...more.flat()];
}

describe('requests in the Functions host', () => {
  it('joins repeated headers and query values with a comma, under the last spelling of a query name', async () => {
    const host = await hostOf(
      answerWith(`{ jsonBody: [r.headers.get('x-test'), r.query.get('q'), r.query.get('Q')] }`),
    );
    const headers = ['host', 'localhost', 'X-Test', 'one', 'x-test', 'two'];
    const answer = await send(host, '/f?q=1&q=2&Q=a%2Cb+c', { headers });
    expect(JSON.parse(answer.text)).toEqual(['one,two', null, '1,2,a,b c']);
  });

  it('decodes header values as UTF-8, as Kestrel does', async () => {
    const host = await hostOf(
      answerWith(`{ jsonBody: [...r.headers.get('x-test')].map((c) => c.charCodeAt(0)) }`),
    );
    const answer = await send(host, '/f', { headers: { 'x-test': utf8('\u00a0ü') } });
    expect(JSON.parse(answer.text)).toEqual([0xa0, 0xfc]);
  });

  it('accepts 100 header lines, or 31 KB of them', async () => {
    const host = await hostOf(answerWith(`{ body: 'called' }`));
    expect((await send(host, '/f', { headers: headerLines(100) })).text).toBe('called');
    expect((await send(host, '/f', { headers: headerLines(3, 31 * 1024) })).text).toBe('called');
  });

  it('passes on a body with a Content-Length', async () => {
    const host = await hostOf(answerWith('{ body: await r.text() }', ['POST']));
    const answer = await send(host, '/f', {
      method: 'POST',
      body: 'hellö',
      headers: { 'content-length': 6 },
    });
    expect(answer.text).toBe('hellö');
  });

  it('drops a chunked body', async () => {
    const host = await hostOf(
      answerWith(`{ jsonBody: [await r.text(), r.headers.get('transfer-encoding')] }`, ['POST']),
    );
    const headers = { 'transfer-encoding': 'chunked' };
    const answer = await send(host, '/f', { method: 'POST', body: 'hello', headers });
    expect(JSON.parse(answer.text)).toEqual(['', 'chunked']);
  });

  it('drops the body of a GET', async () => {
    const host = await hostOf(answerWith('{ jsonBody: [await r.text()] }'));
    expect((await send(host, '/f', { body: 'hello', headers: { 'content-length': 5 } })).text).toBe('[""]');
  });

  it('replies with a bare 500 to a body over FUNCTIONS_REQUEST_BODY_SIZE_LIMIT, without calling the function', async () => {
    const host = await hostOf(answerWith(`{ body: 'called' }`, ['POST']), {
      env: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '10' },
    });
    const post = (body: string) =>
      send(host, '/f', { method: 'POST', body, headers: { 'content-length': body.length } });
    expect((await post('0123456789')).text).toBe('called');
    expect(await post('0123456789x')).toMatchObject({ status: 500, text: '' });
  });

  it('survives a client that disconnects in the middle of its body', async () => {
    const host = await hostOf(answerWith(`{ body: 'fine' }`, ['GET', 'POST']));
    await new Promise<void>((resolve) => {
      const socket = connect(host.port, '127.0.0.1', () => {
        socket.write('POST /f HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf', () =>
          socket.destroy(),
        );
      });
      socket.on('close', () => resolve());
    });
    expect((await send(host, '/f')).text).toBe('fine');
  });
});

describe('refuses', () => {
  it('a request with two Host headers', async () => {
    const host = await hostOf(answerWith('{ body: r.url }'));
    const headers = ['host', 'localhost', 'host', 'evil.example'];
    expect((await send(host, '/f', { headers })).status).toBe(400);
  });

  it.each(['\xa0', '\xff', '\xc0\x80', '\xed\xa0\x80', '\xc5'])(
    'header bytes that are no UTF-8: %j',
    async (bytes) => {
      const host = await hostOf(answerWith(`{ body: 'called' }`));
      expect(await send(host, '/f', { headers: { cookie: `a=${bytes}` } })).toMatchObject({
        status: 400,
        text: '',
      });
    },
  );

  it('more than 100 header lines, or 32 KB of them', async () => {
    const host = await hostOf(answerWith(`{ body: 'called' }`));
    for (const headers of [headerLines(101), headerLines(5, 11 * 1024), headerLines(3, 60 * 1024)]) {
      expect(await send(host, '/f', { headers })).toMatchObject({ status: 431, text: '' });
    }
  });

  // Not a rule of the host: Microsoft's library creates a `Request`, whose headers cannot contain such a character.
  it('a header with a character above U+00FF with a bare 500, if the app leaves it to the library', async () => {
    const host = await hostOf(answerWith(`{ body: 'called' }`));
    expect(await send(host, '/f', { headers: { cookie: utf8('a=Łukasz') } })).toMatchObject({
      status: 500,
      text: '',
    });
  });
});

describe('a host without access to its storage', () => {
  const app = answerWith(`{ body: 'called' }`);
  const storage = { AzureWebJobsStorage: 'DefaultEndpointsProtocol=https;AccountName=a' };

  it.each(['/f?code=x', '/f?CODE=x', '/f?a=1&c%6fde=', '/nothing?code=x'])(
    'returns a bare 500 to %s, and logs nothing',
    async (target) => {
      const lines: LogEntry[] = [];
      const host = await hostOf(app, {
        env: storage,
        hostStorage: 'refuses',
        log: (line) => lines.push(line),
      });
      expect(await send(host, target)).toMatchObject({ status: 500, text: '' });
      expect(lines).toEqual([]);
    },
  );

  it('returns a bare 500 to a function key in a header', async () => {
    const host = await hostOf(app, { env: storage, hostStorage: 'refuses' });
    expect((await send(host, '/f', { headers: { 'x-functions-key': 'x' } })).status).toBe(500);
  });

  it('returns the bare 500 late if the account cannot be reached', async () => {
    const host = await hostOf(app, { env: storage, hostStorage: 'unreachable', hostStorageTimeoutMs: 100 });
    const startedMs = performance.now();
    expect((await send(host, '/f?code=x')).status).toBe(500);
    expect(performance.now() - startedMs).toBeGreaterThan(95);
  });

  it('never answers if the account accepts connections and is silent', async () => {
    const host = await hostOf(app, { env: storage, hostStorage: 'frozen' });
    const asked = send(host, '/f?code=x').catch(() => 'no answer');
    expect((await send(host, '/f')).text).toBe('called');
    const later = new Promise((resolve) => setTimeout(resolve, 100, 'still waiting'));
    expect(await Promise.race([asked, later])).toBe('still waiting');
    await host.close();
    expect(await asked).toBe('no answer');
  });

  it('serves everything else', async () => {
    const host = await hostOf(app, { env: storage, hostStorage: 'refuses' });
    expect((await send(host, '/f?codes=x')).text).toBe('called');
  });

  it.each([
    ['with its keys in files', { ...storage, AzureWebJobsSecretStorageType: 'files' }],
    ['without AzureWebJobsStorage', {}],
  ])('serves a query option `code` %s', async (_circumstance, env) => {
    const host = await hostOf(app, { env, hostStorage: 'refuses' });
    expect((await send(host, '/f?code=x')).text).toBe('called');
  });
});

describe('responses of the Functions host', () => {
  it('buffers a stream and sends status, headers and body', async () => {
    const stream = `new ReadableStream({ start(c) { c.enqueue(new Uint8Array([104])); c.enqueue(new Uint8Array([105])); c.close() } })`;
    const host = await hostOf(answerWith(`{ status: 201, headers: { 'X-One': '1' }, body: ${stream} }`));
    expect(await send(host, '/f')).toMatchObject({
      status: 201,
      text: 'hi',
      headers: { 'x-one': '1', 'transfer-encoding': 'chunked', server: 'Kestrel' },
    });
  });

  it('sends no body to HEAD', async () => {
    const host = await hostOf(answerWith(`{ body: 'hello' }`, ['HEAD']));
    expect(await send(host, '/f', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });

  it('sends 204 for a function that returns nothing', async () => {
    const host = await hostOf(answerWith('undefined'));
    expect(await send(host, '/f')).toMatchObject({ status: 204, text: '' });
  });

  it('sends 500 with an empty body for a handler that throws, and logs the error', async () => {
    const lines: LogEntry[] = [];
    const host = await hostOf(`app.get('f', () => { throw new Error('broken') })`, {
      log: (line) => lines.push(line),
    });
    expect(await send(host, '/f')).toMatchObject({ status: 500, text: '' });
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        functionName: 'f',
        message: expect.stringContaining('broken'),
      }),
    );
  });

  it.each([101, 199, 600])('sends 500 for the status %i', async (status) => {
    const host = await hostOf(answerWith(`{ status: ${status} }`));
    expect(await send(host, '/f')).toMatchObject({ status: 500, text: '' });
  });

  it('sends 500 for a stream that fails', async () => {
    const stream = `new ReadableStream({ pull(c) { c.error(new Error('upstream gone')) } })`;
    const host = await hostOf(answerWith(`{ body: ${stream}, headers: { 'x-one': '1' } }`));
    const answer = await send(host, '/f');
    expect(answer).toMatchObject({ status: 500, text: '' });
    expect(answer.headers).not.toHaveProperty('x-one');
  });

  it('writes the log lines of a function with its name and invocation', async () => {
    const lines: LogEntry[] = [];
    const host = await hostOf(
      `app.get('f', (r, context) => { context.warn('careful', { n: 1 }); return {} })`,
      {
        log: (line) => lines.push(line),
      },
    );
    await send(host, '/f');
    expect(lines).toEqual([
      { level: 'warning', message: 'careful { n: 1 }', functionName: 'f', invocationId: expect.any(String) },
    ]);
  });
});

describe('cookies in the Functions host', () => {
  const setCookie = async (cookies: string, headers = '{}') => {
    const host = await hostOf(answerWith(`{ cookies: ${cookies}, headers: ${headers} }`));
    return (await send(host, '/f')).headers['set-cookie'];
  };

  it('writes exactly the attributes that the host supports', async () => {
    const cookie = `{ name: '__Host-session', value: 'v', path: '/', secure: true, httpOnly: true, sameSite: 'Strict',
      maxAge: 60, partitioned: true, priority: 'High' }`;
    expect(await setCookie(`[${cookie}]`)).toEqual([
      '__Host-session=v; max-age=60; path=/; secure; samesite=strict; httponly',
    ]);
  });

  it('writes domain and expires, and SameSite only if it is set, None included', async () => {
    const expires = 'new Date(Date.UTC(2030, 0, 2, 3, 4, 5))';
    expect(
      await setCookie(`[{ name: 'a', value: '1', domain: 'x.example', path: '/p', expires: ${expires} },
        { name: 'b', value: '2', sameSite: 'None' }]`),
    ).toEqual([
      'a=1; expires=Wed, 02 Jan 2030 03:04:05 GMT; domain=x.example; path=/p',
      'b=2; path=/; samesite=none',
    ]);
  });

  it('URI-encodes values', async () => {
    expect(await setCookie(`[{ name: 'a', value: 'x y;=(é)*' }]`)).toEqual([
      'a=x%20y%3B%3D%28%C3%A9%29%2A; path=/',
    ]);
  });

  it('drops expires: new Date(0) and keeps maxAge: 0', async () => {
    expect(await setCookie(`[{ name: 'a', value: '', expires: new Date(0), maxAge: 0 }]`)).toEqual([
      'a=; max-age=0; path=/',
    ]);
  });

  it('keeps only the last Set-Cookie of the headers, beside those of cookies[]', async () => {
    expect(
      await setCookie(`[{ name: 'c', value: '3' }]`, `[['set-cookie', 'a=1'], ['set-cookie', 'b=2']]`),
    ).toEqual(['b=2', 'c=3; path=/']);
  });
});

describe('hooks and timers in the Functions host', () => {
  it('lets hooks replace inputs, handler and result', async () => {
    const host = await hostOf(`
      app.hook.preInvocation((c) => { const inner = c.functionHandler; c.functionHandler = async (...a) => { const r = await inner(...a); return { body: r.body + '+pre' } } });
      app.hook.postInvocation((c) => { c.result = { body: c.result.body + '+post' } });
      app.get('f', () => ({ body: 'handler' }));
    `);
    expect((await send(host, '/f')).text).toBe('handler+pre+post');
  });

  it('uses a result if a postInvocation hook has removed the error', async () => {
    const host = await hostOf(`
      app.hook.postInvocation((c) => { if (c.error) { c.result = { status: 418 }; c.error = undefined } });
      app.get('f', () => { throw new Error('broken') });
    `);
    expect((await send(host, '/f')).status).toBe(418);
  });

  it('lets a log hook change an entry', async () => {
    const lines: LogEntry[] = [];
    const host = await hostOf(
      `app.hook.log((c) => { c.message = c.message.replace('secret', '***') });
       app.get('f', (r, context) => { context.log('a secret'); return {} });`,
      { log: (line) => lines.push(line) },
    );
    await send(host, '/f');
    expect(lines.map(({ message }) => message)).toEqual(['a ***']);
  });

  it('runs a timer on request, and passes its error on', async () => {
    const host = await hostOf(`
      const seen = [];
      app.timer('sweep', { schedule: '0 0 * * * *', handler: (timer) => { seen.push([timer.isPastDue, typeof timer.scheduleStatus.last]) } });
      app.timer('broken', { schedule: '0 0 * * * *', handler: () => { throw new Error('sweep failed') } });
      app.get('seen', () => ({ jsonBody: seen }));
    `);
    await host.runTimer('sweep');
    expect(JSON.parse((await send(host, '/seen')).text)).toEqual([[false, 'string']]);
    await expect(host.runTimer('broken')).rejects.toThrow('sweep failed');
    await expect(host.runTimer('seen')).rejects.toThrow('no timer function "seen"');
  });
});
