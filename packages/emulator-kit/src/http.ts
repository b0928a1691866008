import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

/** A request as the emulator's handlers see it. */
export interface EmulatorRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly form: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

export interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** Text and bytes are sent as they are, anything else as JSON. */
  readonly body: unknown;
}

export function redirectTo(location: string, status: 302 | 303 = 302): Reply {
  return {
    status,
    headers: { location },
    body: '',
  };
}

export function jsonReply(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body,
  };
}

const bodyLimitBytes = 1024 * 1024;

export async function readRequest(incoming: IncomingMessage): Promise<EmulatorRequest> {
  const [path = '/', query = ''] = (incoming.url ?? '/').split(/\?(.*)/s);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > bodyLimitBytes) throw new Error('The request body is larger than 1 MiB.');
    chunks.push(bytes);
  }
  return {
    method: incoming.method ?? 'GET',
    path,
    query: new URLSearchParams(query),
    form: new URLSearchParams(Buffer.concat(chunks).toString('utf8')),
    headers: incoming.headers,
  };
}

export function sendReply(response: ServerResponse, reply: Reply): void {
  const { body } = reply;
  const content = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  response.writeHead(reply.status, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...reply.headers,
    'content-length': Buffer.byteLength(content),
  });
  response.end(content);
}

/** A page of another site must not press the emulator's buttons. Programs send no `Origin`. */
export function isFromForeignPage(request: EmulatorRequest, origin: string): boolean {
  return request.headers.origin !== undefined && request.headers.origin !== origin;
}
