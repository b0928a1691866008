import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ProxyWorld, startProxyWorld } from '../support/proxy-world.ts';
import { rawAnswer, rawChunkedAnswer } from '../support/raw-upstream.ts';
import type { WireAnswer } from '../support/user-agent.ts';

const limit = 1024 * 1024;
let proxy: ProxyWorld;
let cookie: string;

beforeAll(async () => {
  proxy = await startProxyWorld(limit);
  cookie = await proxy.cookieOf('alice');
});
afterAll(() => proxy.close());

afterEach(() => {
  proxy.upstream.requests.length = 0;
});

const sha256 = (bytes: Uint8Array | undefined) =>
  createHash('sha256')
    .update(bytes ?? 'nothing')
    .digest('hex');

/** Responds with a picture, as Graph does for photos and attachments. */
const picture = (body: Buffer, head: readonly string[] = [], status = '200 OK') =>
  rawAnswer(body, ['Content-Type: image/jpeg', 'ETag: "p1"', ...head], status);

describe('a binary body', () => {
  it.each([0, 1, 65_535, 65_536, 65_537, 500_000, limit])(
    'of %i bytes arrives intact, in request and response',
    { tags: ['PX-10'] },
    async (size) => {
      const [up, down] = [randomBytes(size), randomBytes(size)];
      for (const answer of [picture(down), rawChunkedAnswer(size === 0 ? [] : [down])]) {
        proxy.upstream.respondWith((socket) => socket.write(answer));
        const { status, bytes } = await proxy.call('/photo/$value', {
          method: 'PUT',
          body: up,
          headers: { 'content-type': 'image/jpeg', 'content-length': String(size) },
        });
        expect([status, sha256(bytes)]).toEqual([200, sha256(down)]);
        expect(sha256(proxy.upstream.requests.at(-1)?.body)).toBe(sha256(up));
      }
    },
  );

  it('with all 256 byte values arrives intact', async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    proxy.upstream.respondWith((socket) => socket.write(picture(all)));
    expect((await proxy.call('/photo/$value')).bytes).toEqual(all);
  });

  it('that is sent slowly arrives intact, in request and response', { tags: ['PX-10'] }, async () => {
    const [up, down] = [randomBytes(2_000), randomBytes(2_000)];
    proxy.upstream.respondWith((socket) => drip(socket, picture(down)));
    const received = await new Promise<Buffer>((resolve, reject) => {
      const sent = httpRequest(
        `${proxy.worker.origin}/api/graph/v1.0/me/photo/$value`,
        {
          method: 'PUT',
          headers: { cookie, 'x-csrf': '1', 'content-type': 'image/jpeg', 'content-length': up.length },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => resolve(Buffer.concat(chunks)));
        },
      );
      sent.on('error', reject);
      let at = 0;
      const next = () => {
        if (at === up.length) return void sent.end();
        sent.write(up.subarray(at, at + 20), () => setImmediate(next));
        at += 20;
      };
      next();
    });
    expect(sha256(received)).toBe(sha256(down));
    expect(sha256(proxy.upstream.requests.at(-1)?.body)).toBe(sha256(up));
  });
});

/** Sends twenty bytes per turn of the event loop. */
function drip(socket: Socket, bytes: Buffer): void {
  let at = 0;
  const next = () => {
    if (socket.destroyed || at >= bytes.length) return;
    socket.write(bytes.subarray(at, at + 20), () => setImmediate(next));
    at += 20;
  };
  next();
}

