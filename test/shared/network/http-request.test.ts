import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { getCACertificates, setDefaultCACertificates, TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type Borrower,
  createHttpSender,
  HttpFailure,
  type HttpRequest,
  type SendHttp,
} from '../../../src/shared/network/http-request.ts';
import { createCertificate } from '../../support/certificate.ts';
import {
  type RawUpstream,
  rawAnswer,
  rawChunkedAnswer,
  startRawUpstream,
} from '../../support/raw-upstream.ts';

const maxResponseBytes = 1024 * 1024;
let upstream: RawUpstream;

beforeAll(async () => {
  upstream = await startRawUpstream();
});
afterAll(() => upstream.close());

afterEach(() => {
  upstream.requests.length = 0;
});

/** A new sender has no connections of an earlier test. */
function get(request: Partial<HttpRequest> = {}, sender = createHttpSender()) {
  return sender({
    method: 'GET',
    origin: upstream.origin,
    path: '/',
    headers: {},
    borrower: { kind: 'one call' },
    deadlineMs: 10_000,
    maxResponseBytes,
    ...request,
  });
}

async function failureOf(answer: Promise<unknown>): Promise<HttpFailure> {
  const error: unknown = await answer.then(
    () => 'an answer',
    (thrown: unknown) => thrown,
  );
  if (error instanceof HttpFailure) return error;
  throw new Error(`no failure but ${String(error)}`);
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('an upstream at an IPv6 address', () => {
  const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
    list?.some(({ address }) => address === '::1'),
  );

  it.skipIf(!hasIpv6)('is called, with its address in brackets as host name', async () => {
    const hosts: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      hosts.push(request.headers.host);
      response.end('there');
    });
    server.listen(0, '::1');
    await once(server, 'listening');
    const address = server.address();
    const origin = `http://[::1]:${typeof address === 'object' ? address?.port : ''}`;
    expect((await get({ origin })).body.toString()).toBe('there');
    expect(hosts).toEqual([new URL(origin).host]);
    server.closeAllConnections();
    server.close();
  });
});

describe('a body', () => {
  const sizes = [0, 1, 4095, 4096, 4097, 65_535, 65_537, 300_001, maxResponseBytes];

  it.each(sizes)(
    'of %i bytes arrives intact, with a length and in chunks',
    { tags: ['PX-10'] },
    async (size) => {
      const body = randomBytes(size);
      upstream.respondWith((socket) => socket.write(rawAnswer(body)));
      expect(sha256((await get()).body)).toBe(sha256(body));
      const middle = Math.floor(size / 3);
      const chunks = [body.subarray(0, middle), body.subarray(middle)].filter(({ length }) => length > 0);
      upstream.respondWith((socket) => socket.write(rawChunkedAnswer(chunks)));
      expect(sha256((await get()).body)).toBe(sha256(body));
    },
  );

  it('in a hundred thousand chunks of one byte takes no more memory than its bytes', {
    tags: ['DO-4'],
  }, async () => {
    const answer = rawChunkedAnswer(Array.from({ length: 100_000 }, () => 'x'));
    upstream.respondWith((socket) => socket.write(answer));
    const { body } = await get();
    expect(body.toString()).toBe('x'.repeat(100_000));
    expect(body.buffer.byteLength).toBe(100_000);
  });

  it('that arrives byte by byte is complete, because each byte restarts the idle limit', {
    tags: ['PX-10', 'G4'],
  }, async () => {
    const bytes = rawAnswer('0123456789');
    upstream.respondWith((socket) => writeSlowly(socket, bytes));
    const patient = createHttpSender({ connectMs: 1000, headMs: 5000, idleMs: 200 });
    expect((await get({}, patient)).body.toString()).toBe('0123456789');
  });
});

/** Sends one byte per turn of the event loop. */
function writeSlowly(socket: Socket, bytes: Buffer): void {
  let at = 0;
  const next = () => {
    if (socket.destroyed || at === bytes.length) return;
    socket.write(bytes.subarray(at, ++at), () => setImmediate(next));
  };
  next();
}

