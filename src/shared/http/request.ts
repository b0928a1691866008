import { Buffer } from 'node:buffer';
import type { HttpRequest, InvocationContext } from '@azure/functions';
import { BffError } from '../errors.ts';
import { type Log, type LogLevel, type LogRecord, toLogLine } from '../telemetry/log.ts';
import { type Cookies, parseCookies, parseLongCookies } from './cookies.ts';
import { parseQuery, type QueryResult } from './query.ts';

/**
 * A request. Its paths and its query do not depend on the Host header. The platform's identity headers
 * (`X-MS-CLIENT-PRINCIPAL`) are not interpreted.
 */
export interface BffRequest {
  readonly method: string;
  /** The path as in the URL, with dot segments already collapsed. Use it for comparison only, never to build a URL. */
  readonly path: string;
  /**
   * The path of the route that the host matched, with its parameters filled in. The service builds its own URLs from
   * it.
   */
  readonly routePath: string;
  /** As it was sent, without the question mark. */
  readonly rawQuery: string;
  readonly query: QueryResult;
  readonly cookies: Cookies;
  readonly invocationId: string;
  /** Monotonic time at which the host handed over the request. The platform's 230 seconds begin earlier. */
  readonly startedMs: number;
  header(name: string): string | undefined;
  /** Returns the parameter as the host's router decodes it: once, with dot segments kept (measured). */
  routeParameter(name: string): string;
  /** Returns the body, or undefined if it is longer than the limit. The bytes are counted as they are read. */
  body(limitBytes: number): Promise<Uint8Array | undefined>;
}

/** @throws {BffError} request_invalid for a Host header that would change the path or the query */
export function toBffRequest(
  request: HttpRequest,
  context: InvocationContext,
  {
    startedMs,
    allowsLongCookieHeader,
  }: { readonly startedMs: number; readonly allowsLongCookieHeader: boolean },
): BffRequest {
  requireHost(request.headers.get('host') ?? '');
  const { path, rawQuery } = splitUrl(request.url);
  const header = (name: string) => request.headers.get(name) ?? undefined;
  return {
    method: request.method,
    path,
    // A call of an API uses neither.
    get routePath() {
      return toRoutePath(context.options.trigger['route'], request.params, path);
    },
    get query() {
      return parseQuery(rawQuery);
    },
    rawQuery,
    cookies: allowsLongCookieHeader ? parseLongCookies(header('cookie')) : parseCookies(header('cookie')),
    invocationId: context.invocationId,
    startedMs,
    header,
    routeParameter: (name) => request.params[name] ?? '',
    body: (limitBytes) => readBody(request.body, limitBytes),
  };
}

/**
 * Only path and query are used, because scheme and host come from the client's Host header. `#` and what follows counts as
 * part of the query. No browser sends it, and parsers differ on whether the query ends there.
 * @param url as `Request` has parsed and written it: a scheme, a host and a path that begins with a slash
 */
function splitUrl(url: string): { readonly path: string; readonly rawQuery: string } {
  const pathStart = url.indexOf('/', url.indexOf('://') + '://'.length);
  const end = url.slice(pathStart).search(/[?#]/);
  if (end === -1) return { path: url.slice(pathStart), rawQuery: '' };
  const pathEnd = pathStart + end;
  return { path: url.slice(pathStart, pathEnd), rawQuery: url.slice(pathEnd).replace(/^\?/, '') };
}

/**
 * The Functions host copies the Host header into the request's URL. With `bff.test//evil.test`, the text `//evil.test`
 * would become part of the path.
 */
function requireHost(host: string): void {
  if (/[/?#\\@\s]/.test(host))
    throw new BffError('request_invalid', { detail: 'The Host header is not valid.' });
}

/**
 * Returns the path of this route, in the route's own spelling. The path in `request.url` is unsafe: there, `%252e%252e`
 * in a parameter has become `..` and was collapsed, so the path may begin with two slashes. A browser takes the text
 * after them for a host.
 */
function toRoutePath(route: unknown, params: Readonly<Record<string, string>>, pathname: string): string {
  const template = typeof route === 'string' ? route : pathname;
  const path = template.replace(/\{\*?(\w+)\??\}/g, (_text, name: string) =>
    (params[name] ?? '').split('/').map(encodeSegment).join('/'),
  );
  return `/${path.replace(/^[/\\]+/, '')}`;
}

const encodeSegment = (text: string) => encodeURIComponent(text.toWellFormed());

/** The host hands over the body as one chunk, which is returned without a copy. `arrayBuffer()` would copy it twice. */
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

/** Whether this is the second load of a bounce, with which the browser sends its Strict cookies. */
export function isBounced({ query }: BffRequest): boolean {
  return query.kind === 'query' && query.query.get('bounced') === '1';
}

/**
 * Whether the page should be loaded once more because its Strict cookies may be missing. `Sec-Fetch-Site: same-origin`
 * means that a page of this origin started the navigation and that every redirect on the way was of this origin. The
 * cookies were then sent.
 */
export function mayBounce(request: BffRequest): boolean {
  return !isBounced(request) && request.header('sec-fetch-site') !== 'same-origin';
}

/**
 * Whether the second load of a bounce can be redirected to the URL without the marker, so that the user does not see
 * the marker. The browser sends its Strict cookies there too. If it sends no `Sec-Fetch-Site`, it is not redirected,
 * because the page could bounce again.
 */
export function canDropBounce(request: BffRequest): boolean {
  const site = request.header('sec-fetch-site');
  return isBounced(request) && isNavigation(request) && (site === 'same-origin' || site === 'none');
}
