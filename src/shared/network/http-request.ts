import { Buffer } from 'node:buffer';
import http from 'node:http';
import https from 'node:https';

/** One outgoing request. The path goes out byte for byte: no URL parser looks at it on the way. */
export interface HttpRequest {
  readonly method: string;
  /** `https://host[:port]`; plain http is for the emulators. */
  readonly origin: string;
  /** Path and query, beginning with `/`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** For everything: connecting, sending, waiting, the last byte of the answer. */
  readonly deadlineMs: number;
  readonly maxResponseBytes: number;
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
  /** The answer broke off in the middle: what arrived must not pass for a whole one. */
  | 'broken'
  | 'too-large';

/** A request that got no whole answer. The caller translates it into the problem it means there. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly kind: HttpFailureKind;
  constructor(kind: HttpFailureKind, cause?: unknown) {
    super(kind, { cause });
    this.kind = kind;
  }
}

/** Sends one request and never follows a redirect. @throws {HttpFailure} */
export type SendHttp = (request: HttpRequest) => Promise<HttpAnswer>;

/** Requests over kept-alive connections. */
export function createHttpSender(): SendHttp {
  // Idle connections are let go before servers usually close them.
  const options = { keepAlive: true, maxSockets: 256, timeout: 20_000 };
  const agents = { 'https:': new https.Agent(options), 'http:': new http.Agent(options) };
  return (request) => send(request, agents);
}

function send(
  { method, origin, path, headers, body, deadlineMs, maxResponseBytes }: HttpRequest,
  agents: { 'https:': https.Agent; 'http:': http.Agent },
): Promise<HttpAnswer> {
  const { protocol, hostname, port } = new URL(origin);
  const secure = protocol === 'https:';
  const signal = AbortSignal.timeout(deadlineMs);
  return new Promise((resolve, reject) => {
    const fail = (kind: HttpFailureKind, cause?: unknown) =>
      reject(new HttpFailure(signal.aborted ? 'timeout' : kind, cause));
    const request = (secure ? https : http).request(
      {
        method,
        protocol,
        hostname,
        port,
        path,
        headers: body === undefined ? headers : { ...headers, 'content-length': String(body.byteLength) },
        agent: secure ? agents['https:'] : agents['http:'],
        signal,
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > maxResponseBytes) {
            fail('too-large');
            request.destroy();
            return;
          }
          chunks.push(chunk);
        });
        // `aborted` and a short body both end here: `end` fires only for a complete answer.
        response.on('error', (error) => fail('broken', error));
        response.on('end', () =>
          response.complete
            ? resolve({
                status: response.statusCode ?? 0,
                headers: response.headers,
                body: Buffer.concat(chunks),
              })
            : fail('broken'),
        );
      },
    );
    request.on('error', (error) => fail('unreachable', error));
    // A 101 that nobody asked for: without a listener node:http drops the connection and says nothing more (measured).
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      fail('broken');
    });
    request.end(body);
  });
}
