import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Directory } from '@entra-bff/directory';
import { sendReply } from '@entra-bff/emulator-kit';
import { decodeJwt } from 'jose';
import { evaluateAccess } from './access-evaluation.ts';
import { createAuthenticateCaller } from './access-token.ts';
import { type GraphAnswer, GraphError, graphJsonType, toErrorAnswer } from './answers.ts';
import { answerBatch } from './batch.ts';
import { createDrives } from './drives.ts';
import { createRevocations } from './revocations.ts';
import { answerCall } from './routes.ts';
import { createSavedItems } from './saved-items.ts';
import { defaultGraphSwitches, type GraphSwitches } from './switches.ts';
import { readSwitches, switchesPage } from './switches-page.ts';

/** A call as it came over the wire, before anything was checked. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query, byte for byte. */
  readonly target: string;
  /** Names and values in the order they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** The `oid` of the access token, unverified. */
  readonly subject: string | undefined;
}

/** Answers a call in the emulator's place: a test's way to break anything. */
export type Respond = (request: RecordedRequest, response: ServerResponse) => void | Promise<void>;

export interface GraphEmulator {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly requests: RecordedRequest[];
  count(): number;
  readonly switches: GraphSwitches;
  /** Continuous access evaluation: what this user, or everybody, has been issued until now is refused. */
  revokeTokens(userId?: string): void;
  forgetRevocations(): void;
  /** From now on `respond` answers every call; `undefined` gives the work back. */
  respondWith(respond: Respond | undefined): void;
  close(): Promise<void>;
}

