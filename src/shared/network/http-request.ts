import { Buffer } from 'node:buffer';
import http from 'node:http';
import https from 'node:https';
import { createBodyCollector } from './body-collector.ts';
import { createBodyIntake, type ReserveBytes } from './body-intake.ts';
import {
  type Borrower,
  type ConnectionLimits,
  type Connections,
  createConnections,
  type Loan,
} from './connections.ts';

export type { Borrower } from './connections.ts';

/** One outgoing request. The path goes out byte for byte: no URL parser looks at it on the way. */
export interface HttpRequest {
  readonly method: string;
  /** `https://host[:port]`; plain http is for the emulators. */
  readonly origin: string;
  /** Path and query, beginning with `/`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Whose answer it will be: a connection goes to somebody else only when it has been silent (PX-17). */
  readonly borrower: Borrower;
  /** Over a connection that nobody has used before. */
  readonly isOnNewConnection?: boolean;
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
  /**
   * What an answer without the header is. `foreign`: the answer to another request, unless it has an error status, which
   * may come from a server in between, and its connection never served anybody else. `unsure`: what it says it is.
   * Both end the connection of an error without it. `own`: servers here do not return the header.
   */
  readonly whenMissing: 'foreign' | 'unsure' | 'own';
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
  /** The answer to another request, or bytes that are none where one was waited for. */
  | 'foreign'
  /** A value that no request can have: nothing was sent. */
  | 'unsendable'
  /** All connections were in use, for as long as a request waits for one: nothing was sent. */
  | 'no-connection';

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

/** Requests over kept-alive connections, which are shared by the rules of {@link Borrower}. */
export function createHttpSender(limits = phaseLimits, connectionLimits?: ConnectionLimits): SendHttp {
  // Origins come from the settings: they are few.
  const targets = new Map<string, Target>();
  return async (request) => {
    const target = targets.get(request.origin) ?? toTarget(request.origin, connectionLimits);
    targets.set(request.origin, target);
    const startedMs = performance.now();
    const loan = await target.connections.lend({
      borrower: request.borrower,
      isNew: request.isOnNewConnection ?? false,
      waitMs: Math.min(limits.connectMs, request.deadlineMs),
    });
    if (loan === undefined) throw new HttpFailure('no-connection', { isSilent: true });
    const deadlineMs = request.deadlineMs - (performance.now() - startedMs);
    return send({ ...request, deadlineMs }, target, loan, limits);
  };
}

interface Target {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
  readonly connections: Connections;
}

function toTarget(origin: string, limits: ConnectionLimits | undefined): Target {
  const { protocol, hostname, port } = new URL(origin);
  return { protocol, hostname, port, connections: createConnections(protocol === 'https:', limits) };
}

/** @throws {HttpFailure} */
function send(
  wish: HttpRequest,
  target: Target,
  loan: Loan,
  { connectMs, headMs, idleMs }: PhaseLimits,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = create(wish, target, loan);
    let receivedBefore = 0;
    let hasBegun = false;
    const isSilent = () => (request.socket?.bytesRead ?? 0) === receivedBefore;
    const failWith = (error: unknown) => {
      clock.stop();
      reject(error);
      // Whatever else is on its way over this connection belongs to nobody: it is never used again.
      request.destroy();
    };
    const fail = (kind: HttpFailureKind, cause?: unknown) =>
      failWith(new HttpFailure(kind, { cause, isSilent: isSilent() }));
    const succeed = ({ statusCode, headers }: http.IncomingMessage, body: Buffer) => {
      clock.stop();
      resolve({ status: statusCode ?? 0, headers, body });
      // The answer is whole, and no clock runs any more: a server that reads no further would keep the connection for ever.
      if (!request.writableFinished) request.destroy();
    };
    /** What is thrown in an event handler would end the process, and leave its timers and its connection. */
    const guarded =
      <Args extends unknown[]>(handle: (...args: Args) => void) =>
      (...args: Args) => {
        try {
          handle(...args);
        } catch (error) {
          fail('broken', error);
        }
      };
    const clock = startClock(wish.deadlineMs, connectMs, () => fail('timeout'));

    request.on('socket', (socket) => {
      receivedBefore = socket.bytesRead;
      const isSecure = loan.agent instanceof https.Agent;
      if (socket.connecting) socket.once(isSecure ? 'secureConnect' : 'connect', () => clock.enter(headMs));
      else clock.enter(headMs);
    });
    request.on(
      'response',
      guarded((response: http.IncomingMessage) => {
        hasBegun = true;
        clock.enter(idleMs);
        loan.answeredBy(response);
        const owner = ownerOf(response, wish.echo, loan);
        if (owner === 'another') return fail('foreign');
        if (owner === 'ours, of a server in between') loan.endAfterwards();
        if (hasForbiddenBody(response)) {
          succeed(response, Buffer.alloc(0));
          return void request.destroy();
        }
        readBody(wish, response, { idleMs, clock, guarded, fail, failWith, succeed });
      }),
    );
    request.on('error', (error) => {
      fail(!hasBegun && isGarbage(error, request) ? 'foreign' : 'unreachable', error);
    });
    // A 101 that nobody asked for: without a listener node:http drops the connection and says nothing more (measured).
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      fail('broken');
    });
    guarded(() => request.end(wish.body))();
  });
}

