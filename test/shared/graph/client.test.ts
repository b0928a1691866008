import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import { createGraphClient, type GraphClient, graphStatusOf } from '../../../src/shared/graph/client.ts';
import { createHttpSender } from '../../../src/shared/network/http-request.ts';
import { createMemoryBudget, type MemoryBudget } from '../../../src/shared/proxy/memory-budget.ts';
import { createSendWithToken } from '../../../src/shared/proxy/send-with-token.ts';
import { createUpstreamBreaker } from '../../../src/shared/proxy/upstream-breaker.ts';
import { toCaller } from '../../../src/shared/session/caller.ts';
import { rememberLog } from '../../../src/shared/telemetry/call-log.ts';
import { apiDependencies } from '../../support/api-calls.ts';
import { type RawUpstream, rawAnswer, startRawUpstream } from '../../support/raw-upstream.ts';
import { openedSession, sessionContent } from '../../support/session-content.ts';

let upstream: RawUpstream;
beforeAll(async () => {
  upstream = await startRawUpstream();
});
afterAll(() => upstream.close());
afterEach(() => {
  upstream.requests.length = 0;
});

const MIB = 1024 * 1024;
const now = new Date('2026-08-01T12:00:00Z');
const callerOf = (user: string) => toCaller(openedSession(sessionContent(), { user, now }));
const alice = callerOf('alice');

function startClient({
  timeoutMs = 5_000,
  bodyLimitBytes = 1024,
  memoryBudget = createMemoryBudget(),
  accessToken = 'token',
  sendHttp = createHttpSender(),
} = {}) {
  const logged: string[] = [];
  const dependencies = {
    ...apiDependencies(sendHttp, now, async (session) => ({
      kind: 'token',
      accessToken,
      expiresAt: now,
      session,
    })),
    ...{ timeoutMs, bodyLimitBytes, memoryBudget },
  };
  const api = {
    name: 'graph',
    origin: upstream.origin,
    requestIdCheck: 'warn',
    repeatsRefusedWrites: true,
  } as const;
  const graph = createGraphClient(upstream.origin, {
    ...dependencies,
    sendWithToken: createSendWithToken(api, dependencies),
    upstreamBreaker: createUpstreamBreaker({ upstream: 'graph', ...dependencies }),
  });
  const options = {
    feature: 'profile',
    scopes: ['User.Read'],
    log: (_level: string, { event }: { event: string }) => void logged.push(event),
  };
  return { graph, options, logged, callLimits: dependencies.callLimits };
}

async function problemOf(answer: Promise<unknown>): Promise<BffError> {
  const error: unknown = await answer.then(
    () => 'an answer',
    (thrown: unknown) => thrown,
  );
  if (error instanceof BffError) return error;
  throw new Error(`no problem but ${String(error)}`);
}

/** A memory budget, and how much of it is in use. */
function watchedBudget(totalBytes: number) {
  const budget = createMemoryBudget(totalBytes);
  const held = { bytes: 0, mostBytes: 0, acquiredBytes: 0 };
  const memoryBudget: MemoryBudget = {
    open(user, api) {
      const permit = budget.open(user, api);
      let bytes = 0;
      const release = () => {
        held.bytes -= bytes;
        bytes = 0;
        permit.release();
      };
      return {
        async acquire(stepBytes, restBytes) {
          await permit.acquire(stepBytes, restBytes);
          bytes += stepBytes;
          held.bytes += stepBytes;
          held.acquiredBytes += stepBytes;
          held.mostBytes = Math.max(held.mostBytes, held.bytes);
        },
        release,
        [Symbol.dispose]: release,
      };
    },
  };
  return { memoryBudget, held };
}

const headerOf = (name: string) =>
  new RegExp(`^${name}: (.*)$`, 'im').exec(upstream.requests.at(-1)?.head ?? '')?.[1];
const targetOf = () => /^\w+ (\S+)/.exec(upstream.requests.at(-1)?.head ?? '')?.[1];
const repeatedId = (head: string) => /^client-request-id: .*$/im.exec(head)?.[0] ?? '';
const json = 'Content-Type: application/json';
const notFound = rawAnswer('{"error":{"code":"ErrorItemNotFound","message":"m"}}', [json], '404 Not Found');

