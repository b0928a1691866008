import { Buffer } from 'node:buffer';
import type { HttpRequest, InvocationContext } from '@azure/functions';
import { type Log, type LogLevel, type LogRecord, toLogLine } from '../telemetry/log.ts';
import { type Cookies, parseCookies } from './cookies.ts';
import { parseQuery, type QueryReading } from './query.ts';

/** A request as our functions read it: nothing in it comes from the Host header or from platform identity headers. */
export interface BffRequest {
  readonly method: string;
  /** As in the URL; dot segments have been collapsed on the way. */
  readonly path: string;
  /** Without the question mark, as it came. */
  readonly rawQuery: string;
  readonly query: QueryReading;
  readonly cookies: Cookies;
  readonly invocationId: string;
  readonly log: Log;
  header(name: string): string | undefined;
  /** As the host's router decoded it: once, and without collapsing dot segments (measured). */
  routeParameter(name: string): string;
  /** The body, or undefined when it has more bytes: counted as they are read, whatever a header says. */
  body(limitBytes: number): Promise<Uint8Array | undefined>;
}

export function toBffRequest(request: HttpRequest, context: InvocationContext): BffRequest {
  // Scheme and host are the client's own words (its Host header): only path and query are used.
  const { pathname, href } = new URL(request.url);
  // A fragment stays in view: no browser sends one, and readers differ on whether the query ends there.
  const rawQuery = (/[?#].*$/s.exec(href)?.[0] ?? '').replace(/^\?/, '');
  const header = (name: string) => request.headers.get(name) ?? undefined;
  return {
    method: request.method,
    path: pathname,
    rawQuery,
    query: parseQuery(rawQuery),
    cookies: parseCookies(header('cookie')),
    invocationId: context.invocationId,
    log: toLog(context),
    header,
    routeParameter: (name) => request.params[name] ?? '',
    body: (limitBytes) => readBody(request.body, limitBytes),
  };
}

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

/** One line of JSON per record, with the invocation's id; the host adds the time and the function's name. */
function toLog(context: InvocationContext): Log {
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