/** Starts a Graph of invented people on plain HTTP, for this computer only. Port 0 takes a free one. */
export async function startGraphEmulator(options: {
  directory: Directory;
  entraOrigin: string;
  port?: number;
  now?: () => Date;
}): Promise<GraphEmulator> {
  const { directory, entraOrigin, port = 0, now = () => new Date() } = options;
  const authenticate = createAuthenticateCaller(entraOrigin);
  const requests: RecordedRequest[] = [];
  const switches: GraphSwitches = defaultGraphSwitches();
  const revocations = createRevocations();
  const saved = createSavedItems();
  let respond: Respond | undefined;
  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`;

  const drives = createDrives(origin);

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(incoming);
    const target = incoming.url ?? '/';
    if (/^\/(?:switches)?(?:\?|$)/.test(target)) return handleSwitches(incoming, response, body);
    if (target.startsWith('/files/')) return drives.serve(incoming, body, response);
    const request = record(incoming, target, body);
    requests.push(request);
    if (respond) return respond(request, response);
    if (switches.slowMs > 0) await wait(switches.slowMs);
    const call = {
      requestId: randomUUID(),
      clientRequestId: String(incoming.headers['client-request-id'] ?? randomUUID()),
      now: now(),
    };
    await sendGraphAnswer(response, await answer(incoming, request, call), call, switches);
  }

  async function answer(
    incoming: IncomingMessage,
    request: RecordedRequest,
    call: { requestId: string; clientRequestId: string; now: Date },
  ): Promise<GraphAnswer> {
    try {
      const isBatch = request.target === '/v1.0/$batch' && request.method === 'POST';
      if (!isBatch) failOnCommand(switches, call.now);
      const caller = await authenticate(incoming.headers.authorization, call.now);
      evaluateAccess(caller, { switches, revocations, directory, entraOrigin, now: call.now });
      const answerOne = ({ method, target, body }: Pick<RecordedRequest, 'method' | 'target' | 'body'>) => {
        const { pathname, searchParams } = new URL(target, origin);
        if (!pathname.startsWith('/v1.0/'))
          throw new GraphError(400, 'BadRequest', 'Invalid version: only v1.0 is emulated.');
        return answerCall({
          method: method === 'HEAD' ? 'GET' : method,
          path: pathname.slice('/v1.0'.length),
          query: searchParams,
          body,
          caller,
          directory,
          saved,
          drives,
          revocations,
          switches,
          entraOrigin,
          origin,
          now: call.now,
        });
      };
      if (!isBatch) return answerOne(request);
      return answerBatch(request.body, (part) => {
        try {
          // As Graph throttles: each part for itself, inside an answer of 200.
          failOnCommand(switches, call.now);
          return answerOne({ ...part, target: `/v1.0${part.url}` });
        } catch (error) {
          if (error instanceof GraphError) return toErrorAnswer(error, call);
          throw error;
        }
      });
    } catch (error) {
      if (error instanceof GraphError) return toErrorAnswer(error, call);
      throw error;
    }
  }

  function handleSwitches(incoming: IncomingMessage, response: ServerResponse, body: Buffer): void {
    if (incoming.method !== 'POST') {
      const { searchParams } = new URL(incoming.url ?? '/', origin);
      sendReply(response, switchesPage(switches, directory.users, searchParams.get('done')));
      return;
    }
    if (incoming.headers.origin !== undefined && incoming.headers.origin !== origin) {
      response
        .writeHead(403, { 'content-type': 'text/plain' })
        .end('Another site must not change the switches.');
      return;
    }
    const done = perform(new URLSearchParams(body.toString('utf8')));
    response.writeHead(303, { location: `/switches?done=${done}` }).end();
  }

  function perform(form: URLSearchParams): 'revoke' | 'forget' | 'save' {
    switch (form.get('action')) {
      case 'revoke':
        revocations.revoke(now(), form.get('user') || undefined);
        return 'revoke';
      case 'forget':
        revocations.forget();
        return 'forget';
      case 'reset':
        revocations.forget();
        Object.assign(switches, defaultGraphSwitches());
        return 'save';
      default:
        Object.assign(switches, readSwitches(form, switches));
        return 'save';
    }
  }

  return {
    origin,
    requests,
    count: () => requests.length,
    switches,
    revokeTokens: (userId) => revocations.revoke(now(), userId),
    forgetRevocations: revocations.forget,
    respondWith(next) {
      respond = next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function failOnCommand(switches: GraphSwitches, now: Date): void {
  if (switches.throttledCalls > 0) {
    switches.throttledCalls--;
    const retryAfter = retryAfterOf(switches, now);
    const headers = retryAfter === undefined ? {} : { 'Retry-After': retryAfter };
    throw new GraphError(429, 'TooManyRequests', 'Please retry again later.', headers);
  }
  if (switches.unavailable) throw new GraphError(503, 'serviceNotAvailable', 'The service is unavailable.');
}

function retryAfterOf({ retryAfterForm, retryAfterSeconds }: GraphSwitches, now: Date): string | undefined {
  switch (retryAfterForm) {
    case 'seconds':
      return String(retryAfterSeconds);
    case 'decimal':
      return retryAfterSeconds.toFixed(3);
    case 'date':
      return new Date(now.getTime() + retryAfterSeconds * 1000).toUTCString();
    case 'missing':
      return undefined;
  }
}

function record(incoming: IncomingMessage, target: string, body: Buffer): RecordedRequest {
  const { rawHeaders } = incoming;
  const headers = rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : [],
  );
  return {
    method: incoming.method ?? 'GET',
    target,
    headers,
    body,
    subject: subjectOf(incoming.headers.authorization),
  };
}

function subjectOf(authorization: string | undefined): string | undefined {
  try {
    const { oid } = decodeJwt(authorization?.replace(/^Bearer /i, '') ?? '');
    return typeof oid === 'string' ? oid : undefined;
  } catch {
    return undefined;
  }
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function sendGraphAnswer(
  response: ServerResponse,
  { status, headers = {}, body }: GraphAnswer,
  call: { requestId: string; clientRequestId: string },
  { breaksOff, bodyPauseMs }: GraphSwitches,
): Promise<void> {
  if (breaksOff === 'before-head') return void response.destroy();
  const content = Buffer.from(
    body === undefined || body instanceof Uint8Array ? (body ?? '') : JSON.stringify(body),
  );
  const isJson = body !== undefined && !(body instanceof Uint8Array);
  response.writeHead(status, {
    ...(isJson ? { 'content-type': graphJsonType } : {}),
    'request-id': call.requestId,
    'client-request-id': call.clientRequestId,
    'cache-control': 'no-store, no-cache',
    ...Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
    ),
    'content-length': content.length,
  });
  response.flushHeaders();
  if (breaksOff === 'after-head') return void response.destroy();
  const middle = content.length >> 1;
  if (breaksOff === 'in-body')
    return void response.write(content.subarray(0, middle), () => response.destroy());
  if (bodyPauseMs > 0) {
    response.write(content.subarray(0, middle));
    await wait(bodyPauseMs);
    response.end(content.subarray(middle));
  } else {
    response.end(content);
  }
}
