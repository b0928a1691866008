import type { Client } from '@microsoft/microsoft-graph-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import { createGraphClient } from '../../../src/shared/graph/graph-client.ts';
import { createHttpSender } from '../../../src/shared/network/http-request.ts';
import { createCountCall } from '../../../src/shared/proxy/counted-call.ts';
import { createCallLimits } from '../../../src/shared/proxy/limiter.ts';
import { type BodyRoom, createBodyRoom } from '../../../src/shared/proxy/memory-budget.ts';
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

const now = new Date('2026-08-01T12:00:00Z');
const sessionOf = (user: string) => openedSession(sessionContent(), { user, now });

function startClient(
  timeoutMs = 5_000,
  {
    bodyLimitBytes = 1024,
    bodyRoom = createBodyRoom(),
    accessToken = 'token',
    sendHttp = createHttpSender(),
  } = {},
) {
  const logged: string[] = [];
  const limits = createCallLimits();
  const graph = createGraphClient({
    origin: upstream.origin,
    echoesRequestId: 'warn',
    timeoutMs,
    bodyLimitBytes,
    bodyRoom,
    countCall: createCountCall(limits),
    tokensForCall: () => ({ token: async () => accessToken, stillRefused: () => new Error('asked again') }),
    sendHttp,
    monotonicMs: () => performance.now(),
  });
  const use = <Result>(work: (client: Client) => Promise<Result>, session = sessionOf('alice')) =>
    graph.use(
      session,
      { feature: 'profile', scopes: ['User.Read'] },
      (_level, { event }) => logged.push(event),
      work,
    );
  /** Does something while the user has as many calls under way as may be. */
  const atTheLimit = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const user = sessionOf('alice').address.userHash.toString('base64url');
    const entries = Array.from({ length: 64 }, () => limits.enter(user, 0));
    try {
      return await work();
    } finally {
      for (const entry of entries) if (entry.kind === 'admitted') entry.leave();
    }
  };
  return { use, logged, atTheLimit };
}

async function problemOf(answer: Promise<unknown>): Promise<readonly [string, number]> {
  const error: unknown = await answer.then(
    () => 'an answer',
    (thrown: unknown) => thrown,
  );
  if (error instanceof BffError) return [error.code, error.status];
  throw new Error(`no problem but ${String(error)}`);
}

/** The room itself, and what is held of it. */
function watchedRoom(roomBytes: number) {
  const room = createBodyRoom(roomBytes);
  const held = { bytes: 0, mostBytes: 0, takenBytes: 0 };
  const bodyRoom: BodyRoom = {
    open(person, origin) {
      const reservation = room.open(person, origin);
      let bytes = 0;
      return {
        async take(stepBytes, restBytes) {
          await reservation.take(stepBytes, restBytes);
          bytes += stepBytes;
          held.bytes += stepBytes;
          held.takenBytes += stepBytes;
          held.mostBytes = Math.max(held.mostBytes, held.bytes);
        },
        release() {
          held.bytes -= bytes;
          bytes = 0;
          reservation.release();
        },
      };
    },
  };
  return { bodyRoom, held };
}

const headOf = (name: string) =>
  new RegExp(`^${name}: (.*)$`, 'im').exec(upstream.requests.at(-1)?.head ?? '')?.[1];
const echo = (head: string) => /^client-request-id: .*$/im.exec(head)?.[0] ?? '';
const json = 'Content-Type: application/json';

