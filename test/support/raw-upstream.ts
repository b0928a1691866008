import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** A request, byte for byte. */
export interface RawRequest {
  /** Up to the empty line, without it. */
  readonly head: string;
  readonly body: Buffer;
}

/** Writes the bytes of a response. */
export type RawRespond = (socket: Socket, request: RawRequest) => void;

/** A server that parses just enough HTTP to separate requests. A test writes the bytes of its responses. */
export interface RawUpstream {
  readonly origin: string;
  readonly requests: RawRequest[];
  /** All connections since the start, including closed ones. */
  readonly connections: readonly Socket[];
  openConnections(): number;
  respondWith(respond: RawRespond): void;
  close(): Promise<void>;
}

/** @param tls key and certificate. Without them, the server uses plain HTTP. */
export async function startRawUpstream(tls?: { key: string; cert: string }): Promise<RawUpstream> {
  const requests: RawRequest[] = [];
  const connections: Socket[] = [];
  let respond: RawRespond = (socket, { head }) => {
    const answer = rawAnswer('{}');
    socket.write(head.startsWith('HEAD ') ? answer.subarray(0, -2) : answer);
  };

  const serve = (socket: Socket) => {
    connections.push(socket);
    let pending = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (;;) {
        const headEnd = pending.indexOf('\r\n\r\n');
        if (headEnd === -1) return;
        const head = pending.subarray(0, headEnd).toString('latin1');
        const end = headEnd + 4 + Number(/^content-length: *(\d+)$/im.exec(head)?.[1] ?? 0);
        if (pending.length < end) return;
        const request = { head, body: pending.subarray(headEnd + 4, end) };
        pending = pending.subarray(end);
        requests.push(request);
        respond(socket, request);
      }
    });
  };
  const server = tls ? createTlsServer(tls, serve) : createServer(serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;

  return {
    origin: tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    requests,
    connections,
    openConnections: () => connections.filter(({ destroyed }) => !destroyed).length,
    respondWith(next) {
      respond = next;
    },
    async close() {
      for (const socket of connections) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The bytes of a complete response with its length. */
export function rawAnswer(body: string | Buffer, head: readonly string[] = [], status = '200 OK'): Buffer {
  const lines = [`HTTP/1.1 ${status}`, `Content-Length: ${Buffer.byteLength(body)}`, ...head];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]);
}

/** The bytes of a complete response in chunks. */
export function rawChunkedAnswer(chunks: readonly (string | Buffer)[], head: readonly string[] = []): Buffer {
  const lines = ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', ...head];
  const parts = chunks.map((chunk) =>
    Buffer.concat([
      Buffer.from(`${Buffer.byteLength(chunk).toString(16)}\r\n`),
      Buffer.from(chunk),
      Buffer.from('\r\n'),
    ]),
  );
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), ...parts, Buffer.from('0\r\n\r\n')]);
}
