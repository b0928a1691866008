import { type GraphCall, preference, requestDenied } from './call.ts';
import type { EntityType } from './odata/entity-type.ts';
import { parseFilter } from './odata/filter.ts';
import { readCountOption } from './odata/options.ts';
import { parseOrder } from './odata/order.ts';
import { toPage } from './odata/paging.ts';
import { scopesOfExpand, selectedNames, shape } from './odata/select.ts';
import { GraphError, type GraphObject, type GraphReply } from './reply.ts';

/** Replies with one entity, as `$select` and `$expand` name it. */
export function entityReply(
  call: GraphCall,
  set: string,
  type: EntityType,
  entity: GraphObject,
  status = 200,
): GraphReply {
  requireExpandable(call, type);
  const body = {
    '@odata.context': toContext(call, set, type, '/$entity'),
    ...shape(type, entity, call.options),
  };
  return { status, body };
}

export interface List {
  readonly set: string;
  readonly type: EntityType;
  readonly items: readonly GraphObject[];
  /** The path of next links if Graph writes it in another way than the caller, with its leading slash. */
  readonly linkPath?: string;
}

/** Replies with a page of the items that `$filter` and `$search` leave, or with their number. @throws {GraphError} */
export function listReply(call: GraphCall, { set, type, items, linkPath = call.path }: List): GraphReply {
  const { options } = call;
  requireExpandable(call, type);
  const found = findItems(call, type, items);
  if (call.countsOnly)
    return {
      status: 200,
      headers: { 'content-type': 'text/plain' },
      body: Buffer.from(String(found.length)),
    };
  const page = toPage(
    found,
    { url: `${call.origin}/${call.version}${linkPath}`, options, preferredSize: preferredSize(call) },
    // Outlook pages what it has searched for by a token.
    options.has('$search') ? { ...type.paging, by: '$skiptoken' } : type.paging,
  );
  const counts = readCountOption(options) && (isEventual(call) || !type.countsWhenEventual);
  const count = counts ? { '@odata.count': found.length } : {};
  const value = page.items.map((item) => shape(type, item, options));
  const context = toContext(call, set, type, '');
  return { status: 200, body: { '@odata.context': context, ...count, ...page.links, value } };
}

/** Applies `$filter`, `$search` and `$orderby`. */
function findItems(call: GraphCall, type: EntityType, items: readonly GraphObject[]): readonly GraphObject[] {
  const { options } = call;
  const filterText = options.get('$filter');
  const searchText = options.get('$search');
  const orderText = options.get('$orderby');
  const filter = filterText === undefined ? undefined : parseFilter(filterText, type);
  const order = orderText === undefined ? undefined : parseOrder(orderText, type);
  type.check?.({
    options,
    filter,
    orderedBy: order?.properties ?? [],
    isEventual: isEventual(call),
    countsOnly: call.countsOnly,
  });
  if (searchText !== undefined && type.search === undefined)
    throw new GraphError(
      400,
      'BadRequest',
      `The query parameter '$search' is not supported for '${type.name}'.`,
    );
  const search = searchText === undefined ? undefined : type.search?.(searchText);
  const found = items.filter(
    (item) => (filter?.matches(item) ?? true) && (search === undefined || search(item)),
  );
  return order === undefined ? found : order.apply(found);
}

/** @throws {GraphError} if the app may not read what `$expand` names */
function requireExpandable({ caller, options }: GraphCall, type: EntityType): void {
  for (const scopes of scopesOfExpand(type, options))
    if (!scopes.some((scope) => caller.scopes.has(scope))) throw requestDenied();
}

function isEventual({ headers }: GraphCall): boolean {
  return headers.get('consistencylevel')?.toLowerCase() === 'eventual';
}

export function preferredSize(call: GraphCall): number | undefined {
  const size = Number(preference(call, 'odata.maxpagesize'));
  return Number.isInteger(size) && size > 0 ? size : undefined;
}

/** Returns the `@odata.context` of a response. It names the selected properties, as Graph's does. */
export function toContext(call: GraphCall, set: string, type: EntityType, end: '' | '/$entity'): string {
  const names = selectedNames(type, call.options);
  return `${metadataOf(call)}#${set}${names === undefined ? '' : `(${names.join(',')})`}${end}`;
}

export function metadataOf({ origin, version }: GraphCall): string {
  return `${origin}/${version}/$metadata`;
}
