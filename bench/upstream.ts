import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { answerMessages } from './support/answer-messages.ts';
import { LONG_BYTES, longPath, SHORT_BYTES } from './support/requests.ts';

/** A request as the upstream received it. */
export interface SeenRequest {
  readonly authorization: string;
  readonly hasCookie: boolean;
}

export type UpstreamQuestion = 'origin' | 'watch' | 'seen';

/**
 * Graph, as far as the bench needs it: responds at once with JSON, and with 401 to a request without a bearer token. It
 * does as little as possible, because its core also runs the load. Between `watch` and `seen` it records the requests.
 */
let seen: SeenRequest[] | undefined;

function body(bytes: number): string {
  const start =
    '{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users/$entity","displayName":"Alice Adams","extensions":[';
  const items: string[] = [];
  for (let length = start.length; length < bytes - 400; length += (items.at(-1)?.length ?? 0) + 1) {
    const id = `3f0c2d0e-7f0a-4c8e-9d3b-${String(items.length).padStart(12, '0')}`;
    items.push(
      `{"id":"${id}","extensionName":"com.contoso.item${items.length}","createdDateTime":"2026-11-30T12:00:00Z","owner":"alice.adams@contoso.example","isShared":false,"rank":${items.length}}`,
    );
  }
  const withItems = `${start}${items.join()}],"aboutMe":"`;
  return `${withItems}${'x'.repeat(bytes - withItems.length - 2)}"}`;
}

/** The head ends before the value of `client-request-id`, which is that of the request. */
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

const short = response('200 OK', body(SHORT_BYTES));
const long = response('200 OK', body(LONG_BYTES));
const refused = response('401 Unauthorized', '{"error":{"code":"InvalidAuthenticationToken","message":""}}');
const headEnd = Buffer.from('\r\n\r\n');

function responseTo(head: string): string {
  const authorization = headerOf(head, 'authorization');
  seen?.push({ authorization, hasCookie: /\r\ncookie:/i.test(head) });
  const found = head.startsWith(`GET ${longPath} `) ? long : short;
  const { head: responseHead, json } = authorization.startsWith('Bearer ') ? found : refused;
  return `${responseHead}${headerOf(head, 'client-request-id')}\r\n\r\n${json}`;
}

/** Every system writes names in lower case. A search that ignores case would take most of the upstream's time. */
function headerOf(head: string, name: string): string {
  const start = head.indexOf(`\r\n${name}: `);
  if (start === -1) return '';
  const valueAt = start + name.length + 4;
  const end = head.indexOf('\r\n', valueAt);
  return head.slice(valueAt, end === -1 ? undefined : end);
}

const server = createServer((socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    let bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf(headEnd); end !== -1; end = bytes.indexOf(headEnd)) {
      socket.write(responseTo(bytes.toString('latin1', 0, end)), 'latin1');
      bytes = bytes.subarray(end + headEnd.length);
    }
    rest = bytes;
  });
});
server.listen(0, '127.0.0.1');
const listening = once(server, 'listening');

answerMessages(async (question: UpstreamQuestion) => {
  await listening;
  const recorded = seen ?? [];
  seen = String(question) === 'watch' ? [] : undefined;
  const address = server.address();
  const port = address === null || typeof address === 'string' ? 0 : address.port;
  return { origin: `http://127.0.0.1:${port}`, seen: recorded };
});
