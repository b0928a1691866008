import { createServer, type RequestListener, type Server } from 'node:http';
import { MAX_HEADER_BYTES, MAX_REQUEST_LINE_BYTES } from './rpc-request.ts';

export interface LoopbackServer {
  port: number;
  close(): Promise<void>;
}

/**
 * Listens on both loopback addresses only, because browsers resolve "localhost" to either of them.
 * @param port 0 takes a free one
 */
export async function listenOnLoopback(listener: RequestListener, port = 0): Promise<LoopbackServer> {
  for (let attemptsLeft = 10; ; attemptsLeft -= 1) {
    const ipv4 = await listen(listener, '127.0.0.1', port);
    const chosenPort = portOf(ipv4);
    try {
      const ipv6 = await listen(listener, '::1', chosenPort);
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

async function listen(listener: RequestListener, host: string, port: number): Promise<Server> {
  // The sum of both limits. `readHeaders` checks each of them.
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES + MAX_REQUEST_LINE_BYTES }, listener);
  // Without a listener node:http closes the connection. To the real host CONNECT is a method that no route has.
  server.on('connect', (_request, socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map(
      (server) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
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
