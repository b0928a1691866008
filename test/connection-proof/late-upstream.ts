import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { parentPort } from 'node:worker_threads';

/**
 * An upstream that answers one request twice. It runs in its own thread, so that a blocked event loop of the worker does
 * not delay it. `/first?…` is answered as its query says, and again some milliseconds later. `/second?…` is answered once.
 */
const heads: Readonly<Record<string, string>> = {
  '200': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n',
  '204': 'HTTP/1.1 204 No Content\r\n',
  '204 with a length': 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n',
  '205': 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n',
  '304': 'HTTP/1.1 304 Not Modified\r\n',
  '304 with a length': 'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n',
};

function respond(socket: Socket, head: string): void {
  const { pathname, searchParams: query } = new URL(head.split(' ')[1] ?? '', 'http://upstream');
  const asked = /^client-request-id: (.*)$/im.exec(head)?.[1] ?? '';
  const id = query.get('id') === 'yes' ? `Client-Request-Id: ${asked}\r\n` : '';
  const answer = (of: string) => {
    const body = JSON.stringify({ of });
    return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${id}\r\n${body}`;
  };
  if (pathname === '/second') {
    setTimeout(() => socket.write(answer(query.get('run') ?? '')), Number(query.get('waitMs')));
    return;
  }
  socket.setNoDelay(query.get('nagle') === 'no');
  const form = query.get('form') ?? '';
  // Measured before the first write and after the second, so that a delay of the thread in between shows.
  const firstMs = performance.now();
  socket.write(`${heads[form]}${id}\r\n${form === '200' ? '{}' : ''}`);
  const stamp = () => {
    parentPort?.postMessage({ run: query.get('run'), lateMs: performance.now() - firstMs });
  };
  setTimeout(
    () => {
      const late = answer('the run before');
      if (query.get('segments') === '1') {
        socket.write(late);
        stamp();
        return;
      }
      const [one, two] = [20, late.length - 5];
      socket.write(late.slice(0, one));
      stamp();
      setImmediate(() => socket.write(late.slice(one, two)));
      setTimeout(() => socket.write(late.slice(two)), 2);
    },
    Number(query.get('lateMs')),
  );
}

const server = createServer((socket) => {
  let pending = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    pending += chunk.toString('latin1');
    for (let end = pending.indexOf('\r\n\r\n'); end !== -1; end = pending.indexOf('\r\n\r\n')) {
      const head = pending.slice(0, end);
      pending = pending.slice(end + 4);
      respond(socket, head);
    }
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
parentPort?.postMessage({ port: typeof address === 'object' ? address?.port : undefined });
