import { GraphError, type GraphObject } from './reply.ts';

/** Returns the properties that `$select` names, and those in `always`. */
export function select(
  entity: GraphObject,
  query: URLSearchParams,
  always: readonly string[] = [],
): GraphObject {
  const names = selectedNames(query);
  if (names === undefined) return entity;
  const unknown = names.find((name) => !(name in entity));
  if (unknown !== undefined) {
    throw new GraphError(
      400,
      'BadRequest',
      `Parsing OData Select and Expand failed: Could not find a property named '${unknown}'.`,
    );
  }
  return Object.fromEntries(
    [...always, ...names].filter((name) => name in entity).map((name) => [name, entity[name]]),
  );
}

/** Returns the `@odata.context` of a response. It names the selected properties, as Graph's does. */
export function toContext(origin: string, set: string, query: URLSearchParams, one: boolean): string {
  const names = selectedNames(query);
  return `${origin}/v1.0/$metadata#${set}${names === undefined ? '' : `(${names.join(',')})`}${one ? '/$entity' : ''}`;
}

/** The page size of a collection, and the option that selects the next page. */
export interface Paging {
  readonly defaultSize: number;
  readonly maxSize: number;
  /** Mail uses `$skip`; directory objects use an opaque `$skiptoken`. */
  readonly by: '$skip' | '$skiptoken';
}

/** Returns one page of a collection, with `@odata.nextLink` if more items follow. */
export function toPage(
  items: readonly GraphObject[],
  call: { readonly url: string; readonly query: URLSearchParams },
  paging: Paging,
): GraphObject {
  const size = readCount(call.query, '$top', paging.defaultSize);
  if (size < 1 || size > paging.maxSize) {
    throw new GraphError(
      400,
      'BadRequest',
      `Invalid page size specified: '${size}'. Must be between 1 and ${paging.maxSize} inclusive.`,
    );
  }
  const start = readCount(call.query, paging.by, 0);
  const end = start + size;
  if (end >= items.length) return { value: items.slice(start) };
  const next = new URLSearchParams(call.query);
  next.set(paging.by, String(end));
  return { '@odata.nextLink': `${call.url}?${next}`, value: items.slice(start, end) };
}

function selectedNames(query: URLSearchParams): readonly string[] | undefined {
  const names = query
    .get('$select')
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names === undefined || names.length === 0 ? undefined : names;
}

function readCount(query: URLSearchParams, option: string, otherwise: number): number {
  const text = query.get(option);
  if (text === null) return otherwise;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new GraphError(
    400,
    'BadRequest',
    `Invalid value '${text}' for ${option} query option found. The ${option} query option requires a non-negative integer value.`,
  );
}
