import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { toBytes, toNodeHeaders } from '@entra-bff/emulator-kit';
import { type CallIds, GraphError, type GraphReply, graphJsonType } from './reply.ts';
import type { GraphSwitches } from './switches.ts';

/** @throws {GraphError} if a switch makes this call fail */
export function failOnDemand(switches: GraphSwitches, now: Date): void {
  if (switches.throttledCalls > 0) {
    switches.throttledCalls--;
    const retryAfter = toRetryAfter(switches, now);
    const headers = retryAfter === undefined ? {} : { 'Retry-After': retryAfter };
    throw new GraphError(429, 'TooManyRequests', 'Please retry again later.', headers);
  }
  if (switches.unavailable) throw new GraphError(503, 'serviceNotAvailable', 'The service is unavailable.');
}

function toRetryAfter({ retryAfterForm, retryAfterSeconds }: GraphSwitches, now: Date): string | undefined {
  switch (retryAfterForm) {
    case 'seconds':
      return String(retryAfterSeconds);
    case 'decimal':
      return retryAfterSeconds.toFixed(3);
    case 'date':
      return new Date(now.getTime() + retryAfterSeconds * 1000).toUTCString();
    case 'missing':
      return undefined;
  }
}

/** Sends a reply with Graph's usual headers, and breaks off or pauses as the switches say. */
export async function sendGraphReply(
  response: ServerResponse,
  { status, headers, body }: GraphReply,
  { requestId, clientRequestId }: CallIds,
  { breaksOff, bodyPauseMs }: GraphSwitches,
): Promise<void> {
  if (breaksOff === 'before-head') return void response.destroy();
  const bytes = toBytes(body);
  const isJson = body !== undefined && !(body instanceof Uint8Array);
  response.writeHead(status, {
    ...(isJson ? { 'content-type': graphJsonType } : {}),
    'request-id': requestId,
    'client-request-id': clientRequestId,
    'cache-control': 'no-store, no-cache',
    ...toNodeHeaders(headers),
    'content-length': bytes.length,
  });
  response.flushHeaders();
  if (breaksOff === 'after-head') return void response.destroy();
  const middle = bytes.length >> 1;
  if (breaksOff === 'in-body')
    return void response.write(bytes.subarray(0, middle), () => response.destroy());
  if (bodyPauseMs > 0) {
    response.write(bytes.subarray(0, middle));
    await delay(bodyPauseMs);
    response.end(bytes.subarray(middle));
  } else {
    response.end(bytes);
  }
}
