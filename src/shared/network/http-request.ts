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
  /** The owner of the answer. A connection goes to another borrower only after it has been silent. */
  readonly borrower: Borrower;
  /** Sends the request over an unused connection. */
  readonly isOnNewConnection?: boolean;
  /** For everything: connecting, sending, waiting, the last byte of the answer. The phases have limits of their own. */
  readonly deadlineMs: number;
  readonly maxResponseBytes: number;
  /**
   * Reserves room, step by step, for a body that may have more than 64 KiB. Until there is room, the rest of the answer
   * stays in its connection. The provider of the room also takes it back.
   */
  readonly reserveBytes?: ReserveBytes;
  /**
   * An answer that has this header without this value is the answer to another request: a server that answers a request
   * twice is one answer ahead on that connection, and nothing else would tell.
   */
  readonly echo?: Echo;
}

/** A request header that comes back with the answer. */
export interface Echo {
  readonly name: string;
  readonly value: string;
  /**
   * How an answer without the header is treated. `foreign`: as the answer to another request. The exception is an error
   * status over a connection that never served another borrower, because a server in between may have sent it.
   * `unsure`: as the answer to this request. Both close the connection after an error without the header.
   * `own`: as the answer to this request, because these servers do not return the header.
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
  /** The answer to another request, or bytes that are not an HTTP answer. */
  | 'foreign'
  /** The request has a value that cannot be sent. Nothing was sent. */
  | 'unsendable'
  /** No connection became free while the request waited for one. Nothing was sent. */
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

/** Sends requests over kept-alive connections, which are shared by the rules of {@link Borrower}. */
export function createHttpSender(limits = phaseLimits, connectionLimits?: ConnectionLimits): SendHttp {
  // There are few origins, because they come from the settings.
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
      // The answer is complete and no clock runs any more. A server that stops reading would keep the connection for
      // ever.
      if (!request.writableFinished) request.destroy();
    };
    /** An error thrown in an event handler would end the process, and leave its timers and its connection. */
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

/** node:http throws at once if it cannot send a value. @throws {HttpFailure} unsendable */
function create(
  { method, path, headers, body }: HttpRequest,
  { protocol, hostname, port }: Target,
  loan: Loan,
): http.ClientRequest {
  try {
    return (protocol === 'https:' ? https : http).request({
      method,
      protocol,
      // A URL has an IPv6 address in brackets, which a resolver would take for a part of a name.
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
  /** Starts a new phase with this limit. */
  enter(limitMs: number): void;
  extend(): void;
  /** Until the next phase, only the deadline counts. */
  pause(): void;
  /** Ends all limits. */
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

/** A used connection held bytes of another answer that are not a head, and this request read them. */
function isGarbage(error: Error, request: http.ClientRequest): boolean {
  const code: unknown = Reflect.get(error, 'code');
  return request.reusedSocket && typeof code === 'string' && code.startsWith('HPE_');
}

/** The owner of an answer, as far as the answer shows it. */
function ownerOf({ statusCode = 0, headers }: http.IncomingMessage, echo: Echo | undefined, loan: Loan) {
  const value = echo && headers[echo.name];
  if (typeof value === 'string') {
    // Node joins a header that comes twice. Servers in between may change the case of letters.
    const values = value.split(',').map((one) => one.trim().toLowerCase());
    return values.every((one) => one === echo?.value.toLowerCase()) ? 'ours' : 'another';
  }
  if (echo === undefined || echo.whenMissing === 'own') return 'ours';
  if (statusCode >= 400 && !(echo.whenMissing === 'foreign' && loan.isShared))
    return 'ours, of a server in between';
  return echo.whenMissing === 'foreign' ? 'another' : 'ours';
}

/**
 * Whether an answer announces a body although its status forbids one. The next reader may wait for that body, or take
 * the bytes that follow for an answer.
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
