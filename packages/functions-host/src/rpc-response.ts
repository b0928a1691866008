import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { RpcCookie, RpcHttpResponse } from './core-types.ts';

/** Writes the response of the worker. A function that returns nothing results in 204. */
export function sendRpcResponse(response: ServerResponse, answer: RpcHttpResponse | undefined): void {
  response.setHeader('server', SERVER);
  if (!answer) {
    response.writeHead(204).end();
    return;
  }
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  for (const cookie of answer.cookies ?? []) response.appendHeader('set-cookie', toSetCookie(cookie));
  response.statusCode = Number(answer.statusCode ?? 200);
  const body = answer.body?.bytes ?? answer.body?.string ?? '';
  if (body.length > 0 && !response.hasHeader('content-length')) announceNoLength(response);
  response.end(body);
}

/** The host does not compute a length: it sends chunks, or to a client of HTTP/1.0 everything until it closes. */
function announceNoLength(response: ServerResponse): void {
  const { httpVersion, method } = response.req;
  const hasBody = method !== 'HEAD' && response.statusCode !== 204 && response.statusCode !== 304;
  if (hasBody && httpVersion === '1.1') response.setHeader('transfer-encoding', 'chunked');
  else response.removeHeader('content-length');
}

/** Writes a response of the host itself, without a body. */
export function sendBare(response: ServerResponse, status: number, headers: OutgoingHttpHeaders = {}): void {
  send(response, status, '', headers);
}

/** Writes a response of the host itself. */
export function send(
  response: ServerResponse,
  status: number,
  body = '',
  headers: OutgoingHttpHeaders = {},
): void {
  if (response.headersSent || response.destroyed) return;
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  const length = status === 204 ? {} : { 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, { server: SERVER, ...length, ...headers }).end(body);
}

const SERVER = 'Kestrel';

/** Writes the header as ASP.NET does: "path=/" by default, and only these attributes. */
function toSetCookie(cookie: RpcCookie): string {
  const { domain, path, expires, secure, httpOnly, sameSite, maxAge } = cookie;
  const attributes = [
    `${cookie.name}=${escapeData(cookie.value ?? '')}`,
    expires && `expires=${new Date(expires.value.seconds * 1000).toUTCString()}`,
    maxAge && `max-age=${Math.trunc(maxAge.value)}`,
    domain?.value && `domain=${domain.value}`,
    `path=${path ? path.value : '/'}`,
    secure?.value && 'secure',
    sameSite && sameSite !== 'none' && `samesite=${sameSite === 'explicitNone' ? 'none' : sameSite}`,
    httpOnly?.value && 'httponly',
  ];
  return attributes.filter(Boolean).join('; ');
}

/** Escapes as `Uri.EscapeDataString` does: only unreserved characters stay, unlike with encodeURIComponent. */
function escapeData(value: string) {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
