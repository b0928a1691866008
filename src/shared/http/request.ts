import { Buffer } from 'node:buffer';
import type { HttpRequest, InvocationContext } from '@azure/functions';
import { BffError } from '../errors.ts';
import { type Log, type LogLevel, type LogRecord, toLogLine } from '../telemetry/log.ts';
import { type Cookies, parseCookies, parseManyCookies } from './cookies.ts';
import { parseQuery, type QueryReading } from './query.ts';

/** A request as our functions read it: nothing in it comes from the Host header or from platform identity headers. */
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
  /** Without the question mark, as it came. */
  readonly rawQuery: string;
  readonly query: QueryReading;
  readonly cookies: Cookies;
  readonly invocationId: string;
  /** Monotonic time at which the host handed over the request. The platform's limit starts earlier. */
  readonly startedMs: number;
  header(name: string): string | undefined;
  /** As the host's router decoded it: once, and without collapsing dot segments (measured). */
  routeParameter(name: string): string;
  /** The body, or undefined when it has more bytes: counted as they are read, whatever a header says. */
  body(limitBytes: number): Promise<Uint8Array | undefined>;
}

/** @throws {BffError} request_invalid for a Host header that would extend into path and query */
export function toBffRequest(
  request: HttpRequest,
  context: InvocationContext,
  { startedMs, readsManyCookies }: { readonly startedMs: number; readonly readsManyCookies: boolean },
): BffRequest {
  requireHost(request.headers.get('host') ?? '');
  // Scheme and host are the client's own words (its Host header): only path and query are used.
  const { pathname, href } = new URL(request.url);
  // A fragment stays in view: no browser sends one, and readers differ on whether the query ends there.
  const rawQuery = (/[?#].*$/s.exec(href)?.[0] ?? '').replace(/^\?/, '');
  const header = (name: string) => request.headers.get(name) ?? undefined;
  return {
    method: request.method,
    path: pathname,
    routePath: toRoutePath(context.options.trigger['route'], request.params, pathname),
    rawQuery,
    query: parseQuery(rawQuery),
    cookies: readsManyCookies ? parseManyCookies(header('cookie')) : parseCookies(header('cookie')),
    invocationId: context.invocationId,
    startedMs,
    header,
    routeParameter: (name) => request.params[name] ?? '',
    body: (limitBytes) => readBody(request.body, limitBytes),
  };
}

/**
 * The host copies the header unchanged into the request's address: `bff.test//evil.test` would become a path.
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

/** A body that came in one piece, as the host's do, is not copied; `arrayBuffer()` would copy it twice more. */
async function readBody(body: HttpRequest['body'], limitBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a body is made of bytes');
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
 * A browser loading a page, as opposed to a script's request. Browsers that do not say so are told apart by `Accept`.
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function isNavigation({ method, header }: BffRequest): boolean {
  if (method !== 'GET') return false;
  const mode = header('sec-fetch-mode');
  if (mode !== undefined) return mode === 'navigate' && header('sec-fetch-dest') === 'document';
  return prefersHtml(header('accept'));
}

/** True when HTML is named and JSON is not named before it. */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const types = accept.split(',').map((part) => part.split(';')[0]?.trim().toLowerCase());
  const html = types.indexOf('text/html');
  const json = types.findIndex((type) => type === 'application/json' || type === 'application/problem+json');
  return html !== -1 && (json === -1 || html < json);
}

/** The browser has been sent round once already, to bring its Strict cookies. */
export function isBounced({ query }: BffRequest): boolean {
  return query.kind === 'query' && query.query.get('bounced') === '1';
}
