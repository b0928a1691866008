import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { headOf, serveConnection } from './connection.ts';
import type { RequestHead } from './request-head.ts';

export interface LoopbackServer {
  port: number;
  close(): Promise<void>;
}

export type Listener = (request: IncomingMessage, response: ServerResponse, head: RequestHead) => void;

/**
 * Listens on both loopback addresses only, because browsers resolve "localhost" to either of them.
 * @param port 0 takes a free one
 */
export async function listenOnLoopback(listener: Listener, port = 0): Promise<LoopbackServer> {
  const http = createNodeServer(listener);
  for (let attemptsLeft = 10; ; attemptsLeft -= 1) {
    const ipv4 = await listen(http, '127.0.0.1', port);
    const chosenPort = portOf(ipv4.server);
    try {
      const ipv6 = await listen(http, '::1', chosenPort);
      return { port: chosenPort, close: () => closeAll([ipv4, ipv6]) };
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') {
        return { port: chosenPort, close: () => closeAll([ipv4]) };
      }
      await closeAll([ipv4]);
      // A port that is free on one address may be taken on the other.
      if (port !== 0 || code !== 'EADDRINUSE' || attemptsLeft === 0) throw error;
    }
  }
}

/** Never listens. `serveConnection` gives it connections, and has checked the size of the headers. */
function createNodeServer(listener: Listener): HttpServer {
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const head = headOf(response);
    request.method = head.method;
    listener(request, response, head);
  };
  const server = createHttpServer({ maxHeaderSize: 64 * 1024, keepAliveTimeout: 0 }, serve);
  // Without a listener, Node.js responds to an unknown `Expect` with 417. Kestrel ignores it.
  server.on('checkExpectation', serve);
  return server;
}

interface Listening {
  server: Server;
  sockets: Set<Socket>;
}

async function listen(http: HttpServer, host: string, port: number): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serveConnection(socket, http).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return { server, sockets };
}

async function closeAll(listening: readonly Listening[]): Promise<void> {
  await Promise.all(
    listening.map(
      ({ server, sockets }) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          for (const socket of sockets) socket.destroy();
        }),
    ),
  );
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
