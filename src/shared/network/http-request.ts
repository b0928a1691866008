import { Buffer } from 'node:buffer';
import http from 'node:http';
import https from 'node:https';
import { type ConnectionLimits, type Connections, createConnections, type Loan } from './connections.ts';
import {
  type Correlation,
  HttpFailure,
  type HttpFailureKind,
  type HttpRequest,
  type HttpResponse,
} from './http-message.ts';
import { type PhaseLimits, startPhaseClock } from './phase-clock.ts';
import { hasForbiddenBody, readBody } from './response-body.ts';

export type { Borrower } from './connection.ts';
export { type Correlation, HttpFailure, type HttpRequest, type HttpResponse } from './http-message.ts';

/** Sends one request and never follows a redirect. @throws {HttpFailure} */
export type SendHttp = (request: HttpRequest) => Promise<HttpResponse>;

/** `headMs` is the default timeout of .NET's HttpClient. */
const phaseLimits: PhaseLimits = { connectMs: 5_000, headMs: 100_000, idleMs: 15_000 };

/** Sends requests over keep-alive connections. The rules of {@link Borrower} decide which requests share one. */
export function createHttpSender(limits = phaseLimits, connectionLimits?: ConnectionLimits): SendHttp {
  // Origins come from the settings, so there are only a few.
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
    if (loan === undefined) throw new HttpFailure('no-connection', { noBytesReceived: true });
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
  outgoing: HttpRequest,
  target: Target,
  loan: Loan,
  { connectMs, headMs, idleMs }: PhaseLimits,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const request = createRequest(outgoing, target, loan);
    const clock = startPhaseClock(outgoing.deadlineMs, connectMs, () => fail('timeout'));
    let bytesReadBefore = 0;
    let responseHasBegun = false;

    function failWith(error: unknown) {
      clock.stop();
      reject(error);
      // Bytes that may still come over this connection belong to no request, so it is never used again.
      request.destroy();
    }
    function fail(kind: HttpFailureKind, cause?: unknown) {
      const noBytesReceived = (request.socket?.bytesRead ?? 0) === bytesReadBefore;
      failWith(new HttpFailure(kind, { cause, noBytesReceived }));
    }
    function succeed({ statusCode, headers }: http.IncomingMessage, body: Buffer) {
      clock.stop();
      resolve({ status: statusCode ?? 0, headers, body });
      // No limit applies after a complete response. A server that does not read the rest of the request would keep the
      // connection open forever.
      if (!request.writableFinished) request.destroy();
    }
    /** Turns an exception in an event handler into a failure. Otherwise it would end the process. */
    function failOnThrow<Args extends unknown[]>(handle: (...args: Args) => void) {
      return (...args: Args) => {
        try {
          handle(...args);
        } catch (error) {
          fail('broken', error);
        }
      };
    }
    function receive(response: http.IncomingMessage) {
      responseHasBegun = true;
      clock.enter(idleMs);
      loan.recordResponse(response);
      const match = matchCorrelation(response, outgoing.correlation, loan);
      if (match === 'mismatched') return fail('mismatched');
      if (match === 'from-intermediary') loan.endAfterwards();
      if (hasForbiddenBody(response)) {
        succeed(response, Buffer.alloc(0));
        return void request.destroy();
      }
      readBody(outgoing, response, { idleMs, clock, failOnThrow, fail, failWith, succeed });
    }

    request.on('socket', (socket) => {
      bytesReadBefore = socket.bytesRead;
      const isSecure = loan.agent instanceof https.Agent;
      if (socket.connecting) socket.once(isSecure ? 'secureConnect' : 'connect', () => clock.enter(headMs));
      else clock.enter(headMs);
    });
    request.on('response', failOnThrow(receive));
    request.on('error', (error) => {
      if (responseHasBegun) fail('broken', error);
      else if (Reflect.get(error, 'code') === 'HPE_HEADER_OVERFLOW') fail('headers-too-large', error);
      else fail(isParseErrorOnReuse(error, request) ? 'mismatched' : 'unreachable', error);
    });
    // Without a listener for an unrequested 101, node:http drops the connection and emits nothing more (measured).
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      fail('broken');
    });
    failOnThrow(() => request.end(outgoing.body))();
  });
}

/** @throws {HttpFailure} unsendable, if node:http refuses a value of the request */
function createRequest(
  { method, path, headers, body }: HttpRequest,
  { protocol, hostname, port }: Target,
  loan: Loan,
): http.ClientRequest {
  try {
    return (protocol === 'https:' ? https : http).request({
      method,
      protocol,
      // In a URL, an IPv6 address is in brackets, which a resolver would take for part of a name.
      hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
      port,
      path,
      headers: body === undefined ? headers : { ...headers, 'content-length': String(body.byteLength) },
      agent: loan.agent,
    });
  } catch (error) {
    loan.drop();
    throw new HttpFailure('unsendable', { cause: error, noBytesReceived: true });
  }
}

/** True if a reused connection delivered bytes that do not start a response. They belong to an earlier response. */
function isParseErrorOnReuse(error: Error, request: http.ClientRequest): boolean {
  const code: unknown = Reflect.get(error, 'code');
  return request.reusedSocket && typeof code === 'string' && code.startsWith('HPE_');
}

/**
 * Decides by the headers whether a response belongs to this request.
 * @returns `from-intermediary` if a server in between may have sent the response
 */
function matchCorrelation(
  { statusCode = 0, headers }: http.IncomingMessage,
  correlation: Correlation | undefined,
  loan: Loan,
): 'matched' | 'mismatched' | 'from-intermediary' {
  if (correlation === undefined) return 'matched';
  const { name, value: sent, whenMissing } = correlation;
  const returned = headers[name];
  if (returned === sent) return 'matched';
  if (typeof returned === 'string') {
    // Node joins repeated headers by commas. Servers in between may change the case of letters.
    const values = returned.split(',').map((value) => value.trim().toLowerCase());
    return values.every((value) => value === sent.toLowerCase()) ? 'matched' : 'mismatched';
  }
  if (whenMissing === 'matched') return 'matched';
  if (statusCode >= 400 && !(whenMissing === 'mismatched' && loan.isShared)) return 'from-intermediary';
  return whenMissing === 'mismatched' ? 'mismatched' : 'matched';
}
