import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createHttpSender, HttpFailure, type HttpRequest } from '../../../src/shared/network/http-request.ts';
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

/** A sender of its own has no connection left from the test before. */
function get(request: Partial<HttpRequest> = {}, sender = createHttpSender()) {
  return sender({
    method: 'GET',
    origin: upstream.origin,
    path: '/',
    headers: {},
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

describe('a body', () => {
  const sizes = [0, 1, 4095, 4096, 4097, 65_535, 65_537, 300_001, maxResponseBytes];

  it.each(sizes)('of %i bytes arrives bit for bit, with a length and in chunks (PX-10)', async (size) => {
    const body = randomBytes(size);
    upstream.respondWith((socket) => socket.write(rawAnswer(body)));
    expect(sha256((await get()).body)).toBe(sha256(body));
    const middle = Math.floor(size / 3);
    const chunks = [body.subarray(0, middle), body.subarray(middle)].filter(({ length }) => length > 0);
    upstream.respondWith((socket) => socket.write(rawChunkedAnswer(chunks)));
    expect(sha256((await get()).body)).toBe(sha256(body));
  });

  it('in a hundred thousand chunks of a byte takes no more memory than its bytes (DO-4)', async () => {
    const answer = rawChunkedAnswer(Array.from({ length: 100_000 }, () => 'x'));
    upstream.respondWith((socket) => socket.write(answer));
    const { body } = await get();
    expect(body.toString()).toBe('x'.repeat(100_000));
    expect(body.buffer.byteLength).toBe(100_000);
  });

  it('that comes byte by byte is whole, and each byte gives it new time (PX-10, G4)', async () => {
    const bytes = rawAnswer('0123456789');
    upstream.respondWith((socket) => writeSlowly(socket, bytes));
    const patient = createHttpSender({ connectMs: 1000, headMs: 5000, idleMs: 200 });
    expect((await get({}, patient)).body.toString()).toBe('0123456789');
  });
});

/** One byte a turn of the event loop. */
function writeSlowly(socket: Socket, bytes: Buffer): void {
  let at = 0;
  const next = () => {
    if (socket.destroyed || at === bytes.length) return;
    socket.write(bytes.subarray(at, ++at), () => setImmediate(next));
  };
  next();
}

describe('an answer that is cut off', () => {
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
    ])(`${framing}, %s, is a failure, and its connection is not used again (G5)`, async (_where, length) => {
      const sender = createHttpSender();
      const before = upstream.connections.length;
      upstream.respondWith((socket) => socket.end(bytes.subarray(0, length)));
      expect(await failureOf(get({}, sender))).toMatchObject({
        kind: length < headBytes ? 'unreachable' : 'broken',
        isSilent: false,
      });
      upstream.respondWith((socket) =>
        socket.write(bytes.subarray(0, length), () => socket.resetAndDestroy()),
      );
      // A reset may overtake what was sent before it.
      expect(['broken', 'unreachable']).toContain((await failureOf(get({}, sender))).kind);
      upstream.respondWith((socket) => socket.write(rawAnswer('whole')));
      expect((await get({}, sender)).body.toString()).toBe('whole');
      expect(upstream.connections.length).toBe(before + 3);
    });
  }

  it.each(['identity', 'gzip', 'gzip, chunked', 'chunked, chunked'])(
    'or could be, with the transfer encoding %s, is a failure (G5, DO-4)',
    async (encoding) => {
      upstream.respondWith((socket) => {
        socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: ${encoding}\r\n\r\n2\r\n{}\r\n0\r\n\r\n`);
      });
      expect(['broken', 'unreachable']).toContain((await failureOf(get())).kind);
    },
  );

  it('and whose end is its connection’s is refused even when it is whole: nobody could tell (G5)', async () => {
    upstream.respondWith((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nwhole?'));
    expect((await failureOf(get())).kind).toBe('broken');
  });
});

describe('refuses', () => {
  it('a body over the limit by its length alone, before any of it is read (DO-4)', async () => {
    upstream.respondWith((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${maxResponseBytes + 1}\r\n\r\n`);
    });
    expect((await failureOf(get())).kind).toBe('too-large');
  });

  it('a body over the limit in chunks, counted as it is read (DO-4)', async () => {
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
    ['a length that is none', 'Content-Length: 2a\r\n\r\n{}'],
    ['a chunk size that is none', 'Transfer-Encoding: chunked\r\n\r\nz\r\n{}\r\n0\r\n\r\n'],
    ['a header with NUL', 'X: a\0b\r\nContent-Length: 2\r\n\r\n{}'],
    ['a header with a bare CR', 'X: a\rb\r\nContent-Length: 2\r\n\r\n{}'],
  ])('an answer with %s (PX-9)', async (_what, rest) => {
    upstream.respondWith((socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`));
    const { kind, isSilent } = await failureOf(get());
    expect(['broken', 'unreachable']).toContain(kind);
    expect(isSilent).toBe(false);
  });
});

describe('the limits of the phases, each of which frees its connection', () => {
  const long = { connectMs: 30_000, headMs: 30_000, idleMs: 30_000 };
  /** Fails by the limit that is given, for all others are longer than this may take. */
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

  it('no connection: a timeout, and not one byte came (G4)', async () => {
    // TLS towards a server that never says a word: the connection stands, the handshake does not end.
    upstream.respondWith(() => undefined);
    const origin = upstream.origin.replace('http:', 'https:');
    expect(await timeoutOf({ connectMs: 80 }, { origin })).toMatchObject({ kind: 'timeout', isSilent: true });
  });

  it('no head (G4)', async () => {
    upstream.respondWith((socket) => socket.write('HTTP/1.1 200 '));
    expect(await timeoutOf({ headMs: 80 })).toMatchObject({ kind: 'timeout', isSilent: false });
  });

  it('informational answers give it no new time (G4)', async () => {
    upstream.respondWith((socket) => {
      const more = () => {
        if (!socket.destroyed) socket.write('HTTP/1.1 102 Processing\r\n\r\n', () => setTimeout(more, 10));
      };
      more();
    });
    expect((await timeoutOf({ headMs: 80 })).kind).toBe('timeout');
  });

  it('a body that stops (G4)', async () => {
    upstream.respondWith((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'));
    expect((await timeoutOf({ idleMs: 80 })).kind).toBe('timeout');
  });

  it('a body that drips for ever ends with the deadline (G4)', async () => {
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

describe('a connection that is used again', () => {
  it.each([
    ['an answer nobody asked for, in the same packet', 0],
    ['an answer nobody asked for, later', 20],
  ])('does not bring %s (PX-17)', async (_what, laterMs) => {
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
      // The poison has arrived: what it did to the connection is what is looked at next.
      const poisoned = upstream.connections[before];
      if (at % 2 === 0) await expect.poll(() => poisoned?.destroyed ?? true).toBe(true);
    }
  });

  it('brings no answer that names another request, and is dropped; one that names none passes (PX-17)', async () => {
    const echo = { name: 'client-request-id', value: 'aaaa' };
    for (const [line, expected] of [
      ['Client-Request-Id: bbbb', 'foreign'],
      ['Client-Request-Id: AAAA', 'answered'],
      ['Client-Request-Id: aaaa\r\nClient-Request-Id: aaaa', 'answered'],
      ['X: bbbb', 'answered'],
    ] as const) {
      const sender = createHttpSender();
      upstream.respondWith((socket) => socket.write(rawAnswer('{}', [line])));
      const outcome = await get({ echo }, sender).then(
        () => 'answered',
        (error: unknown) => (error instanceof HttpFailure ? error.kind : error),
      );
      expect(outcome).toBe(expected);
      const isDropped = expected === 'foreign';
      await expect.poll(() => upstream.connections.at(-1)?.destroyed).toBe(isDropped);
    }
  });

  it('and was closed meanwhile is a silent failure, over TLS as well', async () => {
    const { privateKeyPem: key, certificatePem: cert } = createCertificate('localhost');
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
          isSilent: true,
        });
      }
    } finally {
      setDefaultCACertificates(trusted);
      await secure.close();
    }
  });
});

describe('room for a large body', () => {
  const large = randomBytes(300_000);

  it.each([
    ['with a length: that much', rawAnswer(large), large.length],
    ['in chunks: as much as may come', rawChunkedAnswer([large]), maxResponseBytes],
  ])('is asked for in steps, %s, and no more than may come (DO-4)', async (_what, answer, most) => {
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

  it('is asked for before a byte is read where the length is known, and where it is not, once the body is large', async () => {
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

  describe('has to be used', () => {
    /** So many bytes, and then one every few milliseconds. */
    const dribble = (quick: number) =>
      upstream.respondWith((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${quick + 1_000}\r\n\r\n`);
        socket.write(Buffer.alloc(quick));
        const drip = setInterval(() => socket.write('x'), 5);
        socket.on('close', () => clearInterval(drip));
      });
    const sender = () => createHttpSender({ connectMs: 1000, headMs: 1000, idleMs: 100 });

    it('by a body that comes along: one that dribbles is a timeout long before the deadline (DO-3)', async () => {
      dribble(200_000);
      const startedAtMs = performance.now();
      const answer = get({ reserveBytes: async () => undefined }, sender());
      expect((await failureOf(answer)).kind).toBe('timeout');
      expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    });

    it('and the time in which there is none does not count', async () => {
      upstream.respondWith((socket) => socket.write(rawAnswer(large)));
      const reserveBytes = () => new Promise<void>((resolve) => void setTimeout(resolve, 250));
      expect((await get({ reserveBytes }, sender())).body).toHaveLength(large.length);
    });

    it('a small body may take its time', async () => {
      upstream.respondWith((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n');
        let left = 60;
        const drip = setInterval(() => {
          socket.write('x');
          if (--left === 0) clearInterval(drip);
        }, 5);
      });
      expect((await get({ reserveBytes: async () => undefined }, sender())).body).toHaveLength(60);
    });
  });

  it('is not asked for by a small one', async () => {
    const reserveBytes = () => Promise.reject(new Error('asked'));
    upstream.respondWith((socket) => socket.write(rawChunkedAnswer(['x'.repeat(60_000)])));
    expect((await get({ reserveBytes })).body).toHaveLength(60_000);
  });

  it('is waited for with the body still in its connection, beyond the idle limit, up to the deadline', async () => {
    const sender = createHttpSender({ connectMs: 1000, headMs: 1000, idleMs: 30 });
    let isWritten = false;
    const huge = Buffer.alloc(200_000_000);
    upstream.respondWith((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${huge.length}\r\n\r\n`);
      socket.write(huge, () => {
        isWritten = true;
      });
    });
    const wish = { reserveBytes: () => new Promise<void>(() => undefined), maxResponseBytes: huge.length };
    const startedAtMs = performance.now();
    expect((await failureOf(get({ ...wish, deadlineMs: 200 }, sender))).kind).toBe('timeout');
    expect(performance.now() - startedAtMs).toBeGreaterThan(150);
    expect(isWritten).toBe(false);
  });
});
