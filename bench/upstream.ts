import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer } from 'node:net';
import process from 'node:process';

/**
 * Graph, as far as the bench needs it: responds at once with JSON, and with 401 to a request without a bearer token, so that
 * a 200 proves that the token arrived. It reads no further than that, because its core also runs the load.
 */
const shortBody = body(1536);
const longBody = body(102_400);

function body(length: number): string {
  const start =
    '{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users","displayName":"Alice Adams","about":"';
  return `${start}${'x'.repeat(length - start.length - 2)}"}`;
}

/** The head ends where the id of the request belongs, which Graph returns. */
function response(status: string, json: string): { readonly head: string; readonly json: string } {
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8',
    `Content-Length: ${json.length}`,
    'Cache-Control: no-cache',
    'Strict-Transport-Security: max-age=31536000',
    'request-id: 3f0c2d0e-7f0a-4c8e-9d3b-0d6f5a1b2c3d',
    'x-ms-ags-diagnostic: {"ServerInfo":{"DataCenter":"West Europe","Slice":"E","Ring":"5"}}',
    'OData-Version: 4.0',
    'Date: Mon, 30 Nov 2026 12:00:00 GMT',
    'client-request-id: ',
  ];
  return { head: head.join('\r\n'), json };
}

const short = response('200 OK', shortBody);
const long = response('200 OK', longBody);
const refused = response('401 Unauthorized', '{"error":{"code":"InvalidAuthenticationToken","message":""}}');
const headEnd = Buffer.from('\r\n\r\n');

const server = createServer((socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    let bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const end = bytes.indexOf(headEnd);
      if (end === -1) break;
      const head = bytes.toString('latin1', 0, end);
      const mayRead = /\r\nauthorization: Bearer ./i.test(head);
      const { head: responseHead, json } = !mayRead
        ? refused
        : head.startsWith('GET /v1.0/users')
          ? long
          : short;
      const id = /\r\nclient-request-id: ([^\r]+)/i.exec(head)?.[1] ?? '';
      socket.write(`${responseHead}${id}\r\n\r\n${json}`, 'latin1');
      bytes = bytes.subarray(end + headEnd.length);
    }
    rest = bytes;
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
const port = address === null || typeof address === 'string' ? 0 : address.port;
process.once('message', () => process.send?.({ origin: `http://127.0.0.1:${port}` }));
process.once('disconnect', () => process.exit());
