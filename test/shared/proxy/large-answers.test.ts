import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createHttpSender } from '../../../src/shared/network/http-request.ts';
import { type BodyRoom, createBodyRoom } from '../../../src/shared/proxy/memory-budget.ts';
import { type RawUpstream, rawAnswer, startRawUpstream } from '../../support/raw-upstream.ts';

/** A tenth of their real size, and so is the room; `npm run measure:bodies` reads 64 at once of the real size. */
const MB = 1e5;
const limitBytes = 10 * MB;
/** `createBodyRoom`'s own, in these megabytes. */
const roomBytes = 134 * MB;
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

/** One answer, in the room of a person, as a call reads it. */
async function read(room: BodyRoom, person: string, { origin }: RawUpstream, deadlineMs = 30_000) {
  const reservation = room.open(person, origin);
  try {
    const { body } = await sender({
      method: 'GET',
      origin,
      path: '/',
      headers: {},
      deadlineMs,
      maxResponseBytes: limitBytes,
      borrower: { kind: 'session', name: person },
      reserveBytes: reservation.take,
    });
    return body.byteLength;
  } finally {
    reservation.release();
  }
}

/** Until a figure has stopped growing: nobody says when all have taken what they get. */
async function settled(figure: () => number): Promise<void> {
  let before = -1;
  for (let same = 0; same < 5; same = figure() === before ? same + 1 : 0) {
    before = figure();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('large answers', () => {
  it('40 of 9 MB at once, of one person and of two, with a length and in chunks, all end', {
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
    const room = createBodyRoom(roomBytes / 4);
    const answers = Array.from({ length: 40 }, (_, at) =>
      read(room, at % 4 === 0 ? 'ben' : 'alice', upstream),
    );
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 40 }, () => body.length));
  });

  it('of two persons from a slow upstream delay no third, at another upstream or the same', {
    tags: ['DO-3'],
    timeout: 60_000,
  }, async () => {
    const large = `HTTP/1.1 200 OK\r\nContent-Length: ${9 * MB}\r\n\r\n`;
    slowUpstream.respondWith((socket) => {
      socket.write(large);
      socket.write(Buffer.alloc(8 * MB));
    });
    const room = createBodyRoom(roomBytes);
    const slow = ['alice', 'ben'].flatMap((person) =>
      Array.from({ length: 20 }, () => read(room, person, slowUpstream, 60_000).catch(() => 0)),
    );
    await expect.poll(() => slowUpstream.requests.length).toBe(40);
    await settled(() => slowUpstream.connections.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0));
    const quick = rawAnswer(Buffer.alloc(9 * MB));
    for (const server of [upstream, slowUpstream]) {
      server.respondWith((socket) => socket.write(quick));
      const first = await Promise.race([read(room, 'carol', server), ...slow]);
      expect(first).toBe(9 * MB);
    }
    for (const socket of slowUpstream.connections) socket.destroy();
    expect(await Promise.all(slow)).toEqual(Array.from({ length: 40 }, () => 0));
  });
});
