import { Buffer } from 'node:buffer';
import { ReadableStream } from 'node:stream/web';
import type { Cookie, HttpResponseInit } from '@azure/functions';
import type { CookieToSet } from './cookies.ts';
import { isBodyless, type PreparedResponse, prepareResponse } from './prepared-response.ts';

/** The response of a handler. {@link commonHeaders} are added to it. */
export interface BffResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly cookies?: readonly CookieToSet[];
}

export function jsonResponse(value: unknown, status = 200): BffResponse {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(value),
  };
}

/** Status 303, after which the browser sends a GET. 307 and 308 would repeat a POST with its body (RFC 9700, 4.12). */
export function redirectResponse(location: string, cookies: readonly CookieToSet[] = []): BffResponse {
  return { status: 303, headers: { location }, cookies };
}

/**
 * Checks a response or problem of a custom function, which may be JavaScript without types. Without this check, the
 * Functions library would throw later, and the host would send a bare 500.
 * @throws {TypeError} for a status, body, header or cookie that cannot be sent
 */
export function requireSendable({ status, headers, body, cookies = [] }: BffResponse): void {
  const hasBody = typeof body === 'string' || body instanceof Uint8Array;
  const isSendable =
    Number.isInteger(status) &&
    status >= 200 &&
    status <= 599 &&
    (hasBody || body === undefined) &&
    cookies.every(({ name, value }) => typeof name === 'string' && typeof value === 'string');
  if (!isSendable) throw new TypeError('not a response that can be sent');
  new Headers(headers);
}

/** Headers of every response, errors included. A handler's headers take precedence. */
const commonHeaders = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  // Responses differ by user, and a cache must not return the response for one origin to another.
  vary: 'Cookie, Origin',
} as const;

const preparedCommonHeaders: ReadonlyMap<string, string> = new Map(Object.entries(commonHeaders));

export function toHttpResponse(
  response: BffResponse,
  secureCookies: boolean,
): HttpResponseInit & { readonly nativeResponse: PreparedResponse | undefined } {
  const { status, cookies = [] } = response;
  const body = response.body?.length === 0 ? undefined : response.body;
  const headers = withLength(status, response.headers ?? {}, body);
  const init = {
    status,
    headers: { ...commonHeaders, ...headers },
    cookies: cookies.map((cookie) => toCookie(cookie, secureCookies)),
  };
  const nativeResponse = prepareResponse(status, preparedCommonHeaders, headers, body);
  if (body === undefined) return { ...init, nativeResponse };
  return { ...init, nativeResponse, body: nativeResponse === undefined ? toHttpBody(body) : body };
}

/**
 * The host computes no length. Without the header, it sends the body in chunks, which takes more writes, and a client of
 * HTTP/1.0 would not notice a body that was cut off.
 */
function withLength(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array | undefined,
): Readonly<Record<string, string>> {
  if (body === undefined || isBodyless(status)) return headers;
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  // The handler of a custom function may have set another one.
  const isLength = (name: string) => name.toLowerCase() === 'content-length';
  if (!Object.keys(headers).some(isLength)) return { ...headers, ...length };
  const others = Object.entries(headers).filter(([name]) => !isLength(name));
  return { ...Object.fromEntries(others), ...length };
}

/** For a smaller body, a stream costs more than it saves. */
const LARGE_BODY_BYTES = 64 * 1024;

/** The Functions library copies a byte array four times, but the data of a stream only once (measured). */
function toHttpBody(body: string | Uint8Array): string | Uint8Array | ReadableStream {
  if (typeof body === 'string' || body.byteLength <= LARGE_BODY_BYTES) return body;
  return new ReadableStream({
    start(controller) {
      controller.enqueue(body);
      controller.close();
    },
  });
}

/**
 * Converts to an entry of the response's `cookies` list. If cookies were set as `Set-Cookie` headers instead, the host
 * would send only the last one (measured).
 */
function toCookie({ name, value, maxAgeSeconds }: CookieToSet, secure: boolean): Cookie {
  return { name, value, path: '/', httpOnly: true, secure, sameSite: 'Strict', maxAge: maxAgeSeconds };
}