/** node:http throws at once for a value that it cannot send. @throws {HttpFailure} unsendable */
function create(
  { method, path, headers, body }: HttpRequest,
  { protocol, hostname, port }: Target,
  loan: Loan,
): http.ClientRequest {
  try {
    return (protocol === 'https:' ? https : http).request({
      method,
      protocol,
      // A URL has an IPv6 address in brackets, and to a resolver they are part of a name.
      hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
      port,
      path,
      headers: body === undefined ? headers : { ...headers, 'content-length': String(body.byteLength) },
      agent: loan.agent,
    });
  } catch (error) {
    loan.drop();
    throw new HttpFailure('unsendable', { cause: error, isSilent: true });
  }
}

interface PhaseClock {
  /** A new phase, with this limit. */
  enter(limitMs: number): void;
  extend(): void;
  /** Until the next phase the deadline alone counts. */
  pause(): void;
  /** No limit counts any more. */
  stop(): void;
}

function startClock(deadlineMs: number, firstLimitMs: number, onTimeout: () => void): PhaseClock {
  const deadline = setTimeout(onTimeout, deadlineMs);
  let phase = setTimeout(onTimeout, firstLimitMs);
  let isStopped = false;
  return {
    enter(limitMs) {
      clearTimeout(phase);
      if (!isStopped) phase = setTimeout(onTimeout, limitMs);
    },
    extend: () => phase.refresh(),
    pause: () => clearTimeout(phase),
    stop() {
      isStopped = true;
      clearTimeout(deadline);
      clearTimeout(phase);
    },
  };
}

interface BodyNeeds {
  readonly idleMs: number;
  readonly clock: PhaseClock;
  readonly guarded: <Args extends unknown[]>(handle: (...args: Args) => void) => (...args: Args) => void;
  readonly fail: (kind: HttpFailureKind, cause?: unknown) => void;
  readonly failWith: (error: unknown) => void;
  readonly succeed: (response: http.IncomingMessage, body: Buffer) => void;
}

function readBody(
  { method, maxResponseBytes, reserveBytes }: HttpRequest,
  response: http.IncomingMessage,
  { idleMs, clock, guarded, fail, failWith, succeed }: BodyNeeds,
): void {
  const announced = announcedBytes(method, response);
  if (announced === 'unknown end') return void fail('broken');
  if (announced !== 'in chunks' && announced > maxResponseBytes) return void fail('too-large');
  const collector = createBodyCollector(announced === 'in chunks' ? undefined : announced);
  const intake = createBodyIntake({
    response,
    reserveBytes,
    mostBytes: announced === 'in chunks' ? maxResponseBytes : announced,
    isLengthKnown: announced !== 'in chunks',
    windowMs: idleMs,
    onPause: clock.pause,
    onResume: () => clock.enter(idleMs),
    onTooSlow: () => fail('timeout'),
    onError: failWith,
  });
  response.on(
    'data',
    guarded((chunk: Buffer) => {
      clock.extend();
      const bytes = collector.bytes() + chunk.length;
      if (bytes > maxResponseBytes) return fail('too-large');
      collector.add(chunk);
      intake.received(bytes);
    }),
  );
  // `aborted` and a short body both end here: `end` fires only for a complete answer.
  response.on('error', (error) => fail('broken', error));
  response.on(
    'end',
    guarded(() => {
      if (response.complete) succeed(response, collector.take());
      else fail('broken');
    }),
  );
}

/** Bytes of another answer that are no head, on a connection that has been used: the request came upon them. */
function isGarbage(error: Error, request: http.ClientRequest): boolean {
  const code: unknown = Reflect.get(error, 'code');
  return request.reusedSocket && typeof code === 'string' && code.startsWith('HPE_');
}

/** Whose answer it is, as far as it says so (PX-17). */
function ownerOf({ statusCode = 0, headers }: http.IncomingMessage, echo: Echo | undefined, loan: Loan) {
  const value = echo && headers[echo.name];
  if (typeof value === 'string') {
    // One that comes twice is joined; letters may change their case on the way.
    const values = value.split(',').map((one) => one.trim().toLowerCase());
    return values.every((one) => one === echo?.value.toLowerCase()) ? 'ours' : 'another';
  }
  if (echo === undefined || echo.whenMissing === 'own') return 'ours';
  if (statusCode >= 400 && !(echo.whenMissing === 'foreign' && loan.isShared))
    return 'ours, of a server in between';
  return echo.whenMissing === 'foreign' ? 'another' : 'ours';
}

/**
 * An answer that has no body and announces one. The next reader may wait for it, or take for an answer what follows.
 * @see RFC 9110, 8.6 and 15.3.6
 */
function hasForbiddenBody({ statusCode, headers }: http.IncomingMessage): boolean {
  if (statusCode !== 204 && statusCode !== 205 && statusCode !== 304) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
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
