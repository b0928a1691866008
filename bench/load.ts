import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import { answerMessages } from './support/answer-messages.ts';
import type { Target } from './support/requests.ts';
import { ResponseReader } from './support/response-reader.ts';

export interface LoadTask extends Target {
  readonly connections: number;
  /** How long requests are sent, or how many. */
  readonly until: { readonly seconds: number } | { readonly requests: number };
  /** Every response must be 200 with a body of this size. */
  readonly bodyBytes: number;
}

export interface LoadResult {
  readonly requests: number;
  /** All other responses, each kind once: `401 with 80 bytes`. */
  readonly failures: readonly string[];
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Repeats one request on each connection as fast as its responses arrive. Writes requests as bytes, because the HTTP clients
 * on npm take more time for a request than the fastest system under test.
 */
answerMessages(async (task: LoadTask): Promise<LoadResult> => {
  const { connections, until, bodyBytes } = task;
  const request = toRequest(task);
  const { hostname, port } = new URL(task.origin);
  const startedMs = performance.now();
  const latenciesMs: number[] = [];
  const failures = new Set<string>();
  let sent = 0;
  const isOver =
    'seconds' in until
      ? (nowMs: number) => nowMs >= startedMs + until.seconds * 1000
      : () => sent >= until.requests;

  const repeat = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), hostname);
      const reader = new ResponseReader();
      let sentAtMs = 0;
      const sendOrEnd = (nowMs: number) => {
        if (isOver(nowMs)) return void socket.destroy();
        sent++;
        sentAtMs = nowMs;
        socket.write(request);
      };
      socket.setNoDelay(true);
      socket.once('connect', () => sendOrEnd(performance.now()));
      socket.on('data', (chunk) => {
        for (const received of reader.push(chunk)) {
          const nowMs = performance.now();
          latenciesMs.push(nowMs - sentAtMs);
          if (received.status !== 200 || received.bodyBytes !== bodyBytes)
            failures.add(`${received.status} with ${received.bodyBytes} bytes`);
          sendOrEnd(nowMs);
        }
      });
      socket.once('end', () => reject(new Error('The system closed a connection.')));
      socket.once('error', reject);
      socket.once('close', resolve);
    });
  await Promise.all(Array.from({ length: connections }, repeat));
  const seconds = (performance.now() - startedMs) / 1000;
  const sorted = Float64Array.from(latenciesMs).sort();
  const at = (share: number) => sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0;
  return { requests: sorted.length, failures: [...failures], seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
});

function toRequest({ origin, path, headers }: Target): Buffer {
  const lines = Object.entries({ host: new URL(origin).host, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return Buffer.from([`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n'), 'latin1');
}
