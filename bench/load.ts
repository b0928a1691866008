import { connect, type Socket } from 'node:net';
import process from 'node:process';
import { ResponseReader } from './support/response-reader.ts';
import type { Target } from './support/system.ts';

export interface LoadTask extends Target {
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly requests: number;
  /** The statuses other than 200, each once. */
  readonly failures: readonly number[];
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Repeats one request on each connection as fast as its responses arrive. Writes requests as bytes, because the clients of
 * npm take more time for a request than the fastest system under test.
 */
process.on('message', (task: LoadTask) => {
  run(task).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.once('disconnect', () => process.exit());

async function run(task: LoadTask): Promise<LoadResult> {
  const request = toRequest(task);
  const { hostname, port } = new URL(task.origin);
  const startedMs = performance.now();
  const endsAtMs = startedMs + task.seconds * 1000;
  const latenciesMs: number[] = [];
  const failures = new Set<number>();

  const repeat = () =>
    new Promise<void>((resolve, reject) => {
      const socket: Socket = connect(Number(port), hostname);
      const reader = new ResponseReader();
      let sentAtMs = 0;
      const send = () => {
        sentAtMs = performance.now();
        socket.write(request);
      };
      socket.setNoDelay(true);
      socket.once('connect', send);
      socket.on('data', (chunk) => {
        for (const status of reader.push(chunk)) {
          const now = performance.now();
          latenciesMs.push(now - sentAtMs);
          if (status !== 200) failures.add(status);
          if (now < endsAtMs) send();
          else socket.destroy();
        }
      });
      socket.once('error', reject);
      socket.once('close', resolve);
    });
  await Promise.all(Array.from({ length: task.connections }, repeat));
  const seconds = (performance.now() - startedMs) / 1000;
  const sorted = Float64Array.from(latenciesMs).sort();
  const at = (share: number) => sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0;
  return { requests: sorted.length, failures: [...failures], seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

function toRequest({ origin, path, headers }: Target): Buffer {
  const lines = Object.entries({ host: new URL(origin).host, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return Buffer.from([`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n'), 'latin1');
}
