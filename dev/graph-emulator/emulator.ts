import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Directory } from '../directory.ts';
import { createAuthenticateCaller } from './access-token.ts';
import { type GraphAnswer, GraphError, graphJsonType, toErrorAnswer } from './answers.ts';
import { type RecordedRequest, readBody, recordRequest } from './recorded-request.ts';
import { answerCall } from './routes.ts';
import { type Respond, sendScripted } from './scripted-answer.ts';
import { type GraphSwitches, goodDay } from './switches.ts';
import { applySwitches, switchesPage, switchesPageHeaders } from './switches-page.ts';

export type GraphEmulator = {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly switches: GraphSwitches;
  /** Every call but those of the switches page, oldest first. */
  readonly requests: RecordedRequest[];
  count(): number;
  /** Lets a test dictate the answers until it passes undefined. */
  respondWith(respond: Respond | undefined): void;
  close(): Promise<void>;
};

/** Starts a Microsoft Graph for this computer only, on plain HTTP. Port 0 takes a free one. */
export async function startGraphEmulator(options: {
  directory: Directory;
  /** Where the keys that sign access tokens are published. */
  entraOrigin: string;
  port?: number;
  now?: () => Date;
}): Promise<GraphEmulator> {
  const { directory, entraOrigin, port = 0, now = () => new Date() } = options;
  const authenticate = createAuthenticateCaller(entraOrigin);
  const switches: GraphSwitches = { ...goodDay };
  const requests: RecordedRequest[] = [];
  let respond: Respond | undefined;

  const server = createServer((incoming, response) => {
    const handle = /^\/switches(\?|$)/.test(incoming.url ?? '') ? handleSwitches : handleCall;
    handle(incoming, response).catch((cause: unknown) => {
      // A caller that hung up is no failure of ours.
      if (!incoming.destroyed || incoming.complete)
        console.error('The Graph emulator failed on a request.', cause);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  const origin = `http://127.0.0.1:${address.port}`;

  async function handleCall(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const record = recordRequest(incoming);
    requests.push(record);
    response.once('close', () => {
      record.hungUp = !response.writableFinished;
    });
    const caller = await authenticate(incoming.headers.authorization, now());
    if (!(caller instanceof GraphError)) record.userId = caller.userId;
    await readBody(incoming, record);

    const scripted = await respond?.(record);
    if (scripted !== undefined) return sendScripted(response, scripted);
    if (switches.slowMs > 0) await delay(switches.slowMs, undefined, { ref: false });

    const requestId = randomUUID();
    const given = incoming.headers['client-request-id'];
    const call = { requestId, clientRequestId: typeof given === 'string' ? given : requestId, now: now() };
    let answer: GraphAnswer;
    try {
      refuseBySwitch(switches);
      if (caller instanceof GraphError) throw caller;
      const [path = '', query = ''] = record.target.split(/\?(.*)/s);
      if (!path.startsWith('/v1.0/')) {
        throw new GraphError(
          404,
          'ResourceNotFound',
          `Resource not found for the segment '${path.split('/')[1]}'.`,
        );
      }
      answer = answerCall({
        method: record.method,
        path: path.slice('/v1.0'.length),
        query: new URLSearchParams(query),
        caller,
        directory,
        origin,
        now: call.now,
      });
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      answer = toErrorAnswer(error, call);
    }
    sendAnswer(response, answer, call);
  }

  async function handleSwitches(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (incoming.method !== 'POST') {
      response
        .writeHead(200, switchesPageHeaders)
        .end(switchesPage(switches, entraOrigin, /\?saved$/.test(incoming.url ?? '')));
      return;
    }
    // A page of another site must not press these buttons. Programs send no Origin.
    if (incoming.headers.origin !== undefined && incoming.headers.origin !== origin) {
      response
        .writeHead(403, { 'content-type': 'text/plain' })
        .end('Another site must not change the switches.');
      return;
    }
    const record = recordRequest(incoming);
    await readBody(incoming, record);
    applySwitches(switches, new URLSearchParams(record.body.toString('utf8')));
    response.writeHead(303, { location: '/switches?saved' }).end();
  }

  return {
    origin,
    switches,
    requests,
    count: () => requests.length,
    respondWith: (next) => {
      respond = next;
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

function refuseBySwitch(switches: GraphSwitches): void {
  if (switches.unavailable) {
    throw new GraphError(503, 'serviceNotAvailable', 'The service is temporarily unavailable.');
  }
  if (switches.throttledCalls <= 0) return;
  switches.throttledCalls -= 1;
  throw new GraphError(429, 'TooManyRequests', 'Too many requests. Wait before you try again.', {
    'Retry-After': String(switches.retryAfterSeconds),
  });
}

function sendAnswer(
  response: ServerResponse,
  { status, headers, body }: GraphAnswer,
  call: { requestId: string; clientRequestId: string },
): void {
  const bytes =
    body === undefined
      ? Buffer.alloc(0)
      : body instanceof Uint8Array
        ? body
        : Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    // An empty 202 has no type: Graph's own client fails on one.
    ...(body !== undefined && { 'Content-Type': graphJsonType }),
    'Cache-Control': 'no-cache',
    'Content-Length': bytes.length,
    'request-id': call.requestId,
    'client-request-id': call.clientRequestId,
    ...headers,
  });
  response.end(bytes);
}
