import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createHttpSender } from '../../../src/shared/network/http-request.ts';
import { createMemoryBudget, type MemoryBudget } from '../../../src/shared/proxy/memory-budget.ts';
import { type RawUpstream, rawAnswer, startRawUpstream } from '../../support/raw-upstream.ts';

/** A tenth of the real sizes. `npm run measure:bodies` reads 64 answers of the real size at once. */
const MB = 1e5;
const limitBytes = 10 * MB;
/** The real budget, in these megabytes. */
const budgetBytes = 134 * MB;
let upstream: RawUpstream;
let slowUpstream: RawUpstream;

beforeAll(async () => {
  [upstream, slowUpstream] = await Promise.all([startRawUpstream(), startRawUpstream()]);
});
afterAll(() => Promise.all([upstream.close(), slowUpstream.close()]));
afterEach(() => {
  for (const { connections } of [upstream, slowUpstream]) for (const socket of connections) socket.destroy();
});

const sender = createHttpSender();

/** Reads one answer with memory of a user's budget, as a call does. */
async function read(budget: MemoryBudget, user: string, { origin }: RawUpstream, deadlineMs = 30_000) {
  using permit = budget.open(user, origin);
  const { body } = await sender({
    method: 'GET',
    origin,
    path: '/',
    headers: {},
    deadlineMs,
    maxResponseBytes: limitBytes,
    borrower: { kind: 'session', name: user },
    reserveBytes: permit.acquire,
  });
  return body.byteLength;
}

/** Waits until a figure has stopped growing. */
async function settled(figure: () => number): Promise<void> {
  let before = -1;
  for (let same = 0; same < 5; same = figure() === before ? same + 1 : 0) {
    before = figure();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('large answers', () => {
  it('all arrive if 40 of 9 MB arrive at once, for one user and for two, with a length and in chunks', {
    tags: ['DO-3', 'DO-4'],
    timeout: 60_000,
  }, async () => {
    const body = Buffer.alloc(9 * MB);
    let count = 0;
    upstream.respondWith((socket) => {
      if (count++ % 2 === 0) return void socket.write(rawAnswer(body));
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      socket.write(`${body.length.toString(16)}\r\n`);
      socket.write(body);
      socket.write('\r\n0\r\n\r\n');
    });
    const budget = createMemoryBudget(budgetBytes / 4);
    const answers = Array.from({ length: 40 }, (_, at) =>
      read(budget, at % 4 === 0 ? 'ben' : 'alice', upstream),
    );
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 40 }, () => body.length));
  });

  it('of a slow API for two users do not delay a third user at any API', {
    tags: ['DO-3'],
    timeout: 60_000,
  }, async () => {
    const large = `HTTP/1.1 200 OK\r\nContent-Length: ${9 * MB}\r\n\r\n`;
    slowUpstream.respondWith((socket) => {
      socket.write(large);
      socket.write(Buffer.alloc(8 * MB));
    });
    const budget = createMemoryBudget(budgetBytes);
    const slow = ['alice', 'ben'].flatMap((user) =>
      Array.from({ length: 20 }, () => read(budget, user, slowUpstream, 60_000).catch(() => 0)),
    );
    await expect.poll(() => slowUpstream.requests.length).toBe(40);
    await settled(() => slowUpstream.connections.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0));
    const quick = rawAnswer(Buffer.alloc(9 * MB));
    for (const server of [upstream, slowUpstream]) {
      server.respondWith((socket) => socket.write(quick));
      const first = await Promise.race([read(budget, 'carol', server), ...slow]);
      expect(first).toBe(9 * MB);
    }
    for (const socket of slowUpstream.connections) socket.destroy();
    expect(await Promise.all(slow)).toEqual(Array.from({ length: 40 }, () => 0));
  });
});
