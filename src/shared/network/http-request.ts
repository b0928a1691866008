import type { Buffer } from 'node:buffer';
import http from 'node:http';
import https from 'node:https';
import { createBodyCollector } from './body-collector.ts';
import { createBodyIntake, type ReserveBytes } from './body-intake.ts';

/** One outgoing request. The path goes out byte for byte: no URL parser looks at it on the way. */
export interface HttpRequest {
  readonly method: string;
  /** `https://host[:port]`; plain http is for the emulators. */
  readonly origin: string;
  /** Path and query, beginning with `/`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** For everything: connecting, sending, waiting, the last byte of the answer. The phases have limits of their own. */
  readonly deadlineMs: number;
  readonly maxResponseBytes: number;
  /**
   * Asked, step by step, for room for a body that may have more than 64 KiB; until it has been found the rest of the answer
   * stays in its connection. Whoever gives the room takes it back.
   */
  readonly reserveBytes?: ReserveBytes;
  /**
   * An answer that has this header without this value is the answer to another request: a server that answers a request
   * twice is one answer ahead on that connection, and nothing else would tell (PX-17).
   */
  readonly echo?: Echo;
}

/** A request header that comes back with the answer. */
export interface Echo {
  readonly name: string;
  readonly value: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names; of repeated ones what node:http makes of them. */
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export type HttpFailureKind =
  /** No connection, no name, no TLS, or it broke before the answer began. */
  | 'unreachable'
  | 'timeout'
  /** The answer broke off in the middle, or could do so unseen: what arrived must not pass for a whole one. */
  | 'broken'
  | 'too-large'
  /** The answer to another request. */
  | 'foreign';

/** A request that got no whole answer. The caller translates it into the problem it means there. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly kind: HttpFailureKind;
  /** Not one byte came back. It may have been received and acted upon all the same. */
  readonly isSilent: boolean;
  constructor(kind: HttpFailureKind, options: { cause?: unknown; isSilent?: boolean } = {}) {
    super(kind, { cause: options.cause });
    this.kind = kind;
    this.isSilent = options.isSilent ?? false;
  }
}

/** Sends one request and never follows a redirect. @throws {HttpFailure} */
export type SendHttp = (request: HttpRequest) => Promise<HttpAnswer>;

/** How long one phase of a request may take, in milliseconds. `deadlineMs` of a request ends it in every phase. */
export interface PhaseLimits {
  /** Name, connection and TLS: a lost SYN is sent again after 1 and after 3 seconds. */
  readonly connectMs: number;
  /** From then until the head of the answer is there, sending included: as long as .NET's HttpClient waits. */
  readonly headMs: number;
  /** Between two pieces of the body. */
  readonly idleMs: number;
}

const phaseLimits: PhaseLimits = { connectMs: 5_000, headMs: 100_000, idleMs: 15_000 };

/** Requests over kept-alive connections. */
export function createHttpSender(limits = phaseLimits): SendHttp {
  // Idle connections are let go before servers usually close them. One host gets at most so many at a time, because
  // every one takes a port of the machine's outbound address; whoever needs another waits as for a connection.
  const options = { keepAlive: true, maxSockets: 512, timeout: 20_000 };
  const agents = { 'https:': new https.Agent(options), 'http:': new http.Agent(options) };
  return (request) => send(request, agents, limits);
}

function send(
  { method, origin, path, headers, body, deadlineMs, maxResponseBytes, reserveBytes, echo }: HttpRequest,
  agents: { 'https:': https.Agent; 'http:': http.Agent },
  { connectMs, headMs, idleMs }: PhaseLimits,
): Promise<HttpAnswer> {
  const { protocol, hostname, port } = new URL(origin);
  const secure = protocol === 'https:';
  return new Promise((resolve, reject) => {
    let receivedBefore = 0;
    const isSilent = () => (request.socket?.bytesRead ?? 0) === receivedBefore;
    const fail = (kind: HttpFailureKind, cause?: unknown) => {
      stopClocks();
      reject(new HttpFailure(kind, { cause, isSilent: isSilent() }));
      // Whatever else is on its way over this connection belongs to nobody: it is never used again.
      request.destroy();
    };
    const deadline = setTimeout(() => fail('timeout'), deadlineMs);
    let phase = setTimeout(() => fail('timeout'), connectMs);
    const enterPhase = (limitMs: number) => {
      clearTimeout(phase);
      phase = setTimeout(() => fail('timeout'), limitMs);
    };
    const stopClocks = () => {
      clearTimeout(deadline);
      clearTimeout(phase);
    };

    const request = (secure ? https : http).request({
      method,
      protocol,
      hostname,
      port,
      path,
      headers: body === undefined ? headers : { ...headers, 'content-length': String(body.byteLength) },
      agent: secure ? agents['https:'] : agents['http:'],
    });
    request.on('socket', (socket) => {
      receivedBefore = socket.bytesRead;
      if (socket.connecting) socket.once(secure ? 'secureConnect' : 'connect', () => enterPhase(headMs));
      else enterPhase(headMs);
    });
    request.on('response', (response) => {
      enterPhase(idleMs);
      if (!isEchoed(echo, response)) return fail('foreign');
      const announced = announcedBytes(method, response);
      if (announced === 'unknown end') return fail('broken');
      if (announced !== 'in chunks' && announced > maxResponseBytes) return fail('too-large');
      const collector = createBodyCollector(announced === 'in chunks' ? undefined : announced);
      const intake = createBodyIntake({
        response,
        reserveBytes,
        mostBytes: announced === 'in chunks' ? maxResponseBytes : announced,
        isLengthKnown: announced !== 'in chunks',
        windowMs: idleMs,
        onPause: () => clearTimeout(phase),
        onResume: () => enterPhase(idleMs),
        onTooSlow: () => fail('timeout'),
        onError: (error) => fail('broken', error),
      });
      response.on('data', (chunk: Buffer) => {
        phase.refresh();
        const bytes = collector.bytes() + chunk.length;
        if (bytes > maxResponseBytes) return fail('too-large');
        collector.add(chunk);
        intake.received(bytes);
      });
      // `aborted` and a short body both end here: `end` fires only for a complete answer.
      response.on('error', (error) => fail('broken', error));
      response.on('end', () => {
        if (!response.complete) return fail('broken');
        stopClocks();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: collector.take(),
        });
      });
    });
    request.on('error', (error) => fail('unreachable', error));
    // A 101 that nobody asked for: without a listener node:http drops the connection and says nothing more (measured).
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      fail('broken');
    });
    request.end(body);
  });
}

function isEchoed(echo: Echo | undefined, { headers }: http.IncomingMessage): boolean {
  const value = echo && headers[echo.name];
  // One that comes twice is joined; letters may change their case on the way.
  return typeof value !== 'string' || value.toLowerCase().includes(echo?.value.toLowerCase() ?? '');
}

/**
 * What the head says about the body's end. One that ends with its connection would look whole wherever it is cut off.
 * @see RFC 9112, 6.3 and 8
 */
function announcedBytes(method: string, { statusCode, headers }: http.IncomingMessage) {
  if (method === 'HEAD' || statusCode === 204 || statusCode === 304) return 0;
  const encoding = headers['transfer-encoding'];
  // Anything but chunks alone would be passed on encoded, or ends with the connection after all.
  if (encoding !== undefined) return encoding.toLowerCase() === 'chunked' ? 'in chunks' : 'unknown end';
  return headers['content-length'] === undefined ? 'unknown end' : Number(headers['content-length']);
}
