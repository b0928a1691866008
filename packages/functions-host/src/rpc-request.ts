import type { IncomingMessage } from 'node:http';
import type { RpcHttpRequest } from './core-types.ts';
import { decodeAtFrontEnd, decodeAtHost, encodePath } from './request-path.ts';

export interface RequestTarget {
  path: string;
  queryText: string;
}
export type ExtraDecodes = 0 | 1 | 2;
/** Lower-case names with their values, in the order they arrived. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

// Kestrel's defaults, which the real host does not change.
const MAX_HEADER_LINES = 100;
export const MAX_HEADER_BYTES = 32 * 1024;
/** Node.js's default limit for the request line and the headers together. */
export const MAX_REQUEST_LINE_BYTES = 16 * 1024;

/**
 * Returns the headers as Kestrel hands them to the host. Kestrel decodes UTF-8, so a character may be above
 * U+00FF. Returns `invalid` if the bytes are not UTF-8, and `too-large` above 100 lines or above 32 KB
 * including separators and line ends.
 */
export function readHeaders({
  rawHeaders,
  method = '',
  url = '',
}: Pick<IncomingMessage, 'rawHeaders' | 'method' | 'url'>): HeaderLines | 'invalid' | 'too-large' {
  const lines = [...pairs(rawHeaders)];
  const bytes = lines.reduce((sum, [name, value]) => sum + name.length + value.length + ': \r\n'.length, 0);
  const lineBytes = method.length + url.length + '  HTTP/1.1\r\n'.length;
  if (lines.length > MAX_HEADER_LINES || bytes > MAX_HEADER_BYTES || lineBytes > MAX_REQUEST_LINE_BYTES) {
    return 'too-large';
  }
  try {
    return lines.map(([name, value]) => [name, utf8.decode(Buffer.from(value, 'latin1'))] as const);
  } catch {
    return 'invalid';
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Returns the path that the host routes and the query as it was sent, or undefined for a target that Kestrel rejects. */
export function parseTarget(target: string, extraDecodes: ExtraDecodes): RequestTarget | undefined {
  const originForm = target.replace(/^https?:\/\/[^/?#]*(?=[/?])/i, '');
  // No browser sends a hash sign. It is assumed to stay in the path or query, which was not verified at the real host.
  const [, sentPath, queryText] = /^(\/[^?]*)(\?.*)?/.exec(originForm) ?? [];
  if (sentPath === undefined) return undefined;
  let path = sentPath;
  for (let pass = 0; pass < extraDecodes; pass += 1) path = decodeAtFrontEnd(path);
  path = decodeAtHost(path);
  return path.includes('\0') ? undefined : { path, queryText: queryText ?? '' };
}

/**
 * Reads the body as the host does in buffered mode: only with a Content-Length. A chunked body arrives empty. Returns
 * `too-large` above the limit.
 */
export async function readBody(
  request: IncomingMessage,
  limitBytes: number,
): Promise<Uint8Array | undefined | 'too-large'> {
  const lengthBytes = Number(request.headers['content-length'] ?? 0);
  if (lengthBytes > limitBytes) return 'too-large';
  if (lengthBytes === 0) {
    request.resume();
    return undefined;
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Returns the message of an HTTP request that the host sends to the worker. */
export function toRpcRequest(
  request: IncomingMessage,
  headers: HeaderLines,
  target: RequestTarget,
  params: Record<string, string>,
  body: Uint8Array | undefined,
): RpcHttpRequest {
  return {
    method: request.method ?? 'GET',
    // As on the real host, the origin comes from the Host header, so an app must not trust it.
    url: `http://${request.headers.host}${encodePath(target.path)}${target.queryText}`,
    nullableHeaders: joinValues(headers),
    nullableQuery: joinValues(new URLSearchParams(target.queryText)),
    nullableParams: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, { value }])),
    ...(body && { body: { bytes: body } }),
  };
}

function* pairs(flat: readonly string[]): Iterable<[string, string]> {
  for (let index = 0; index < flat.length; index += 2) {
    yield [(flat[index] ?? '').toLowerCase(), flat[index + 1] ?? ''];
  }
}

/** Joins the values of repeated names with commas, under the first name. Letter case is ignored. */
function joinValues(entries: Iterable<readonly [string, string]>) {
  const joined = new Map<string, { name: string; value: string }>();
  for (const [name, value] of entries) {
    const before = joined.get(name.toLowerCase());
    joined.set(
      name.toLowerCase(),
      before ? { ...before, value: `${before.value},${value}` } : { name, value },
    );
  }
  return Object.fromEntries([...joined.values()].map(({ name, value }) => [name, { value }]));
}
