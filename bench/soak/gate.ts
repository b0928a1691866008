import { once } from 'node:events';
import http, { type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from '../../dev/free-port.ts';
import type { FaultMode } from './faults.ts';

export interface GateRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface GateReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

/** What is behind a gate. */
export interface Service {
  handle(request: GateRequest): Promise<GateReply> | GateReply;
  /** The response of the system, or of a server in front of it, that does not handle the request. */
  refuse(status: 429 | 503, request: GateRequest): GateReply;
  readonly slowMs: number;
}

/** The only way to a system. It makes the system fail on demand. */
export interface Gate {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** Requests that have arrived during faults so far. Refused connections are not counted. */
  readonly met: number;
  fail(mode: FaultMode | undefined): Promise<void>;
  close(): Promise<void>;
}

/** While it refuses connections, nothing listens, so it cannot count them. */
export async function openGate(service: Service): Promise<Gate> {
  const port = await findFreePort();
  let mode: FaultMode | undefined;
  let met = 0;
  const server = http.createServer({ keepAliveTimeout: 0 }, (incoming, response) => {
    serve(incoming, response).catch(() => response.destroy());
  });

  async function serve(incoming: http.IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = 'GET', url: target = '/', headers } = incoming;
    const request: GateRequest = { method, target, headers, body: Buffer.concat(chunks) };
    const fault = mode;
    if (fault !== undefined) met++;
    if (fault === 'silent') return;
    if (fault === 'unavailable') return send(response, service.refuse(503, request));
    if (fault === 'throttles') return send(response, service.refuse(429, request));
    if (fault === 'slow') await delay(service.slowMs);
    const reply = await service.handle(request);
    if (fault === 'resets') return void response.destroy();
    send(response, reply);
  }

  await listen(server, port);
  return {
    origin: `http://127.0.0.1:${port}`,
    get met() {
      return met;
    },
    async fail(next) {
      const before = mode;
      mode = next;
      if (next === 'refuses') await stopListening(server);
      else if (before === 'refuses') await listen(server, port);
    },
    close: () => (server.listening ? stopListening(server) : Promise.resolve()),
  };
}

function send(response: ServerResponse, { status, headers, body }: GateReply): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

/** An outgoing connection of another process may use the port for a moment. */
async function listen(server: http.Server, port: number): Promise<void> {
  for (let attemptsLeft = 200; ; attemptsLeft--) {
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      return;
    } catch (error) {
      if (attemptsLeft === 0) throw error;
      await delay(25);
    }
  }
}

async function stopListening(server: http.Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/** Forwards requests to a server. `host` is that of the request unless it is given. */
export function forwardTo(origin: string, host?: string): Service['handle'] {
  const agent = new http.Agent({ keepAlive: true });
  const { hostname, port } = new URL(origin);
  return ({ method, target: path, headers, body }) =>
    new Promise((resolve, reject) => {
      const sent = { ...headers, connection: 'keep-alive', ...(host === undefined ? {} : { host }) };
      const request = http.request({ hostname, port, method, path, headers: sent, agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 502,
            headers: endToEndHeaders(response.headers),
            body: Buffer.concat(chunks),
          }),
        );
      });
      request.on('error', reject);
      request.end(body);
    });
}

const hopByHop = ['connection', 'keep-alive', 'transfer-encoding', 'content-length'];

function endToEndHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' && !hopByHop.includes(name) ? [[name, value] as const] : [],
    ),
  );
}
