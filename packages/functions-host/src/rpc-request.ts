import type { IncomingMessage } from 'node:http';
import type { RpcHttpRequest } from './core-types.ts';
import type { HeaderLines, RequestHead } from './request-head.ts';
import { decodeAtFrontEnd, decodeAtHost, encodePath } from './request-path.ts';

export interface RequestTarget {
  path: string;
  queryText: string;
}
export type ExtraDecodes = 0 | 1 | 2;

/** Returns the path that the host routes and the query as it was sent, or undefined for a target that Kestrel rejects. */
export function parseTarget(target: string, extraDecodes: ExtraDecodes): RequestTarget | undefined {
  if (target === '*') return { path: '/', queryText: '' };
  const originForm = target.replace(/^https?:\/\/[^/?#]*(?=[/?]|$)/i, '').replace(/^(?=\?|$)/, '/');
  const [, sentPath, queryText] = /^(\/[^?#]*)(\?[^#]*)?$/.exec(originForm) ?? [];
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
  { body }: RequestHead,
  limitBytes: number,
): Promise<Uint8Array | undefined | 'too-large'> {
  if (body.kind === 'length' && body.bytes > limitBytes) return 'too-large';
  if (body.kind === 'chunked' || body.bytes === 0) {
    request.resume();
    return undefined;
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Returns the URL that the host hands to the worker, or undefined if `System.Uri` has none for this host. Its origin comes
 * from the Host header, so an app must not trust it. `URL` does not accept all of them: `1.2.3.4.5` is an example.
 */
export function toUrl({ host }: RequestHead, target: RequestTarget): string | undefined {
  const [, port = '0'] = /:(\d+)$/.exec(host.replace(/^\[.*\]/, '')) ?? [];
  if (host === '' || host.includes('%') || Number(port) > 65_535) return undefined;
  return `http://${host}${encodePath(target.path)}${target.queryText}`;
}

/** Returns the message of an HTTP request that the host sends to the worker. */
export function toRpcRequest(
  { method, headers }: RequestHead,
  url: string,
  target: RequestTarget,
  params: Record<string, string>,
  body: Uint8Array | undefined,
): RpcHttpRequest {
  return {
    method,
    url,
    nullableHeaders: joinValues(headers),
    nullableQuery: joinValues(new URLSearchParams(target.queryText)),
    nullableParams: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, { value }])),
    ...(body && { body: { bytes: body } }),
  };
}

/** Joins the values of repeated names with commas. Letter case is ignored, and the last spelling of the name counts. */
function joinValues(entries: HeaderLines | URLSearchParams) {
  const joined = new Map<string, { name: string; value: string }>();
  for (const [name, value] of entries) {
    const before = joined.get(name.toLowerCase());
    joined.set(name.toLowerCase(), { name, value: before ? `${before.value},${value}` : value });
  }
  return Object.fromEntries([...joined.values()].map(({ name, value }) => [name, { value }]));
}
