import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

/** A request as the handlers of an emulator see it. */
export interface EmulatorRequest {
  readonly method: string;
  /** Path and query, byte for byte. */
  readonly target: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly form: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in the order they arrived. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[];
}

export interface Reply {
  readonly status: number;
  /** A list becomes one header line for each value. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Text and bytes are sent unchanged, everything else as JSON. */
  readonly body?: unknown;
}

export function redirectTo(location: string, status: 302 | 303 = 302): Reply {
  return { status, headers: { location } };
}

export function jsonReply(status: number, body: unknown, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body };
}

export function textReply(status: number, body: string): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

/** @throws {Error} if the body is larger than `bodyLimitBytes` */
export async function readRequest(
  incoming: IncomingMessage,
  bodyLimitBytes = Number.POSITIVE_INFINITY,
): Promise<EmulatorRequest> {
  const target = incoming.url ?? '/';
  const [path = '/', query = ''] = target.split(/\?(.*)/s);
  const body = await readBody(incoming, bodyLimitBytes);
  const { rawHeaders } = incoming;
  return {
    method: incoming.method ?? 'GET',
    target,
    path,
    query: new URLSearchParams(query),
    body,
    form: new URLSearchParams(body.toString('utf8')),
    headers: incoming.headers,
    rawHeaders: rawHeaders.flatMap((name, at) =>
      at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : [],
    ),
  };
}

async function readBody(incoming: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of incoming) {
    const bytes = Buffer.from(chunk);
    sizeBytes += bytes.length;
    if (sizeBytes > limitBytes) throw new Error(`The request body is larger than ${limitBytes} bytes.`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** Returns the bytes of a reply's body. */
export function toBytes(body: unknown): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body);
  if (body === undefined) return Buffer.alloc(0);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

export function toNodeHeaders(headers: Reply['headers'] = {}): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );
}

export function sendReply(response: ServerResponse, { status, headers, body }: Reply): void {
  const bytes = toBytes(body);
  response.writeHead(status, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...toNodeHeaders(headers),
    'content-length': bytes.length,
  });
  response.end(bytes);
}

/** Pages of other sites must not submit the forms of an emulator. Programs send no `Origin`. */
export function isFromForeignPage(request: EmulatorRequest, origin: string): boolean {
  return request.headers.origin !== undefined && request.headers.origin !== origin;
}
