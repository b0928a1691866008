import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SmallSite {
  readonly port: number;
  close(): Promise<void>;
}

export interface SmallAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is a page, everything else JSON. */
  readonly body?: unknown;
}

/** A web server on this machine, for which a test writes every response. */
export async function serve(
  answer: (url: URL, request: IncomingMessage) => SmallAnswer,
  host: 'localhost' | '127.0.0.1' = 'localhost',
): Promise<SmallSite> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const {
      status = 200,
      headers = {},
      body = '',
    } = answer(new URL(request.url ?? '/', 'http://localhost'), request);
    const isText = typeof body === 'string';
    response.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json', ...headers });
    response.end(isText ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => void server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const problem = (
  status: number,
  document: { readonly code: string; readonly [name: string]: unknown },
): SmallAnswer => ({
  status,
  headers: { 'content-type': 'application/problem+json', 'bff-problem': document.code },
  body: document,
});