describe('a composed call', () => {
  it('is sent as the library wrote it, with the token and an id, and read as the library reads', async () => {
    upstream.respondWith((socket, { head }) => socket.write(rawAnswer('{"a":1}', [json, echo(head)])));
    const { use, logged } = startClient();
    expect(await use((client) => client.api('/me').select('id').get())).toEqual({ a: 1 });
    expect(upstream.requests[0]?.head).toMatch(/^GET \/v1\.0\/me\?\$select=id HTTP\/1\.1\r\n/);
    expect(headOf('authorization')).toBe('Bearer token');
    expect(headOf('accept-encoding')).toBe('identity');
    expect(headOf('client-request-id')).toMatch(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect(logged).toEqual([]);
  });

  it.each<[string, unknown, string, string]>([
    ['an object', { a: 'ä' }, '{"a":"ä"}', 'application/json'],
    ['bytes', new Uint8Array([1, 2, 255]), '\x01\x02\xff', 'application/octet-stream'],
    ['a blob', new Blob(['abc'], { type: 'image/png' }), 'abc', 'image/png'],
  ])('of %s has its bytes and its type', async (_what, body, bytes, type) => {
    upstream.respondWith((socket) => socket.write(rawAnswer('{}', [json])));
    await startClient().use((client) => client.api('/me/x').header('content-type', type).put(body));
    const expected = type === 'application/json' ? Buffer.from(bytes) : Buffer.from(bytes, 'latin1');
    expect(upstream.requests[0]?.body).toEqual(expected);
    expect(headOf('content-type')).toBe(type);
    expect(headOf('content-length')).toBe(String(expected.length));
  });

  it('that is answered 204 has nothing', async () => {
    upstream.respondWith((socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'));
    expect(await startClient().use((client) => client.api('/me/x').post({}))).toBeUndefined();
  });

  it('goes over a connection that no other session used just before', { tags: ['PX-17'] }, async () => {
    upstream.respondWith((socket) => socket.write(rawAnswer(`{"port":${socket.remotePort}}`, [json])));
    const { use } = startClient();
    const portOf = async (name: string) =>
      (await use((client) => client.api('/me').get(), sessionOf(name))).port;
    const alice = await portOf('alice');
    expect(await portOf('alice')).toBe(alice);
    expect(await portOf('ben')).not.toBe(alice);
  });

  it('that reads is sent once more where another call’s answer came, or none; a write is not', {
    tags: ['PX-17', 'PX-18'],
  }, async () => {
    for (const spoil of ['another', 'none']) {
      for (const method of ['get', 'post'] as const) {
        upstream.requests.length = 0;
        let isFirst = true;
        upstream.respondWith((socket, { head }) => {
          if (isFirst && spoil === 'none') socket.destroy();
          else socket.write(rawAnswer('{}', [json, isFirst ? 'client-request-id: other' : echo(head)]));
          isFirst = false;
        });
        const answer = startClient().use((client) =>
          method === 'get' ? client.api('/me').get() : client.api('/me').post({}),
        );
        if (method === 'get') expect(await answer).toEqual({});
        else
          expect((await problemOf(answer))[0]).toBe(
            spoil === 'none' ? 'upstream_unreachable' : 'upstream_answer_refused',
          );
        expect(upstream.requests).toHaveLength(method === 'get' ? 2 : 1);
      }
    }
  });

  it('holds its answer in the room of all large answers, and gives that back', {
    tags: ['DO-4'],
  }, async () => {
    const MIB = 1024 * 1024;
    const { bodyRoom, held } = watchedRoom(2 * MIB);
    upstream.respondWith((socket) => socket.write(rawAnswer('a'.repeat(MIB), ['Content-Type: text/plain'])));
    const { use } = startClient(5_000, { bodyLimitBytes: MIB, bodyRoom });
    const answers = await use((client) =>
      Promise.all(Array.from({ length: 8 }, (): Promise<string> => client.api('/me/x').get())),
    );
    expect(answers.map(({ length }) => length)).toEqual(Array.from({ length: 8 }, () => MIB));
    expect(held.takenBytes).toBe(8 * MIB);
    expect(held.mostBytes).toBeLessThanOrEqual(2 * MIB);
    upstream.respondWith((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\na'));
    expect((await problemOf(use((client) => client.api('/me/x').get())))[0]).toMatch(/^upstream_/);
    expect(held.bytes).toBe(0);
  });

  it('warns of answers without an id', async () => {
    upstream.respondWith((socket) => socket.write(rawAnswer('{}', [json])));
    const { use, logged } = startClient();
    await use((client) => client.api('/me').get());
    expect(logged).toEqual(['upstream-answers-without-request-id']);
  });
});

describe('a failure of a composed call', () => {
  const notFound = rawAnswer('{"error":{"code":"x","message":"m"}}', [json], '404 Not Found');

  it('that is not caught is what it was below the library', async () => {
    const { use, atTheLimit } = startClient();
    expect(await problemOf(atTheLimit(() => use((client) => client.api('/me').get())))).toEqual([
      'rate_limited',
      429,
    ]);
  });

  it('that is thrown again later is the same, whatever failed meanwhile', async () => {
    upstream.respondWith((socket) => socket.write(notFound));
    const { use, atTheLimit } = startClient();
    const answer = use(async (client) => {
      const caught: unknown = await atTheLimit(() => client.api('/me').get()).catch(
        (error: unknown) => error,
      );
      await client
        .api('/me')
        .get()
        .catch(() => undefined);
      throw caught;
    });
    expect(await problemOf(answer)).toEqual(['rate_limited', 429]);
  });

  it('that was caught is not what a later one means, nor an error of the code that composes', async () => {
    upstream.respondWith((socket) => socket.write(notFound));
    const { use, atTheLimit } = startClient();
    const afterwards = (fail: (client: Client) => Promise<unknown>) =>
      use(async (client) => {
        await expect(atTheLimit(() => client.api('/me').get())).rejects.toThrow();
        return fail(client);
      });
    expect(await problemOf(afterwards((client) => client.api('/me').get()))).toEqual([
      'upstream_answer_refused',
      502,
    ]);
    const own = new Error('of the function');
    await expect(afterwards(() => Promise.reject(own))).rejects.toBe(own);
  });

  it('after its token was replaced is a problem as before it', async () => {
    const challenge = `WWW-Authenticate: Bearer error="insufficient_claims", claims="${btoa('{"access_token":{}}')}"`;
    const answers = [rawAnswer('{}', [json, challenge], '401 Unauthorized'), 'HTTP/1.1 200 OK\r\nContent-Le'];
    upstream.respondWith((socket) => socket.write(answers.shift() ?? ''));
    expect(await problemOf(startClient(200).use((client) => client.api('/me').post({})))).toEqual([
      'upstream_timeout',
      504,
    ]);
    expect(upstream.requests).toHaveLength(2);
  });
});

describe('refuses', () => {
  it.each<[string, (token: string) => string | Buffer]>([
    ['text', (token) => rawAnswer(`Bearer ${token}`, ['Content-Type: text/plain'])],
    ['XML', (token) => rawAnswer(`<a>Bearer ${token}</a>`, ['Content-Type: application/xml'])],
    ['a file', (token) => rawAnswer(`\0${token}`, ['Content-Type: application/octet-stream'])],
    ['a header', (token) => rawAnswer('{}', [json, `X-Echo: Bearer ${token}`])],
    ['a header without a body', (token) => `HTTP/1.1 204 No Content\r\nX-Echo: ${token}\r\n\r\n`],
  ])('the token of the call in %s', { tags: ['PX-16'] }, async (_where, answerWith) => {
    const accessToken = 'eyJhbGciOiJub25lIn0.e30.dGhpc0lzVGhlU2lnbmF0dXJlT2ZUaGVUb2tlbg';
    upstream.respondWith((socket) => socket.write(answerWith(accessToken)));
    const { use, logged } = startClient(5_000, { accessToken });
    expect(await problemOf(use((client) => client.api('/me').get()))).toEqual([
      'upstream_answer_refused',
      502,
    ]);
    expect(logged).toContain('token-returned');
  });

  it.each<[string, string | Buffer, readonly [string, number]]>([
    [
      'a redirect',
      'HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n',
      ['upstream_answer_refused', 502],
    ],
    ['compression', rawAnswer('{}', [json, 'Content-Encoding: gzip']), ['upstream_answer_refused', 502]],
    [
      'an answer over the limit',
      'HTTP/1.1 200 OK\r\nContent-Length: 1025\r\n\r\n',
      ['upstream_answer_refused', 502],
    ],
    ['no answer', 'HTTP/1.1 200 OK\r\nContent-Le', ['upstream_timeout', 504]],
    [
      'an error of Graph that nobody caught',
      rawAnswer('{"error":{"code":"x","message":"m"}}', [json], '404 Not Found'),
      ['upstream_answer_refused', 502],
    ],
    [
      'an error of Graph’s that is called like ours',
      rawAnswer('{"error":{"code":"upstream_timeout","message":"m"}}', [json], '404 Not Found'),
      ['upstream_answer_refused', 502],
    ],
  ])('%s', async (_what, answer, problem) => {
    upstream.respondWith((socket) => socket.write(answer));
    expect(await problemOf(startClient(200).use((client) => client.api('/me').post({})))).toEqual(problem);
    expect(upstream.requests).toHaveLength(1);
  });

  it('no free connection: nothing was sent, and it may be made again', { tags: ['PX-18'] }, async () => {
    const sender = createHttpSender(undefined, { connections: 0, idle: 0 });
    const { use } = startClient(40, { sendHttp: sender });
    const failure = use((client) => client.api('/me').post({}));
    await expect(failure).rejects.toMatchObject({ code: 'rate_limited', status: 429, retryAfterSeconds: 1 });
    expect(upstream.requests).toHaveLength(0);
  });
});