describe('get', () => {
  it('sends the path of v1.0 with token and id, and returns the JSON object', async () => {
    upstream.respondWith((socket, { head }) => socket.write(rawAnswer('{"a":1}', [json, repeatedId(head)])));
    const { graph, options, logged } = startClient();
    expect(await graph.get(alice, '/me', { ...options, query: { $select: 'id' } })).toEqual({ a: 1 });
    expect(upstream.requests[0]?.head).toMatch(/^GET \/v1\.0\/me\?\$select=id HTTP\/1\.1\r\n/);
    expect(headerOf('authorization')).toBe('Bearer token');
    expect(headerOf('accept-encoding')).toBe('identity');
    expect(headerOf('client-request-id')).toMatch(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect(logged).toEqual([]);
  });

  it('encodes the values of query options, and sends headers', async () => {
    upstream.respondWith((socket) => socket.write(rawAnswer('{}', [json])));
    const { graph, options } = startClient();
    await graph.get(alice, '/users', {
      ...options,
      query: { $filter: "startswith(displayName,'a&b=c #%/')", $top: 5, $count: true },
      headers: { ConsistencyLevel: 'eventual' },
    });
    const url = new URL(targetOf() ?? '', 'https://graph.example');
    expect([...url.searchParams]).toEqual([
      ['$filter', "startswith(displayName,'a&b=c #%/')"],
      ['$top', '5'],
      ['$count', 'true'],
    ]);
    expect(headerOf('consistencylevel')).toBe('eventual');
  });

  it('accepts a path of another version and the link to a next page', async () => {
    upstream.respondWith((socket) => socket.write(rawAnswer('{}', [json])));
    const { graph, options } = startClient();
    const next = '/v1.0/users?$select=id&$skiptoken=RFN%26a%3d%25';
    for (const [path, target] of [
      ['/beta/me', '/beta/me'],
      ['/v1.0/me/messages', '/v1.0/me/messages'],
      [`${upstream.origin}${next}`, next],
    ] as const) {
      await graph.get(alice, path, options);
      expect(targetOf()).toBe(target);
    }
  });

  it.each([
    '/users/../me',
    `/users/${encodeURIComponent('../me')}`,
    '/users/%2e%2e/me',
    '/users//me',
    '/me\\x',
    'me',
    '/me#x',
    '/me?x=https://evil.example/',
    'https://evil.example/v1.0/me',
    '//evil.example/me',
    '',
  ])('refuses the ambiguous path %j', async (path) => {
    const { graph, options } = startClient();
    expect((await problemOf(graph.get(alice, path, options))).code).toBe('request_invalid');
    expect(upstream.requests).toHaveLength(0);
  });

  it.each(['[1]', '"x"', 'null', '{', ''])('refuses the answer %j, which is not an object', async (body) => {
    upstream.respondWith((socket) => socket.write(rawAnswer(body, [json])));
    const { graph, options } = startClient();
    expect((await problemOf(graph.get(alice, '/me', options))).code).toBe('upstream_answer_refused');
  });

  it('throws the status of Graph', async () => {
    upstream.respondWith((socket) => socket.write(notFound));
    const { graph, options } = startClient();
    const error = await problemOf(graph.get(alice, '/me', options));
    expect([error.code, error.status, graphStatusOf(error)]).toEqual(['upstream_answer_refused', 502, 404]);
    expect(graphStatusOf(new BffError('upstream_answer_refused'))).toBeUndefined();
  });

  it('logs for the call of its handler, and refuses a copy of the caller', async () => {
    upstream.respondWith((socket) => socket.write(rawAnswer('{}', [json])));
    const { graph, options } = startClient();
    const { log, ...rest } = options;
    await expect(graph.get(alice, '/me', rest)).rejects.toThrow(TypeError);
    const caller = callerOf('alice');
    const events: string[] = [];
    rememberLog(caller, (_level, { event }) => events.push(event));
    await graph.get(caller, '/me', rest);
    expect(events).toEqual(['upstream-responses-without-request-id']);
    await expect(graph.get({ ...caller }, '/me', rest)).rejects.toThrow(TypeError);
    expect(log).toBeDefined();
  });
});

describe('find and findContent', () => {
  it('return undefined if Graph answers with 404, and throw any other status', async () => {
    const { graph, options } = startClient();
    upstream.respondWith((socket) => socket.write(notFound));
    expect(await graph.find(alice, '/me/manager', options)).toBeUndefined();
    expect(await graph.findContent(alice, '/me/photo/$value', options)).toBeUndefined();
    upstream.respondWith((socket) => socket.write(rawAnswer('{}', [json], '403 Forbidden')));
    for (const call of [graph.find, graph.findContent])
      expect(graphStatusOf(await problemOf(call(alice, '/me/manager', options)))).toBe(403);
  });

  it('return an object, and the bytes of a file with its type', async () => {
    const { graph, options } = startClient();
    upstream.respondWith((socket) => socket.write(rawAnswer('{"a":1}', [json])));
    expect(await graph.find(alice, '/me/manager', options)).toEqual({ a: 1 });
    const bytes = Buffer.from([0, 1, 255]);
    upstream.respondWith((socket) => socket.write(rawAnswer(bytes, ['Content-Type: image/jpeg'])));
    const content = await graph.findContent(alice, '/me/photo/$value', options);
    expect([Buffer.from(content?.bytes ?? []), content?.contentType]).toEqual([bytes, 'image/jpeg']);
  });
});

describe('post, patch, put and delete', () => {
  it.each<[string, Parameters<GraphClient['put']>[2], string]>([
    ['an object', { a: 'ä' }, '{"a":"ä"}'],
    ['bytes', new Uint8Array([1, 2, 255]), '\x01\x02\xff'],
    ['a view of a larger buffer', Buffer.from('xxabcyy').subarray(2, 5), 'abc'],
  ])('send %s with its bytes and its type', async (_what, body, bytes) => {
    upstream.respondWith((socket) => socket.write(rawAnswer('{}', [json])));
    const { graph, options } = startClient();
    const isJson = !(body instanceof Uint8Array);
    const type = isJson ? 'application/json' : 'image/png';
    const headers: Record<string, string> = isJson ? {} : { 'content-type': type };
    await graph.put(alice, '/me/x', body, { ...options, headers });
    const expected = Buffer.from(bytes, isJson ? 'utf8' : 'latin1');
    expect(upstream.requests[0]?.body).toEqual(expected);
    expect(headerOf('content-type')).toBe(type);
    expect(headerOf('content-length')).toBe(String(expected.length));
  });

  it('use their methods, and return undefined for an answer without a body', async () => {
    upstream.respondWith((socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'));
    const { graph, options } = startClient();
    expect(await graph.post(alice, '/me/sendMail', {}, options)).toBeUndefined();
    expect(await graph.patch(alice, '/me', {}, options)).toBeUndefined();
    expect(await graph.delete(alice, '/me/x', options)).toBeUndefined();
    upstream.respondWith((socket) => socket.write('HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n'));
    expect(await graph.post(alice, '/me/x', undefined, options)).toBeUndefined();
    expect(upstream.requests.map(({ head }) => head.split(' ')[0])).toEqual([
      'POST',
      'PATCH',
      'DELETE',
      'POST',
    ]);
  });
});

describe('each call', () => {
  it('uses a connection that no other session has just used', { tags: ['PX-17'] }, async () => {
    upstream.respondWith((socket) => socket.write(rawAnswer(`{"port":${socket.remotePort}}`, [json])));
    const { graph, options } = startClient();
    const portOf = async (user: string) => (await graph.get(callerOf(user), '/me', options))['port'];
    const port = await portOf('alice');
    expect(await portOf('alice')).toBe(port);
    expect(await portOf('ben')).not.toBe(port);
  });

  it('is repeated once as a read if no answer or a mismatched response arrived, and never as a write', {
    tags: ['PX-17', 'PX-18'],
  }, async () => {
    for (const spoil of ['another', 'none']) {
      for (const method of ['get', 'post'] as const) {
        upstream.requests.length = 0;
        let isFirst = true;
        upstream.respondWith((socket, { head }) => {
          if (isFirst && spoil === 'none') socket.destroy();
          else socket.write(rawAnswer('{}', [json, isFirst ? 'client-request-id: other' : repeatedId(head)]));
          isFirst = false;
        });
        const { graph, options } = startClient();
        if (method === 'get') expect(await graph.get(alice, '/me', options)).toEqual({});
        else
          expect((await problemOf(graph.post(alice, '/me', {}, options))).code).toBe(
            spoil === 'none' ? 'upstream_unreachable' : 'upstream_answer_refused',
          );
        expect(upstream.requests).toHaveLength(method === 'get' ? 2 : 1);
      }
    }
  });

  it('acquires memory for a large answer from the shared budget, and releases it', {
    tags: ['DO-4'],
  }, async () => {
    const { memoryBudget, held } = watchedBudget(2 * MIB);
    upstream.respondWith((socket) => socket.write(rawAnswer('a'.repeat(MIB), ['Content-Type: text/plain'])));
    const { graph, options } = startClient({ bodyLimitBytes: MIB, memoryBudget });
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => graph.findContent(alice, '/me/x', options)),
    );
    expect(answers.map((content) => content?.bytes.length)).toEqual(Array.from({ length: 8 }, () => MIB));
    expect(held.acquiredBytes).toBe(8 * MIB);
    expect(held.mostBytes).toBeLessThanOrEqual(2 * MIB);
    upstream.respondWith((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\na'));
    expect((await problemOf(graph.findContent(alice, '/me/x', options))).code).toMatch(/^upstream_/);
    expect(held.bytes).toBe(0);
  });

  it('counts toward the limits of its user, including its body', { tags: ['DO-3'] }, async () => {
    const { graph, options, callLimits } = startClient();
    const permits = Array.from({ length: 64 }, () => callLimits.acquire(alice, 0));
    expect(await problemOf(graph.get(alice, '/me', options))).toMatchObject({
      code: 'rate_limited',
      rules: ['calls-of-user'],
    });
    upstream.respondWith((socket) => socket.write(rawAnswer('{}', [json])));
    expect(await graph.get(callerOf('ben'), '/me', options)).toEqual({});
    for (const permit of permits) permit[Symbol.dispose]();
    callLimits.acquire(alice, 64 * MIB - 1000);
    const body = new Uint8Array(1001);
    expect((await problemOf(graph.put(alice, '/me/photo/$value', body, options))).code).toBe('rate_limited');
    // A failed call no longer counts.
    for (let at = 0; at < 64; at++) await problemOf(graph.put(alice, '/me/photo/$value', body, options));
    expect(await graph.get(alice, '/me', options)).toEqual({});
  });

  it('warns of answers without an id', async () => {
    upstream.respondWith((socket) => socket.write(rawAnswer('{}', [json])));
    const { graph, options, logged } = startClient();
    await graph.get(alice, '/me', options);
    expect(logged).toEqual(['upstream-responses-without-request-id']);
  });

  it('fails with the same problems after its token was replaced', async () => {
    const challenge = `WWW-Authenticate: Bearer error="insufficient_claims", claims="${btoa('{"access_token":{}}')}"`;
    const answers = [rawAnswer('{}', [json, challenge], '401 Unauthorized'), 'HTTP/1.1 200 OK\r\nContent-Le'];
    upstream.respondWith((socket) => socket.write(answers.shift() ?? ''));
    const { graph, options } = startClient({ timeoutMs: 200 });
    const { code, status } = await problemOf(graph.post(alice, '/me', {}, options));
    expect([code, status]).toEqual(['upstream_timeout', 504]);
    expect(upstream.requests).toHaveLength(2);
  });
});

describe('refuses', () => {
  it.each<[string, (token: string) => string | Buffer]>([
    ['text', (token) => rawAnswer(`Bearer ${token}`, ['Content-Type: text/plain'])],
    ['XML', (token) => rawAnswer(`<a>Bearer ${token}</a>`, ['Content-Type: application/xml'])],
    ['a file', (token) => rawAnswer(`\0${token}`, ['Content-Type: application/octet-stream'])],
    ['a header', (token) => rawAnswer('{}', [json, `ETag: Bearer ${token}`])],
    ['an error', (token) => rawAnswer(`{"a":"${token}"}`, [json], '400 Bad Request')],
  ])('the token of the call in %s', { tags: ['PX-16'] }, async (_where, answerWith) => {
    const accessToken = 'eyJhbGciOiJub25lIn0.e30.dGhpc0lzVGhlU2lnbmF0dXJlT2ZUaGVUb2tlbg';
    upstream.respondWith((socket) => socket.write(answerWith(accessToken)));
    const { graph, options, logged } = startClient({ accessToken });
    const problem = await problemOf(graph.findContent(alice, '/me', options));
    expect([problem.code, graphStatusOf(problem)]).toEqual(['upstream_answer_refused', undefined]);
    expect(logged).toContain('token-returned');
  });

  it.each<[string, string | Buffer, string]>([
    [
      'a redirect',
      'HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n',
      'upstream_answer_refused',
    ],
    ['compression', rawAnswer('{}', [json, 'Content-Encoding: gzip']), 'upstream_answer_refused'],
    [
      'an answer over the limit',
      'HTTP/1.1 200 OK\r\nContent-Length: 1025\r\n\r\n',
      'upstream_answer_refused',
    ],
    ['no answer', 'HTTP/1.1 200 OK\r\nContent-Le', 'upstream_timeout'],
    [
      'an error of Graph with a code of ours',
      rawAnswer('{"error":{"code":"upstream_timeout","message":"m"}}', [json], '404 Not Found'),
      'upstream_answer_refused',
    ],
  ])('%s', async (_what, answer, code) => {
    upstream.respondWith((socket) => socket.write(answer));
    const { graph, options } = startClient({ timeoutMs: 200 });
    expect((await problemOf(graph.post(alice, '/me', {}, options))).code).toBe(code);
    expect(upstream.requests).toHaveLength(1);
  });

  it('a call without a free connection, which was not sent and may be repeated', {
    tags: ['PX-18'],
  }, async () => {
    const sendHttp = createHttpSender(undefined, { connections: 0, idle: 0 });
    const { graph, options } = startClient({ timeoutMs: 40, sendHttp });
    await expect(graph.post(alice, '/me', {}, options)).rejects.toMatchObject({
      code: 'rate_limited',
      status: 429,
      retryAfterSeconds: 1,
    });
    expect(upstream.requests).toHaveLength(0);
  });
});
