import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ProxyWorld, startProxyWorld } from '../support/proxy-world.ts';
import { rawAnswer } from '../support/raw-upstream.ts';
import { isWholeRun } from '../support/scale.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Below the limit of 64 concurrent calls of a user. */
const waveSize = 50;
let proxy: ProxyWorld;
let cookie: string;

beforeAll(async () => {
  proxy = await startProxyWorld();
  cookie = await proxy.cookieOf('alice');
});
afterAll(() => proxy.close());

type Client = (socket: Socket) => void;

const head = (method: string, lines: readonly string[] = []) =>
  [
    `${method} /api/graph/v1.0/me/photo/$value HTTP/1.1`,
    'Host: localhost',
    `Cookie: ${cookie}`,
    'X-CSRF: 1',
    ...lines,
    '\r\n',
  ].join('\r\n');

/** Starts one call with the given client behavior. Resolves when its connection is closed. */
function startClient(behave: Client): Promise<void> {
  const { port } = proxy.worker.host;
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => behave(socket));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
}

/** Makes many calls in waves. Each wave has ended, also at the upstream, before the next begins. */
async function startClients(count: number, behave: Client): Promise<void> {
  for (let started = 0; started < count; started += waveSize) {
    await Promise.all(Array.from({ length: waveSize }, () => startClient(behave)));
    // The host does not report a disconnect, so abandoned calls run to their end. They must not block others.
    await vi.waitFor(async () => expect((await proxy.call('/things/t1')).status).toBe(200), {
      timeout: 10_000,
      interval: 5,
    });
    proxy.upstream.requests.length = 0;
    proxy.worker.logLines.length = 0;
  }
}

function usedBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const reading: Socket[] = [];

const clients: readonly [what: string, count: number, client: Client][] = [
  [
    'disconnect when the upstream has received the call',
    isWholeRun ? 1_000 : 200,
    (socket) => {
      const asked = proxy.upstream.requests.length;
      socket.write(head('GET'));
      const leave = () => {
        if (proxy.upstream.requests.length > asked) socket.resetAndDestroy();
        else setImmediate(leave);
      };
      leave();
    },
  ],
  [
    'disconnect in the middle of their body',
    isWholeRun ? 500 : 200,
    (socket) => {
      socket.write(`${head('PUT', ['Content-Length: 100000'])}half`, () => socket.resetAndDestroy());
    },
  ],
  [
    'stop reading after the first piece of their response',
    isWholeRun ? 250 : 150,
    (socket) => {
      socket.write(head('GET'));
      socket.once('data', () => {
        socket.pause();
        reading.push(socket);
        if (reading.length === waveSize) for (const reader of reading.splice(0)) reader.destroy();
      });
    },
  ],
];

describe('disconnecting clients', () => {
  it.each(isWholeRun ? clients : clients.slice(0, 1))(
    'hold neither memory nor connections if they %s (%i clients)',
    { tags: ['DO-3', 'DO-4', 'G6'] },
    async (_what, count, client) => {
      // Large enough to need the memory budget.
      const answer = rawAnswer(Buffer.alloc(100_000), ['Content-Type: image/jpeg']);
      proxy.upstream.respondWith((socket) => setImmediate(() => socket.write(answer)));
      await startClients(2 * waveSize, client);
      const before = usedBytes();
      await startClients(count, client);
      // Half the size of 150 retained responses. Buffers of ended connections are freed a little later.
      await vi.waitFor(() => expect(usedBytes() - before).toBeLessThan(8_000_000), 10_000);
      expect(proxy.upstream.openConnections()).toBeLessThanOrEqual(waveSize + 1);
    },
  );
});
