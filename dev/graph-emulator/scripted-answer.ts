import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { RecordedRequest } from './recorded-request.ts';

/** An answer that a test dictates, whatever the access token and the switches say. */
export interface ScriptedAnswer {
  readonly status?: number;
  /** As pairs where a name occurs twice or its spelling matters. */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
  /** Waits before anything is sent. */
  readonly delayMs?: number;
  /** Sends nothing more, and keeps the connection open until the caller hangs up. */
  readonly stall?: 'before-headers' | 'after-headers' | 'mid-body';
  /** Sends this many bytes of the body and tears the connection down; `'before-headers'` sends nothing at all. */
  readonly cutAfterBytes?: number | 'before-headers';
}

/** Gives the answer for a request, or undefined to let the emulator answer as usual. */
export type Respond = (
  request: RecordedRequest,
) => ScriptedAnswer | undefined | Promise<ScriptedAnswer | undefined>;

/** Writes a scripted answer, its faults included. */
export async function sendScripted(response: ServerResponse, answer: ScriptedAnswer): Promise<void> {
  const body = Buffer.from(answer.body ?? '');
  if (answer.delayMs !== undefined) await delay(answer.delayMs, undefined, { ref: false });
  if (answer.stall === 'before-headers') return;
  if (answer.cutAfterBytes === 'before-headers') {
    response.destroy();
    return;
  }

  const pairs = Array.isArray(answer.headers) ? answer.headers : Object.entries(answer.headers ?? {});
  const framed = pairs.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  const status = answer.status ?? 200;
  const mayHaveBody = status !== 204 && status !== 304;
  const length = framed || !mayHaveBody ? [] : ['Content-Length', String(body.length)];
  response.writeHead(status, [...pairs.flat(), ...length]);

  if (answer.stall === 'after-headers') {
    response.flushHeaders();
  } else if (answer.stall === 'mid-body') {
    response.write(body.subarray(0, Math.ceil(body.length / 2)));
  } else if (answer.cutAfterBytes !== undefined) {
    response.flushHeaders();
    // Only after the bytes are on their way: destroying at once would drop them.
    response.write(body.subarray(0, answer.cutAfterBytes), () => response.destroy());
  } else {
    response.end(body);
  }
}