describe('an answer that is cut off', () => {
  it.each([
    ['an invalid chunk size', 'Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nzz\r\n'],
    ['an invalid end of a chunk', 'Transfer-Encoding: chunked\r\n\r\n2\r\n{}zz\r\n'],
  ])(
    'by %s is an incomplete answer, because its status has arrived',
    { tags: ['G5'] },
    async (_what, rest) => {
      upstream.respondWith((socket) => socket.write(`HTTP/1.1 200 OK\r\n${rest}`));
      expect(await failureOf(get())).toMatchObject({ kind: 'broken', noBytesReceived: false });
    },
  );

  const body = 'a body of thirty-two characters.';
  const framings = {
    'with a length': rawAnswer(body),
    'in chunks': rawChunkedAnswer([body.slice(0, 9), body.slice(9)]),
  };

  for (const [framing, bytes] of Object.entries(framings)) {
    const headBytes = bytes.indexOf('\r\n\r\n') + 4;
    it.each([
      ['in the head', headBytes - 7],
      ['after the head', headBytes],
      ['after a byte', headBytes + 1],
      ['before the last byte', bytes.length - 1],
    ])(
      `${framing}, %s, is a failure, and its connection is not reused`,
      { tags: ['G5'] },
      async (_where, length) => {
        const sender = createHttpSender();
        const before = upstream.connections.length;
        upstream.respondWith((socket) => socket.end(bytes.subarray(0, length)));
        expect(await failureOf(get({}, sender))).toMatchObject({
          kind: length < headBytes ? 'unreachable' : 'broken',
          noBytesReceived: false,
        });
        upstream.respondWith((socket) =>
          socket.write(bytes.subarray(0, length), () => socket.resetAndDestroy()),
        );
        // A reset may arrive before data that was sent earlier.
        expect(['broken', 'unreachable']).toContain((await failureOf(get({}, sender))).kind);
        upstream.respondWith((socket) => socket.write(rawAnswer('whole')));
        expect((await get({}, sender)).body.toString()).toBe('whole');
        expect(upstream.connections.length).toBe(before + 3);
      },
    );
  }

  it.each(['identity', 'gzip', 'gzip, chunked', 'chunked, chunked'])(
    'is a failure with the transfer encoding %s, even if it might be complete',
    { tags: ['G5', 'DO-4'] },
    async (encoding) => {
      upstream.respondWith((socket) => {
        socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: ${encoding}\r\n\r\n2\r\n{}\r\n0\r\n\r\n`);
      });
      expect(['broken', 'unreachable']).toContain((await failureOf(get())).kind);
    },
  );

  it('cannot be detected without a length, so an answer that ends with its connection is refused', {
    tags: ['G5'],
  }, async () => {
    upstream.respondWith((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nwhole?'));
    expect((await failureOf(get())).kind).toBe('broken');
  });
});

describe('refuses', () => {
  it('a body whose length is over the limit, before reading it', { tags: ['DO-4'] }, async () => {
    upstream.respondWith((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${maxResponseBytes + 1}\r\n\r\n`);
    });
    expect((await failureOf(get())).kind).toBe('too-large');
  });

  it('a chunked body over the limit, while reading it', { tags: ['DO-4'] }, async () => {
    const chunk = Buffer.alloc(64 * 1024);
    upstream.respondWith((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const more = () => {
        if (!socket.destroyed) socket.write('10000\r\n') && socket.write(chunk);
        if (!socket.destroyed) socket.write('\r\n', () => setImmediate(more));
      };
      more();
    });
    expect((await failureOf(get())).kind).toBe('too-large');
  });

  it.each([
    ['two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
    ['a length and chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'],
    ['an invalid length', 'Content-Length: 2a\r\n\r\n{}'],
    ['an invalid chunk size', 'Transfer-Encoding: chunked\r\n\r\nz\r\n{}\r\n0\r\n\r\n'],
    ['a header with NUL', 'X: a\0b\r\nContent-Length: 2\r\n\r\n{}'],
    ['a header with a bare CR', 'X: a\rb\r\nContent-Length: 2\r\n\r\n{}'],
  ])('an answer with %s', { tags: ['PX-9'] }, async (_what, rest) => {
    upstream.respondWith((socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`));
    const { kind, noBytesReceived } = await failureOf(get());
    expect(['broken', 'unreachable']).toContain(kind);
    expect(noBytesReceived).toBe(false);
  });
});

describe('a timeout that closes the connection', () => {
  const long = { connectMs: 30_000, headMs: 30_000, idleMs: 30_000 };
  /** Expects a timeout by the given limit. All other limits are longer than this may take. */
  const timeoutOf = async (limits: Partial<typeof long>, request: Partial<HttpRequest> = {}) => {
    const startedAtMs = performance.now();
    const sender = createHttpSender({ ...long, ...limits });
    const failure = await failureOf(get({ deadlineMs: 30_000, ...request }, sender));
    expect(performance.now() - startedAtMs).toBeLessThan(8_000);
    return failure;
  };
  afterEach(async () => {
    await expect.poll(() => upstream.connections.at(-1)?.destroyed).toBe(true);
  });

  it('ends the wait for a connection, with no bytes received', { tags: ['G4'] }, async () => {
    // TLS with a server that never responds: the connection is open, but the handshake does not end.
    upstream.respondWith(() => undefined);
    const origin = upstream.origin.replace('http:', 'https:');
    expect(await timeoutOf({ connectMs: 80 }, { origin })).toMatchObject({
      kind: 'timeout',
      noBytesReceived: true,
    });
  });

  it('ends the wait for the head', { tags: ['G4'] }, async () => {
    upstream.respondWith((socket) => socket.write('HTTP/1.1 200 '));
    expect(await timeoutOf({ headMs: 80 })).toMatchObject({ kind: 'timeout', noBytesReceived: false });
  });

  it('is not restarted by informational answers', { tags: ['G4'] }, async () => {
    upstream.respondWith((socket) => {
      const more = () => {
        if (!socket.destroyed) socket.write('HTTP/1.1 102 Processing\r\n\r\n', () => setTimeout(more, 10));
      };
      more();
    });
    expect((await timeoutOf({ headMs: 80 })).kind).toBe('timeout');
  });

  it('ends a body that stops', { tags: ['G4'] }, async () => {
    upstream.respondWith((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'));
    expect((await timeoutOf({ idleMs: 80 })).kind).toBe('timeout');
  });

  it('ends a slow endless body at the deadline', { tags: ['G4'] }, async () => {
    upstream.respondWith((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n');
      const more = () => {
        if (!socket.destroyed) socket.write('x', () => setTimeout(more, 10));
      };
      more();
    });
    expect((await timeoutOf({ idleMs: 200 }, { deadlineMs: 400 })).kind).toBe('timeout');
  });
});

describe('a reused connection', () => {
  it.each([
    ['an unrequested answer in the same packet', 0],
    ['a later unrequested answer', 20],
  ])('does not return %s', { tags: ['PX-17'] }, async (_what, laterMs) => {
    const sender = createHttpSender();
    const poison = rawAnswer('{"secret":"of another"}');
    let turn = 0;
    upstream.respondWith((socket, { head }) => {
      const own = rawAnswer(`{"path":"${head.split(' ')[1]}"}`);
      if (turn++ % 2 === 1) return void socket.write(own);
      if (laterMs === 0) return void socket.write(Buffer.concat([own, poison]));
      socket.write(own, () => setTimeout(() => socket.write(poison), laterMs));
    });
    for (let at = 0; at < 6; at++) {
      const before = upstream.connections.length;
      const { body } = await get({ path: `/${at}` }, sender);
      expect(JSON.parse(body.toString())).toEqual({ path: `/${at}` });
      // The unrequested answer has arrived. Its effect on the connection shows next.
      const poisoned = upstream.connections[before];
      if (at % 2 === 0) await expect.poll(() => poisoned?.destroyed ?? true).toBe(true);
    }
  });

  it('is closed if an answer has another request id, and accepts an answer without one', {
    tags: ['PX-17'],
  }, async () => {
    const correlation = { name: 'client-request-id', value: 'aaaa', whenMissing: 'matched' } as const;
    for (const [line, expected] of [
      ['Client-Request-Id: bbbb', 'mismatched'],
      ['Client-Request-Id: AAAA', 'answered'],
      ['Client-Request-Id: aaaa\r\nClient-Request-Id: aaaa', 'answered'],
      ['X: bbbb', 'answered'],
    ] as const) {
      const sender = createHttpSender();
      upstream.respondWith((socket) => socket.write(rawAnswer('{}', [line])));
      const outcome = await get({ correlation }, sender).then(
        () => 'answered',
        (error: unknown) => (error instanceof HttpFailure ? error.kind : error),
      );
      expect(outcome).toBe(expected);
      const isDropped = expected === 'mismatched';
      await expect.poll(() => upstream.connections.at(-1)?.destroyed).toBe(isDropped);
    }
  });

  it('refuses an answer without a required request id, except errors if no other session used the connection', {
    tags: ['PX-17'],
  }, async () => {
    const correlation = { name: 'client-request-id', value: 'aaaa', whenMissing: 'mismatched' } as const;
    const statusOf = (sender: SendHttp, borrower: Borrower) =>
      get({ correlation, borrower }, sender).then(
        ({ status }) => status,
        (error: unknown) => (error instanceof HttpFailure ? error.kind : error),
      );
    const respond = (status: string, line: string) =>
      upstream.respondWith((socket) => socket.write(rawAnswer('{}', [line], status)));
    for (const status of ['200 OK', '302 Found']) {
      respond(status, 'X: aaaa');
      expect(await statusOf(createHttpSender(), sessionOf('alice'))).toBe('mismatched');
    }
    for (const status of ['404 Not Found', '503 Service Unavailable']) {
      const sender = createHttpSender();
      respond(status, 'X: aaaa');
      expect(await statusOf(sender, sessionOf('alice'))).toBe(Number(status.slice(0, 3)));
      await expect.poll(() => upstream.connections.at(-1)?.destroyed).toBe(true);
      respond('200 OK', 'Client-Request-Id: aaaa');
      expect(await statusOf(sender, sessionOf('alice'))).toBe(200);
      const before = upstream.connections.length;
      const restingSinceMs = performance.now();
      await expect.poll(() => performance.now() - restingSinceMs).toBeGreaterThan(400);
      expect(await statusOf(sender, sessionOf('ben'))).toBe(200);
      expect(upstream.connections.length).toBe(before);
      respond(status, 'X: aaaa');
      // The same user, on a connection that has served another user before.
      expect(await statusOf(sender, sessionOf('ben'))).toBe('mismatched');
    }
  });

  it('is closed after an error without an id if ids are expected, and kept otherwise', async () => {
    for (const [whenMissing, isEnded] of [
      ['unsure', true],
      ['matched', false],
    ] as const) {
      const correlation = { name: 'client-request-id', value: 'aaaa', whenMissing };
      upstream.respondWith((socket) => socket.write(rawAnswer('{}', [], '404 Not Found')));
      expect((await get({ correlation })).status).toBe(404);
      await expect.poll(() => upstream.connections.at(-1)?.destroyed).toBe(isEnded);
    }
  });

  it.each([
    ['HTTP/1.1 204 No Content', 'Content-Length: 2'],
    ['HTTP/1.1 204 No Content', 'Transfer-Encoding: chunked'],
    ['HTTP/1.1 205 Reset Content', 'Content-Length: 2'],
    ['HTTP/1.1 205 Reset Content', 'Transfer-Encoding: chunked'],
    ['HTTP/1.1 304 Not Modified', 'Content-Length: 2'],
    ['HTTP/1.1 304 Not Modified', 'Transfer-Encoding: chunked'],
  ])('is closed after %s with a body: %s', { tags: ['PX-9', 'PX-17'] }, async (statusLine, line) => {
    upstream.respondWith((socket) => socket.write(`${statusLine}\r\n${line}\r\n\r\n`));
    const { status, body } = await get();
    expect([status, body.length]).toEqual([Number(statusLine.split(' ')[1]), 0]);
    await expect.poll(() => upstream.connections.at(-1)?.destroyed).toBe(true);
  });

  it('with an invalid answer fails otherwise than an upstream that cannot be reached', async () => {
    const sender = createHttpSender();
    const borrower = sessionOf('alice');
    upstream.respondWith((socket) => socket.write(rawAnswer('{}')));
    await get({ borrower }, sender);
    upstream.respondWith((socket) => socket.write('the rest of a body'));
    expect((await failureOf(get({ borrower }, sender))).kind).toBe('mismatched');
    expect((await failureOf(get({ borrower }, sender))).kind).toBe('unreachable');
  });

  it.each([
    ['a line break', '\r\n', '200 OK', '"own"'],
    ['a part of a status line', 'HTTP/1.1 20', undefined, 'mismatched'],
  ])(
    'does not treat %s after an answer as the next answer',
    { tags: ['PX-17'] },
    async (_what, piece, status, outcome) => {
      const sender = createHttpSender();
      const borrower = sessionOf('alice');
      upstream.respondWith((socket) => socket.write(Buffer.concat([rawAnswer('{}'), Buffer.from(piece)])));
      const before = upstream.connections.length;
      expect((await get({ borrower }, sender)).body.toString()).toBe('{}');
      upstream.respondWith((socket) =>
        socket.write(
          status === undefined ? '0 OK\r\nContent-Length: 2\r\n\r\n{}' : rawAnswer('"own"', [], status),
        ),
      );
      const second = get({ borrower }, sender).then(
        ({ body }) => body.toString(),
        (error: unknown) => (error instanceof HttpFailure ? error.kind : error),
      );
      expect(await second).toBe(outcome);
      expect(upstream.connections.length).toBe(before + 1);
    },
  );

  it('that was closed meanwhile fails with no bytes received, also with TLS', async () => {
    const { privateKeyPem: key, certificatePem: cert } = createCertificate({ subject: 'localhost' });
    const secure = await startRawUpstream({ key, cert });
    const trusted = getCACertificates();
    setDefaultCACertificates([...trusted, cert]);
    try {
      for (const server of [upstream, secure]) {
        const sender = createHttpSender();
        server.respondWith((socket) => socket.write(rawAnswer('{}')));
        await get({ origin: server.origin }, sender);
        server.respondWith((socket) => socket.destroy());
        expect(await failureOf(get({ origin: server.origin }, sender))).toMatchObject({
          kind: 'unreachable',
          noBytesReceived: true,
        });
      }
    } finally {
      setDefaultCACertificates(trusted);
      await secure.close();
    }
  });
});

const sessionOf = (name: string): Borrower => ({ kind: 'session', name });

describe('a connection that a session has used', () => {
  const connectionOf = async (sender: SendHttp, borrower: Borrower, origin = upstream.origin) => {
    const { body } = await get({ origin, borrower }, sender);
    return body.toString();
  };
  const showConnections = (server: RawUpstream) =>
    server.respondWith((socket) => socket.write(rawAnswer(String(socket.remotePort))));

  it('can be reused at once by the same session only', { tags: ['PX-17'] }, async () => {
    const sender = createHttpSender();
    showConnections(upstream);
    const first = await connectionOf(sender, sessionOf('alice'));
    expect(await connectionOf(sender, sessionOf('alice'))).toBe(first);
    const others = await Promise.all([
      connectionOf(sender, sessionOf('ben')),
      connectionOf(sender, { kind: 'one call' }),
      connectionOf(sender, { kind: 'one call' }),
    ]);
    expect(new Set([first, ...others]).size).toBe(4);
  });

  it('can be used by another session after a silence, which TLS tickets do not interrupt', {
    tags: ['PX-17'],
  }, async () => {
    const { privateKeyPem: key, certificatePem: cert } = createCertificate({ subject: 'localhost' });
    const secure = await startRawUpstream({ key, cert });
    const trusted = getCACertificates();
    setDefaultCACertificates([...trusted, cert]);
    try {
      for (const server of [upstream, secure]) {
        showConnections(server);
        const sender = createHttpSender();
        const first = await connectionOf(sender, sessionOf('alice'), server.origin);
        const startedMs = performance.now();
        const seen = new Set([first]);
        await expect
          .poll(
            async () => {
              const used = await connectionOf(sender, { kind: 'one call' }, server.origin);
              const isKnown = seen.has(used);
              seen.add(used);
              return isKnown;
            },
            { interval: 10 },
          )
          .toBe(true);
        expect(performance.now() - startedMs).toBeGreaterThanOrEqual(250);
      }
    } finally {
      setDefaultCACertificates(trusted);
      await secure.close();
    }
  });

  it('leaves its TLS session to the next connection', async () => {
    const { privateKeyPem: key, certificatePem: cert } = createCertificate({ subject: 'localhost' });
    const secure = await startRawUpstream({ key, cert });
    const trusted = getCACertificates();
    setDefaultCACertificates([...trusted, cert]);
    try {
      const sender = createHttpSender();
      await get({ origin: secure.origin }, sender);
      await get({ origin: secure.origin, isOnNewConnection: true }, sender);
      const isResumed = secure.connections.map(
        (socket) => socket instanceof TLSSocket && socket.isSessionReused(),
      );
      expect(isResumed).toEqual([false, true]);
    } finally {
      setDefaultCACertificates(trusted);
      await secure.close();
    }
  });

  it('is not used if a new one is requested', async () => {
    const sender = createHttpSender();
    showConnections(upstream);
    const borrower = sessionOf('alice');
    const first = await connectionOf(sender, borrower);
    const { body } = await get({ borrower, isOnNewConnection: true }, sender);
    expect(body.toString()).not.toBe(first);
  });

  it('is closed by an unrequested byte, even after its answer waited for memory', {
    tags: ['PX-17'],
  }, async () => {
    const large = randomBytes(100_000);
    const sender = createHttpSender();
    const room = Promise.withResolvers<void>();
    let isSent = false;
    upstream.respondWith((socket) => {
      socket.write(rawAnswer(large), () => {
        isSent = true;
        room.resolve();
      });
    });
    const borrower = sessionOf('alice');
    expect((await get({ borrower, reserveBytes: () => room.promise }, sender)).body).toHaveLength(
      large.length,
    );
    expect(isSent).toBe(true);
    const connection = upstream.connections.at(-1);
    expect(connection?.destroyed).toBe(false);
    connection?.write('x');
    await expect.poll(() => connection?.destroyed).toBe(true);
  });
});

describe('requests beyond the limit of connections', () => {
  const limits = { connectMs: 5_000, headMs: 5_000, idleMs: 5_000 };
  const few = { connections: 2, idle: 2 };

  it('wait in a queue, each for the end of another, for any session', { tags: ['DO-3'] }, async () => {
    const sender = createHttpSender(limits, few);
    const answers: (() => void)[] = [];
    let most = 0;
    upstream.respondWith((socket, { head }) => {
      answers.push(() => socket.write(rawAnswer(head.split(' ')[1] ?? '')));
      most = Math.max(most, answers.length);
    });
    const calls = Array.from({ length: 7 }, (_, at) =>
      get({ path: `/${at}`, borrower: at % 2 === 0 ? sessionOf('alice') : { kind: 'one call' } }, sender),
    );
    for (let at = 0; at < 7; at++) {
      await expect.poll(() => answers.length).toBeGreaterThan(0);
      answers.shift()?.();
      await calls[at];
    }
    const bodies = await Promise.all(calls.map(async (call) => (await call).body.toString()));
    expect(bodies).toEqual(['/0', '/1', '/2', '/3', '/4', '/5', '/6']);
    expect(most).toBe(2);
  });

  it('replace an idle connection that no other session may use yet', async () => {
    const sender = createHttpSender(limits, few);
    upstream.respondWith((socket) => socket.write(rawAnswer('{}')));
    const before = upstream.connections.length;
    for (let at = 0; at < 10; at++) expect((await get({}, sender)).status).toBe(200);
    const open = () => upstream.connections.slice(before).filter(({ destroyed }) => !destroyed);
    expect(upstream.connections.length).toBeGreaterThan(before + 2);
    await expect.poll(() => open().length).toBeLessThanOrEqual(2);
  });

  it('fail if no connection becomes free, and leave the queue', async () => {
    const sender = createHttpSender({ ...limits, connectMs: 40 }, { connections: 1, idle: 1 });
    let answer: (() => void) | undefined;
    upstream.respondWith((socket) => {
      answer = () => socket.write(rawAnswer('{}'));
    });
    const first = get({}, sender);
    await expect.poll(() => answer).toBeDefined();
    expect(await failureOf(get({}, sender))).toMatchObject({ kind: 'no-connection', noBytesReceived: true });
    answer?.();
    expect((await first).status).toBe(200);
    upstream.respondWith((socket) => socket.write(rawAnswer('{}')));
    expect((await get({}, sender)).status).toBe(200);
  });

  /** Repeated, because on a busy machine the short timeouts also end a request that would succeed. */
  const seeSuccess = (sender: SendHttp) =>
    vi.waitFor(async () => expect((await get({}, sender)).status).toBe(200), { timeout: 10_000 });

  it('get the connection of a request that failed in any way', async () => {
    const sender = createHttpSender(
      { connectMs: 1_000, headMs: 60, idleMs: 60 },
      { connections: 1, idle: 1 },
    );
    const failing: ((socket: Socket) => void)[] = [
      (socket) => void socket.destroy(),
      (socket) => void socket.write('no answer\r\n\r\n'),
      () => undefined,
      (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
      (socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\n'),
      (socket) =>
        void socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    ];
    for (const fail of failing) {
      upstream.respondWith(fail);
      const failed = [failureOf(get({}, sender)), failureOf(get({ deadlineMs: 900 }, sender))];
      await Promise.all(failed);
      upstream.respondWith((socket) => socket.write(rawAnswer('{}')));
      await seeSuccess(sender);
    }
    await failureOf(get({ headers: { x: '\u0141' } }, sender));
    await seeSuccess(sender);
  });
});

describe('an answer before the end of its request', () => {
  /** Answers after the head, without reading the body. */
  async function startDeafServer(headers: string) {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.pause();
        socket.write(`HTTP/1.1 401 Unauthorized\r\n${headers}content-length: 2\r\n\r\nno`);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return {
      origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
      close() {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    };
  }

  it.each([
    ['that keeps connections', ''],
    ['that closes them', 'connection: close\r\n'],
  ])('of a server %s is passed on and frees its connection', { tags: ['DO-3'] }, async (_which, headers) => {
    const server = await startDeafServer(headers);
    const sender = createHttpSender(
      { connectMs: 1_000, headMs: 5_000, idleMs: 5_000 },
      { connections: 2, idle: 2 },
    );
    // More than the buffers of both ends can hold.
    const body = Buffer.alloc(16 * 1024 * 1024);
    for (let at = 0; at < 5; at++) {
      const answer = await get({ method: 'POST', origin: server.origin, body }, sender);
      expect([answer.status, answer.body.toString()]).toEqual([401, 'no']);
    }
    server.close();
  });
});

describe('a polluted Object.prototype', () => {
  /** Names of options that node:http reads. */
  const pollution: Readonly<Record<string, (evil: RawUpstream) => unknown>> = {
    host: () => '127.0.0.1',
    hostname: () => '127.0.0.1',
    port: ({ origin }) => new URL(origin).port,
    defaultPort: ({ origin }) => new URL(origin).port,
    socketPath: () => '/tmp/evil.sock',
    path: () => '/evil',
    method: () => 'DELETE',
    auth: () => 'evil:evil',
    agent: () => false,
    localAddress: () => '127.0.0.2',
    headers: () => ({ 'x-evil': '1' }),
  };

  it.each(Object.keys(pollution))(
    'changes neither the host nor the bytes of a request: %s',
    {
      tags: ['SU-3'],
    },
    async (name) => {
      const evil = await startRawUpstream();
      evil.respondWith((socket) => socket.write(rawAnswer('"evil"')));
      upstream.respondWith((socket) => socket.write(rawAnswer('{}')));
      const clean = await get();
      const value = pollution[name]?.(evil);
      let answer: Awaited<ReturnType<SendHttp>> | undefined;
      try {
        Object.defineProperty(Object.prototype, name, {
          value,
          configurable: true,
          writable: true,
          enumerable: true,
        });
        answer = await get();
      } finally {
        Reflect.deleteProperty(Object.prototype, name);
        await evil.close();
      }
      expect(answer.body).toEqual(clean.body);
      expect(evil.requests).toEqual([]);
      expect(upstream.requests).toHaveLength(2);
      expect(upstream.requests[1]).toEqual(upstream.requests[0]);
    },
  );
});

describe('a request that cannot be sent', () => {
  it.each<[string, Partial<HttpRequest>]>([
    ['a character outside Latin-1', { headers: { authorization: 'Bearer \u0141' } }],
    ['a line break', { headers: { authorization: 'Bearer a\r\nHost: evil.test' } }],
    ['an invalid header name', { headers: { 'a b': 'x' } }],
    ['a space in the path', { path: '/a b' }],
    ['an invalid method', { method: 'GET /' }],
    ['port 0', { origin: 'http://127.0.0.1:0' }],
  ])('fails at once without leaving a timer: %s', async (_what, request) => {
    const before = upstream.requests.length;
    const active = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const timers = active();
    const sender = createHttpSender({ connectMs: 1_000_000, headMs: 1_000_000, idleMs: 1_000_000 });
    const { kind, noBytesReceived } = await failureOf(get(request, sender));
    expect([kind, noBytesReceived]).toEqual([
      request.origin === undefined ? 'unsendable' : 'unreachable',
      true,
    ]);
    expect(active()).toBeLessThanOrEqual(timers);
    expect(upstream.requests).toHaveLength(before);
  });
});

describe('memory for a large body', () => {
  it.each<[string, () => Promise<void>]>([
    ['is refused', () => Promise.reject(new TypeError('no memory'))],
    [
      'fails at once',
      () => {
        throw new TypeError('no memory');
      },
    ],
  ])('ends the request and its connection if the reservation %s', async (_how, reserveBytes) => {
    upstream.respondWith((socket) => socket.write(rawAnswer(Buffer.alloc(100_000))));
    await expect(get({ reserveBytes })).rejects.toThrow();
    await expect.poll(() => upstream.connections.at(-1)?.destroyed).toBe(true);
  });

  const large = randomBytes(300_000);

  it.each([
    ['the length in total', rawAnswer(large), large.length],
    ['at most the limit if there is no length', rawChunkedAnswer([large]), maxResponseBytes],
  ])('is reserved in steps: %s', { tags: ['DO-4'] }, async (_what, answer, most) => {
    const asked: (readonly [bytes: number, restBytes: number])[] = [];
    upstream.respondWith((socket) => socket.write(answer));
    const reserveBytes = async (...step: readonly [number, number]) => void asked.push(step);
    expect(sha256((await get({ reserveBytes })).body)).toBe(sha256(large));
    let taken = 0;
    for (const [bytes, restBytes] of asked) {
      taken += bytes;
      expect(bytes + restBytes).toBe(most - taken + bytes);
      expect(bytes).toBeLessThan(512 * 1024);
    }
    expect(taken).toBeGreaterThanOrEqual(large.length);
    expect(taken).toBeLessThanOrEqual(most);
  });

  it('is reserved before reading if the length is known, otherwise when the body becomes large', async () => {
    for (const [answer, before] of [
      [rawAnswer(large), 0],
      [rawChunkedAnswer([large.subarray(0, 60_000), large]), 60_000],
    ] as const) {
      let waits = 0;
      upstream.respondWith((socket) => socket.write(answer));
      const reserveBytes = (bytes: number) => {
        waits++;
        expect(bytes).toBeGreaterThan(before);
        return new Promise<void>(() => undefined);
      };
      expect((await failureOf(get({ reserveBytes, deadlineMs: 100 }))).kind).toBe('timeout');
      expect(waits).toBe(1);
    }
  });

  describe('that is held too long', () => {
    /** Sends some bytes quickly, then one every few milliseconds. */
    const dribble = (quick: number) =>
      upstream.respondWith((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${quick + 1_000}\r\n\r\n`);
        socket.write(Buffer.alloc(quick));
        const drip = setInterval(() => socket.write('x'), 5);
        socket.on('close', () => clearInterval(drip));
      });
    const sender = (idleMs = 100) => createHttpSender({ connectMs: 5000, headMs: 5000, idleMs });

    it('by a slow body causes a timeout long before the deadline', {
      tags: ['DO-3'],
    }, async () => {
      dribble(200_000);
      const startedAtMs = performance.now();
      const answer = get({ reserveBytes: async () => undefined }, sender());
      expect((await failureOf(answer)).kind).toBe('timeout');
      expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    });

    it('does not include the time of waiting for memory', async () => {
      upstream.respondWith((socket) => socket.write(rawAnswer(large)));
      const reserveBytes = () => new Promise<void>((resolve) => void setTimeout(resolve, 700));
      expect((await get({ reserveBytes }, sender(500))).body).toHaveLength(large.length);
    });

    it('does not apply to a small body', async () => {
      upstream.respondWith((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n');
        let left = 60;
        const drip = setInterval(() => {
          socket.write('x');
          if (--left === 0) clearInterval(drip);
        }, 15);
      });
      // The whole body takes longer than a large one may take for its next bytes.
      expect((await get({ reserveBytes: async () => undefined }, sender(500))).body).toHaveLength(60);
    });
  });

  it('is not reserved for a small body', async () => {
    const reserveBytes = () => Promise.reject(new Error('asked'));
    upstream.respondWith((socket) => socket.write(rawChunkedAnswer(['x'.repeat(60_000)])));
    expect((await get({ reserveBytes })).body).toHaveLength(60_000);
  });

  it('is awaited without reading the body, beyond the idle limit, until the deadline', async () => {
    const sender = createHttpSender({ connectMs: 1000, headMs: 1000, idleMs: 30 });
    let isWritten = false;
    const huge = Buffer.alloc(200_000_000);
    upstream.respondWith((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${huge.length}\r\n\r\n`);
      socket.write(huge, () => {
        isWritten = true;
      });
    });
    const options = { reserveBytes: () => new Promise<void>(() => undefined), maxResponseBytes: huge.length };
    const startedAtMs = performance.now();
    expect((await failureOf(get({ ...options, deadlineMs: 200 }, sender))).kind).toBe('timeout');
    expect(performance.now() - startedAtMs).toBeGreaterThan(150);
    expect(isWritten).toBe(false);
  });
});