describe('a call with a range or a condition', () => {
  const lineOf = (name: string) =>
    proxy.upstream.requests
      .at(-1)
      ?.head.split('\r\n')
      .find((line) => line.startsWith(`${name}: `));

  it('gets 206 and Content-Range for a range', async () => {
    const head = ['Content-Range: bytes 2-5/10', 'Accept-Ranges: bytes'];
    proxy.upstream.respondWith((socket) =>
      socket.write(picture(Buffer.from('2345'), head, '206 Partial Content')),
    );
    const { status, body, headers } = await proxy.call('/photo/$value', { headers: { range: 'bytes=2-5' } });
    expect(lineOf('range')).toBe('range: bytes=2-5');
    expect([status, body, headers['content-range'], headers['accept-ranges']]).toEqual([
      206,
      '2345',
      'bytes 2-5/10',
      'bytes',
    ]);
  });

  it('gets 416 and the size for a range outside the file', async () => {
    const head = ['Content-Range: bytes */10'];
    proxy.upstream.respondWith((socket) => socket.write(rawAnswer('', head, '416 Range Not Satisfiable')));
    const { status, headers } = await proxy.call('/photo/$value', { headers: { range: 'bytes=20-' } });
    expect([status, headers['content-range']]).toEqual([416, 'bytes */10']);
  });

  it('gets 304 with the ETag, even if the response states the length of the omitted body', async () => {
    proxy.upstream.respondWith((socket) => {
      socket.write(
        'HTTP/1.1 304 Not Modified\r\nETag: "p1"\r\nContent-Type: image/jpeg\r\nContent-Length: 99999999\r\n\r\n',
      );
    });
    const { status, bytes, headers } = await proxy.call('/photo/$value', {
      headers: { 'if-none-match': '"p1"' },
    });
    expect(lineOf('if-none-match')).toBe('if-none-match: "p1"');
    expect([status, bytes.length, headers.etag]).toEqual([304, 0, '"p1"']);
  });

  it('gets 412 for a condition on a write', async () => {
    proxy.upstream.respondWith((socket) => socket.write(rawAnswer('{}', [], '412 Precondition Failed')));
    const headers = { 'if-match': 'W/"7"', 'content-length': '0' };
    expect((await proxy.call('/things/t1', { method: 'PATCH', headers })).status).toBe(412);
    expect(lineOf('if-match')).toBe('if-match: W/"7"');
  });

  it('gets type and ETag of the resource for HEAD', async () => {
    proxy.upstream.respondWith((socket) => {
      socket.write(
        'HTTP/1.1 200 OK\r\nETag: "p1"\r\nContent-Type: image/jpeg\r\nContent-Length: 99999999\r\n\r\n',
      );
    });
    const { status, bytes, headers } = await proxy.call('/photo/$value', { method: 'HEAD' });
    expect([status, bytes.length, headers.etag, headers['content-type']]).toEqual([
      200,
      0,
      '"p1"',
      'image/jpeg',
    ]);
  });
});

describe('an empty answer', () => {
  it.each([
    ['202 Accepted', 'Content-Length: 0\r\n'],
    ['204 No Content', ''],
    ['202 Accepted', 'Transfer-Encoding: chunked\r\n'],
  ])('has no content type, even if Graph sends one: %s', { tags: ['PX-13'] }, async (status, framing) => {
    const end = framing.includes('chunked') ? '0\r\n\r\n' : '';
    proxy.upstream.respondWith((socket) => {
      socket.write(`HTTP/1.1 ${status}\r\nContent-Type: application/json\r\n${framing}\r\n${end}`);
    });
    const answer = await proxy.call('/things/t1', {
      method: 'POST',
      body: '{}',
      headers: { 'content-length': '2', 'content-type': 'application/json' },
    });
    expect([answer.status, answer.bytes.length]).toEqual([Number(status.slice(0, 3)), 0]);
    // The Functions library adds its own type to an empty response, which is not JSON.
    expect(answer.headers['content-type'] ?? '').not.toContain('json');
  });
});

