import type { Socket } from 'node:net';
import { defaultGraphSwitches } from '@entra-bff/graph-emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ProxyWorld, startProxyWorld } from '../support/proxy-world.ts';
import { rawAnswer } from '../support/raw-upstream.ts';
import { sendWire } from '../support/user-agent.ts';
import type { Worker } from '../support/world.ts';

let proxy: ProxyWorld;
/** A worker whose upstream is the Graph emulator. */
let emulated: Worker;
let mia: string;

beforeAll(async () => {
  proxy = await startProxyWorld();
  emulated = await proxy.startWorker({ DEV_GRAPH_ORIGIN: proxy.world.graph.origin });
  mia = await proxy.cookieOf('mia');
});
afterAll(() => proxy.close());

afterEach(() => {
  proxy.upstream.requests.length = 0;
  proxy.world.graph.requests.length = 0;
  Object.assign(proxy.world.graph.switches, defaultGraphSwitches());
  // A 429 pauses the user for at most a minute.
  proxy.world.pass(60);
});

describe('a throttled call', () => {
  it.each([
    ['seconds', '10'],
    ['decimal', '10'],
    ['date', '10'],
    ['missing', '5'],
  ] as const)(
    'returns the 429 with Retry-After in whole seconds if Graph writes it as %s',
    { tags: ['G1'] },
    async (retryAfterForm, expected) => {
      Object.assign(proxy.world.graph.switches, { throttledCalls: 1, retryAfterForm });
      const { status, headers, body } = await proxy.call('', {}, emulated);
      expect([status, JSON.parse(body).error.code]).toEqual([429, 'TooManyRequests']);
      // A date has whole seconds only, so it may be one less when it is read.
      const seconds = Number(headers['retry-after']);
      expect(seconds === Number(expected) || (retryAfterForm === 'date' && seconds === 9)).toBe(true);
      expect(JSON.parse(body).code).toBeUndefined();
      expect(proxy.world.graph.count()).toBe(1);
    },
  );

  it('is not repeated, and neither is a call during an outage', {
    tags: ['G1', 'PX-18'],
  }, async () => {
    for (const method of ['GET', 'POST']) {
      const write = { method, body: '{}', headers: { 'content-length': '2', 'content-type': 'text/plain' } };
      proxy.upstream.respondWith((socket) => socket.write(rawAnswer('{}', [], '503 Service Unavailable')));
      const answer = await proxy.call('/things/t1', method === 'GET' ? {} : write);
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5']);
    }
    expect(proxy.upstream.requests).toHaveLength(2);
  });
});

/** Holds all responses back until the returned function is called. */
function holdAnswers(): () => void {
  const held: Socket[] = [];
  proxy.upstream.respondWith((socket) => void held.push(socket));
  return () => {
    proxy.upstream.respondWith((socket) => socket.write(rawAnswer('{}')));
    for (const socket of held) socket.write(rawAnswer('{}'));
  };
}

describe('a user with 64 calls in progress', () => {
  it('gets 429 in Graph’s format for the next call, and other users are served', {
    tags: ['DO-3'],
  }, async () => {
    const release = holdAnswers();
    const held = Array.from({ length: 64 }, () => proxy.call('/things/t1'));
    await vi.waitFor(() => expect(proxy.upstream.requests).toHaveLength(64), 10_000);
    const uses = proxy.worker.table.recordedUses();
    proxy.world.advance(360);
    const { status, headers, body } = await proxy.call('/things/t1');
    proxy.world.advance(-360);
    expect([status, headers['retry-after']]).toEqual([429, '1']);
    expect(JSON.parse(body)).toMatchObject({ code: 'rate_limited', error: { code: 'rate_limited' } });
    // A refused call does not extend the session.
    expect(proxy.worker.table.recordedUses()).toBe(uses);
    expect(
      proxy.worker.logLines.some((line) => line.includes('"refused"') && line.includes('"calls-of-user"')),
    ).toBe(true);
    // The limit also counts calls from the user's other browsers.
    const again = await proxy.cookieOf('alice');
    const target = '/api/graph/v1.0/me/things/t1';
    const other = await sendWire(proxy.worker.origin, target, { headers: { cookie: again, 'x-csrf': '1' } });
    expect(other.status).toBe(429);
    expect(proxy.upstream.requests).toHaveLength(64);

    // A batch is refused before its body is parsed, so parsing costs nothing.
    const unread = { method: 'POST', body: '{', headers: { cookie: again, 'x-csrf': '1' } };
    const type = { 'content-type': 'application/json', 'content-length': '1' };
    const batch = await sendWire(proxy.worker.origin, '/api/graph/v1.0/$batch', {
      ...unread,
      headers: { ...unread.headers, ...type },
    });
    expect(JSON.parse(batch.body)).toMatchObject({ status: 429, code: 'rate_limited' });

    const served = sendWire(proxy.worker.origin, target, { headers: { cookie: mia, 'x-csrf': '1' } });
    await vi.waitFor(() => expect(proxy.upstream.requests).toHaveLength(65), 10_000);
    release();
    expect((await served).status).toBe(200);
    expect(new Set((await Promise.all(held)).map((answer) => answer.status))).toEqual(new Set([200]));
    expect((await proxy.call('/things/t1')).status).toBe(200);
  });
});
