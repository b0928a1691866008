import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProxyWorld, startProxyWorld } from '../support/proxy-world.ts';
import { rawAnswer } from '../support/raw-upstream.ts';
import { sendWire } from '../support/user-agent.ts';

let proxy: ProxyWorld;
let cookies: Record<string, string>;

beforeAll(async () => {
  proxy = await startProxyWorld();
  cookies = { alice: await proxy.cookieOf('alice'), ben: await proxy.cookieOf('ben') };
});
afterAll(() => proxy.close());

/** Returns the call's request id as Graph does. */
const echoIn = (head: string) => /^client-request-id: .*$/im.exec(head)?.[0] ?? '';

/** The user of the access token, as the upstream would identify them. */
const userOf = (head: string): unknown => {
  const payload = /Bearer [^.]+\.([^.]+)\./.exec(head)?.[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString()).oid;
};

describe('refuses to return an answer of another user', () => {
  it.each([
    ['together with the first', 0],
    ['immediately after it', 1],
    ['later', 5],
  ])(
    'if the upstream sends a second answer %s on a reused connection',
    { tags: ['PX-17'] },
    async (_when, turns) => {
      proxy.upstream.respondWith((socket, { head }) => {
        const answer = rawAnswer(JSON.stringify({ owner: userOf(head) }), [
          'Content-Type: application/json',
          echoIn(head),
        ]);
        if (turns === 0) return void socket.write(Buffer.concat([answer, answer]));
        socket.write(answer);
        let left = turns;
        const later = () => {
          left--;
          if (left === 0) socket.write(answer);
          else setImmediate(later);
        };
        setImmediate(later);
      });
      const ask = async (user: string) => {
        const headers = { cookie: cookies[user] ?? '', 'x-csrf': '1' };
        const { status, body } = await sendWire(proxy.worker.origin, '/api/graph/v1.0/me', { headers });
        // A call may fail on such a connection. It must not get the other answer.
        return { status, owner: JSON.parse(body).owner };
      };
      const usersSeen: Record<string, Set<unknown>> = { alice: new Set(), ben: new Set() };
      let served = 0;
      for (let round = 0; round < 40; round++) {
        await Promise.all(
          ['alice', 'ben', 'alice', 'ben'].map(async (user) => {
            const { status, owner } = await ask(user);
            if (status !== 200) return expect(status).toBe(502);
            served++;
            usersSeen[user]?.add(owner);
          }),
        );
      }
      expect([usersSeen['alice']?.size, usersSeen['ben']?.size]).toEqual([1, 1]);
      expect(usersSeen['alice']).not.toEqual(usersSeen['ben']);
      expect(served).toBeGreaterThan(40);
    },
  );

  it.each([
    ['200', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n', '{}'],
    ['204 with a length', 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n', ''],
    ['205', 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n', ''],
    ['304', 'HTTP/1.1 304 Not Modified\r\n', ''],
  ])(
    'if an additional answer without an id arrives 3 ms after a %s',
    { tags: ['PX-17'] },
    async (_form, head, body) => {
      const late = rawAnswer('{"owner":"alice"}', ['Content-Type: application/json']);
      for (let round = 0; round < 10; round++) {
        proxy.upstream.respondWith((socket) => {
          socket.write(`${head}${'\r\n'}${body}`);
          setTimeout(() => socket.write(late), 3);
        });
        const headers = (user: string) => ({ cookie: cookies[user] ?? '', 'x-csrf': '1' });
        await sendWire(proxy.worker.origin, '/api/graph/v1.0/me', { headers: headers('alice') });
        proxy.upstream.respondWith((socket) => {
          setTimeout(
            () => socket.write(rawAnswer('{"owner":"ben"}', ['Content-Type: application/json'])),
            20,
          );
        });
        const answer = await sendWire(proxy.worker.origin, '/api/graph/v1.0/me', { headers: headers('ben') });
        expect([answer.status, answer.body]).toEqual([200, '{"owner":"ben"}']);
      }
    },
  );

  it.each(['no-uuid', undefined])(
    'if the upstream is one answer ahead and the request id of the caller is %j',
    { tags: ['PX-17'] },
    async (id) => {
      let before: Buffer | undefined;
      let turn = 0;
      proxy.upstream.respondWith((socket, { head }) => {
        const own = rawAnswer(JSON.stringify({ owner: userOf(head) }), [
          'Content-Type: application/json',
          echoIn(head),
        ]);
        socket.write(before ?? own);
        // It stays one answer ahead when the call is repeated.
        if (turn++ === 0) before = own;
      });
      const ask = (user: string) =>
        sendWire(proxy.worker.origin, '/api/graph/v1.0/me', {
          headers: {
            cookie: cookies[user] ?? '',
            'x-csrf': '1',
            ...(id === undefined ? {} : { 'client-request-id': id }),
          },
        });
      expect((await ask('alice')).status).toBe(200);
      for (let round = 0; round < 10; round++) {
        const ben = await ask('ben');
        expect([ben.status, JSON.parse(ben.body).code]).toEqual([502, 'upstream_answer_refused']);
      }
    },
  );

  it('and repeats a read once after a mismatched response, but not a write', {
    tags: ['PX-17', 'PX-18'],
  }, async () => {
    const foreign = 'client-request-id: 00000000-0000-4000-8000-000000000000';
    for (const method of ['GET', 'POST']) {
      proxy.upstream.requests.length = 0;
      let isFirst = true;
      proxy.upstream.respondWith((socket, { head }) => {
        socket.write(rawAnswer('{}', isFirst ? [foreign] : [echoIn(head)]));
        isFirst = false;
      });
      const answer = await proxy.call('/things/t1', {
        method,
        ...(method === 'GET' ? {} : { body: '{}' }),
        headers: method === 'GET' ? {} : { 'content-length': '2', 'content-type': 'application/json' },
      });
      expect([answer.status, proxy.upstream.requests.length]).toEqual(method === 'GET' ? [200, 2] : [502, 1]);
    }
  });
});

describe('an upstream that returns no request ids', () => {
  it('is accepted, with one warning per minute', async () => {
    proxy.upstream.respondWith((socket) => socket.write(rawAnswer('{}')));
    proxy.world.pass(61);
    proxy.worker.logLines.length = 0;
    for (let at = 0; at < 3; at++) expect((await proxy.call('/things/t1')).status).toBe(200);
    const warnings = proxy.worker.logLines.filter((line) =>
      line.includes('upstream-responses-without-request-id'),
    );
    expect(warnings).toHaveLength(1);
  });

  it('is refused if the setting requires request ids, except for its errors', async () => {
    const strict = await proxy.startWorker({ GRAPH_REQUEST_ID_CHECK: 'require' });
    proxy.upstream.respondWith((socket) => socket.write(rawAnswer('{}')));
    const refused = await proxy.call('/things/t1', {}, strict);
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([502, 'upstream_answer_refused']);
    proxy.upstream.respondWith((socket) => socket.write(rawAnswer('{}', [], '503 Service Unavailable')));
    for (let at = 0; at < 3; at++) expect((await proxy.call('/things/t1', {}, strict)).status).toBe(503);
  });
});