describe('an answer that breaks off', () => {
  const body = randomBytes(3_000);
  const framings = {
    'with a length': picture(body),
    'in chunks': rawChunkedAnswer([body.subarray(0, 7), body.subarray(7)]),
  };

  for (const [framing, bytes] of Object.entries(framings)) {
    const headBytes = bytes.indexOf('\r\n\r\n') + 4;
    it.each([
      ['after the head', headBytes],
      ['after a byte', headBytes + 1],
      ['before its last byte', bytes.length - 1],
    ])(
      `${framing}, %s, results in a 502, and its connection is not used again`,
      { tags: ['G5', 'PX-18'] },
      async (_where, length) => {
        const used: Socket[] = [];
        proxy.upstream.respondWith((socket) => {
          used.push(socket);
          socket.end(bytes.subarray(0, length));
        });
        const answer = await proxy.call('/photo/$value');
        expect([answer.status, JSON.parse(answer.body).code]).toEqual([502, 'upstream_answer_refused']);
        proxy.upstream.respondWith((socket) => {
          used.push(socket);
          socket.write(bytes);
        });
        expect(sha256((await proxy.call('/photo/$value')).bytes)).toBe(sha256(body));
        expect(new Set(used).size).toBe(2);
        expect(proxy.upstream.requests).toHaveLength(2);
      },
    );
  }

  it('cannot be detected without a length, so a body that ends with the connection is a 502', {
    tags: ['G5'],
  }, async () => {
    proxy.upstream.respondWith((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\nhalf'),
    );
    expect((await proxy.call('/photo/$value')).status).toBe(502);
  });
});

describe('an answer over the limit', () => {
  it.each<[string, Buffer]>([
    ['stated in its length', Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${limit + 1}\r\n\r\n`)],
    ['in chunks', rawChunkedAnswer([randomBytes(limit), 'x'])],
  ])('results in a 502: %s', { tags: ['DO-4'] }, async (_how, bytes) => {
    proxy.upstream.respondWith((socket) => socket.write(bytes));
    const answer = await proxy.call('/photo/$value');
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([502, 'upstream_answer_refused']);
  });
});

describe('a call that fails', () => {
  const send = (method: string, headers: Readonly<Record<string, string>> = {}): Promise<WireAnswer> =>
    proxy.call('/things/t1', {
      method,
      ...(method === 'GET' ? {} : { body: '{}' }),
      headers: {
        ...(method === 'GET' ? {} : { 'content-length': '2', 'content-type': 'application/json' }),
        ...headers,
      },
    });

  it('as a write is sent once, may have taken effect, and is identified by its request id', {
    tags: ['G3'],
  }, async () => {
    proxy.upstream.respondWith((socket) => socket.destroy());
    for (const own of [undefined, '6c6fb5ea-4bc1-4960-8a81-0c31ea150867']) {
      proxy.upstream.requests.length = 0;
      const { status, body, headers } = await send(
        'POST',
        own === undefined ? {} : { 'client-request-id': own },
      );
      const problem = JSON.parse(body);
      const sentId = /^client-request-id: (.*)$/m.exec(proxy.upstream.requests[0]?.head ?? '')?.[1]?.trim();
      expect([status, problem.code]).toEqual([502, 'upstream_unreachable']);
      expect(problem.detail).toContain('The call may have taken effect.');
      expect(sentId).toBe(own ?? problem.instance.replace('urn:uuid:', ''));
      expect(problem.client_request_id).toBe(sentId);
      expect(problem.error.innerError['client-request-id']).toBe(sentId);
      expect(headers['client-request-id']).toBe(sentId);
      expect(proxy.upstream.requests).toHaveLength(1);
    }
  });

  it('as a read on a closed connection is repeated once', {
    tags: ['G2'],
  }, async () => {
    proxy.upstream.respondWith((socket) => socket.write(rawAnswer('{}')));
    await send('GET');
    let isFirst = true;
    proxy.upstream.respondWith((socket) => {
      if (isFirst) socket.destroy();
      else socket.write(rawAnswer('{"again":true}'));
      isFirst = false;
    });
    proxy.upstream.requests.length = 0;
    const { status, body } = await send('GET');
    expect([status, body]).toEqual([200, '{"again":true}']);
    expect(proxy.upstream.requests).toHaveLength(2);
    expect(proxy.worker.logLines.at(-1)).toContain('upstream-called-again');
  });
});
