import { Buffer } from 'node:buffer';
import type { HttpRequest, InvocationContext } from '@azure/functions';
import { BffError } from '../errors.ts';
import { type Log, type LogLevel, type LogRecord, toLogLine } from '../telemetry/log.ts';
import { type Cookies, parseCookies, parseManyCookies } from './cookies.ts';
import { parseQuery, type QueryResult } from './query.ts';

/** A request. None of its members comes from the Host header. Identity headers of the platform are not interpreted. */
export interface BffRequest {
  readonly method: string;
  /**
   * The path as in the URL, with dot segments already collapsed. Use it for comparison only, never to build an
   * address.
   */
  readonly path: string;
  /**
   * The path of the route that the host matched, with its parameters filled in. Our own addresses are built
   * from it.
   */
  readonly routePath: string;
  /** As it was sent, without the question mark. */
  readonly rawQuery: string;
  readonly query: QueryResult;
  readonly cookies: Cookies;
  readonly invocationId: string;
  /** Monotonic time at which the host handed over the request. The platform's limit starts earlier. */
  readonly startedMs: number;
  header(name: string): string | undefined;
  /** As the host's router decodes it: once, and with dot segments (measured). */
  routeParameter(name: string): string;
  /** Returns the body, or undefined if it is longer than the limit. The bytes are counted as they are read. */
  body(limitBytes: number): Promise<Uint8Array | undefined>;
}

/** @throws {BffError} request_invalid for a Host header that would extend into path and query */
export function toBffRequest(
  request: HttpRequest,
  context: InvocationContext,
  {
    startedMs,
    allowsLongCookieHeader,
  }: { readonly startedMs: number; readonly allowsLongCookieHeader: boolean },
): BffRequest {
  requireHost(request.headers.get('host') ?? '');
  // Only path and query are used, because scheme and host come from the client's Host header.
  const { pathname, href } = new URL(request.url);
  // A fragment counts as part of the query. No browser sends one, and parsers differ on whether the query ends there.
  const rawQuery = (/[?#].*$/s.exec(href)?.[0] ?? '').replace(/^\?/, '');
  const header = (name: string) => request.headers.get(name) ?? undefined;
  return {
    method: request.method,
    path: pathname,
    routePath: toRoutePath(context.options.trigger['route'], request.params, pathname),
    rawQuery,
    query: parseQuery(rawQuery),
    cookies: allowsLongCookieHeader ? parseManyCookies(header('cookie')) : parseCookies(header('cookie')),
    invocationId: context.invocationId,
    startedMs,
    header,
    routeParameter: (name) => request.params[name] ?? '',
    body: (limitBytes) => readBody(request.body, limitBytes),
  };
}

/**
 * The host copies the header into the request's URL. In `bff.test//evil.test` a part of it would become the path.
 */
function requireHost(host: string): void {
  if (/[/?#\\@\s]/.test(host))
    throw new BffError('request_invalid', { detail: 'The Host header is not valid.' });
}

/**
 * Returns the path of this route, in the route's own spelling. `request.url` is not suitable. In it,
 * `%252e%252e` in a parameter has become `..` and is collapsed. The path may then begin with two slashes, which
 * a browser reads as another host.
 */
function toRoutePath(route: unknown, params: Readonly<Record<string, string>>, pathname: string): string {
  const template = typeof route === 'string' ? route : pathname;
  const path = template.replace(/\{\*?(\w+)\??\}/g, (_text, name: string) =>
    (params[name] ?? '').split('/').map(encodeSegment).join('/'),
  );
  return `/${path.replace(/^[/\\]+/, '')}`;
}

const encodeSegment = (text: string) => encodeURIComponent(text.toWellFormed());

/** The host hands over a body in one piece, which is not copied. `arrayBuffer()` would copy it twice. */
async function readBody(body: HttpRequest['body'], limitBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a body consists of bytes');
    bytes += chunk.byteLength;
    if (bytes > limitBytes) return undefined;
    chunks.push(chunk);
  }
  const [first = new Uint8Array(), ...more] = chunks;
  return more.length === 0 ? first : Buffer.concat(chunks);
}

/** Writes one line of JSON per record, with the invocation id. The host adds the time and the function's name. */
export function invocationLog(context: InvocationContext): Log {
  return (level: LogLevel, record: LogRecord) => {
    context[level](toLogLine({ ...record, invocation_id: context.invocationId }));
  };
}

/**
 * Whether a browser loads a page. For browsers that do not send Fetch Metadata, `Accept` decides.
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function isNavigation({ method, header }: BffRequest): boolean {
  if (method !== 'GET') return false;
  const mode = header('sec-fetch-mode');
  if (mode !== undefined) return mode === 'navigate' && header('sec-fetch-dest') === 'document';
  return prefersHtml(header('accept'));
}

/** True if the header names HTML, and does not name JSON before it. */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const types = accept.split(',').map((part) => part.split(';')[0]?.trim().toLowerCase());
  const html = types.indexOf('text/html');
  const json = types.findIndex((type) => type === 'application/json' || type === 'application/problem+json');
  return html !== -1 && (json === -1 || html < json);
}

/** Whether the browser has already loaded the page twice, to send its Strict cookies. */
export function isBounced({ query }: BffRequest): boolean {
  return query.kind === 'query' && query.query.get('bounced') === '1';
}
