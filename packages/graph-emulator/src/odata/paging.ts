import { GraphError, type GraphObject } from '../reply.ts';
import type { Paging } from './entity-type.ts';
import { type QueryOptions, readCount } from './options.ts';

/** Returns one page of a list, with `@odata.nextLink` if more items follow. @throws {GraphError} */
export function toPage(
  items: readonly GraphObject[],
  call: { readonly url: string; readonly options: QueryOptions; readonly preferredSize: number | undefined },
  { defaultSize, maxSize, by }: Paging,
): { readonly items: readonly GraphObject[]; readonly links: GraphObject } {
  const { url, options } = call;
  const size = readCount(options, '$top') ?? Math.min(call.preferredSize ?? defaultSize, maxSize);
  if (size < 1 || size > maxSize) {
    const message = `Invalid page size specified: '${size}'. Must be between 1 and ${maxSize} inclusive.`;
    throw new GraphError(400, 'BadRequest', message);
  }
  const start = startOf(options, by);
  const end = start + size;
  if (end >= items.length) return { items: items.slice(start), links: {} };
  const others = options.entries.filter(([name]) => !isPosition(name));
  const next = [...others, [by, by === '$skip' ? String(end) : toToken(end)] as const];
  return { items: items.slice(start, end), links: { '@odata.nextLink': `${url}?${write(next, by)}` } };
}

const isPosition = (name: string) => /^\$(?:skip|skiptoken)$/i.test(name);

/** Outlook encodes the dollar sign in its links, the directory and SharePoint do not. */
function write(entries: QueryOptions['entries'], by: Paging['by']): string {
  return entries
    .map(([name, value]) => {
      const written = by === '$skip' ? name.replace('$', '%24') : name;
      return `${written}=${encodeURIComponent(value)}`;
    })
    .join('&');
}

function startOf(options: QueryOptions, by: Paging['by']): number {
  const token = options.get('$skiptoken');
  if (token === undefined) return readCount(options, '$skip') ?? 0;
  const start = fromToken(token);
  if (start !== undefined && by === '$skiptoken') return start;
  throw new GraphError(400, 'BadRequest', `Invalid value '${token}' for $skiptoken query option found.`);
}

const toToken = (start: number): string => Buffer.from(`page:${start}`).toString('base64url');

function fromToken(token: string): number | undefined {
  const start = /^page:(\d{1,9})$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  return start === undefined ? undefined : Number(start);
}
