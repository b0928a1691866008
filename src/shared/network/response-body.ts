import type { Buffer } from 'node:buffer';
import type http from 'node:http';
import { createBodyCollector } from './body-collector.ts';
import { createBodyIntake } from './body-intake.ts';
import type { HttpFailureKind, HttpRequest } from './http-message.ts';
import type { PhaseClock } from './phase-clock.ts';

export interface BodyReaderOptions {
  /** How long the next chunk may take. */
  readonly idleMs: number;
  readonly clock: PhaseClock;
  /** Turns an exception in an event handler into a failure. */
  readonly failOnThrow: <Args extends unknown[]>(handle: (...args: Args) => void) => (...args: Args) => void;
  readonly fail: (kind: HttpFailureKind, cause?: unknown) => void;
  readonly failWith: (error: unknown) => void;
  readonly succeed: (response: http.IncomingMessage, body: Buffer) => void;
}

/** Reads a response's body to its end, or fails. */
export function readBody(
  { method, maxResponseBytes, reserveBytes }: HttpRequest,
  response: http.IncomingMessage,
  { idleMs, clock, failOnThrow, fail, failWith, succeed }: BodyReaderOptions,
): void {
  const length = readLength(method, response);
  if (length === 'unknown') return void fail('broken');
  const isLengthKnown = length !== 'chunked';
  if (isLengthKnown && length > maxResponseBytes) return void fail('too-large');
  const collector = createBodyCollector(isLengthKnown ? length : undefined);
  const intake = createBodyIntake({
    response,
    reserveBytes,
    maxBytes: isLengthKnown ? length : maxResponseBytes,
    isLengthKnown,
    windowMs: idleMs,
    onPause: clock.pause,
    onResume: () => clock.enter(idleMs),
    onTooSlow: () => fail('timeout'),
    onError: failWith,
  });
  response.on(
    'data',
    failOnThrow((chunk: Buffer) => {
      clock.restart();
      const bytes = collector.byteLength() + chunk.length;
      if (bytes > maxResponseBytes) return fail('too-large');
      collector.add(chunk);
      intake.received(bytes);
    }),
  );
  // Emitted if the connection is aborted or the body is too short. `end` is emitted only for a complete response.
  response.on('error', (error) => fail('broken', error));
  response.on(
    'end',
    failOnThrow(() => {
      if (response.complete) succeed(response, collector.finish());
      else fail('broken');
    }),
  );
}

/**
 * Returns the length of the body, as the headers state it. A body of unknown length ends when the connection closes, so it
 * would look complete even if it was cut off.
 * @see RFC 9112, sections 6.3 and 8
 */
function readLength(
  method: string,
  { statusCode, headers }: http.IncomingMessage,
): number | 'chunked' | 'unknown' {
  if (method === 'HEAD' || statusCode === 204 || statusCode === 304) return 0;
  const encoding = headers['transfer-encoding'];
  // A body with any other encoding would be passed on encoded, or would have no known end.
  if (encoding !== undefined) return encoding.toLowerCase() === 'chunked' ? 'chunked' : 'unknown';
  return headers['content-length'] === undefined ? 'unknown' : Number(headers['content-length']);
}

/**
 * True if a response announces a body although its status forbids one. HTTP parsers disagree here: some wait for the body,
 * others take its bytes for the next response.
 * @see RFC 9110, sections 8.6 and 15.3.6
 */
export function hasForbiddenBody({ statusCode, headers }: http.IncomingMessage): boolean {
  if (statusCode !== 204 && statusCode !== 205 && statusCode !== 304) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
