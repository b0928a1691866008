import { createHash } from 'node:crypto';
import { entityReply, listReply } from './answer.ts';
import { parseEntity } from './body.ts';
import { type GraphCall, itemNotFound } from './call.ts';
import type { EntityType } from './odata/entity-type.ts';
import { entityOptions, listOptions } from './odata/options.ts';
import type { GraphObject, GraphReply } from './reply.ts';
import type { Route } from './route.ts';
import type { SavedCollection } from './saved-items.ts';

/** A collection of the user that callers read and write. */
export interface Collection {
  /** For example `/me/contacts`, or `/me/todo/lists/{list}/tasks`. */
  readonly path: string;
  /** As it is named in `@odata.context`. */
  readonly set: string;
  readonly type: EntityType;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** The items that every user has. @throws {GraphError} if the parent does not exist */
  given(call: GraphCall, parents: readonly string[]): readonly GraphObject[];
  /** Returns a new item. @throws {GraphError} if the body is not enough for one */
  create(call: GraphCall, body: GraphObject): GraphObject;
  /** Returns an item with its changes. The default replaces the properties of the body. */
  change?(call: GraphCall, item: GraphObject, body: GraphObject): GraphObject;
}

/** The same words always give the same id. */
export function toId(words: string): string {
  return `AAMk${createHash('sha256').update(words).digest('base64url')}=`;
}

export function storeOf(
  call: GraphCall,
  { set }: Pick<Collection, 'set'>,
  parents: readonly string[],
): SavedCollection {
  return call.saved.of([call.caller.userId, set, ...parents].join(' '));
}

export function itemsOf(
  call: GraphCall,
  collection: Collection,
  parents: readonly string[] = [],
): GraphObject[] {
  return storeOf(call, collection, parents).apply(collection.given(call, parents));
}

/** @throws {GraphError} if there is none with this id */
export function requireItem(
  call: GraphCall,
  collection: Collection,
  parents: readonly string[],
  id: string,
): GraphObject {
  const item = itemsOf(call, collection, parents).find((one) => one['id'] === id);
  if (item === undefined) throw itemNotFound();
  return item;
}

export function createItem(call: GraphCall, collection: Collection, parents: readonly string[]): GraphObject {
  collection.given(call, parents);
  const store = storeOf(call, collection, parents);
  const id = toId(`${call.caller.userId} ${collection.path} ${call.saved.version()} ${call.saved.run}`);
  const item = { ...collection.create(call, parseEntity(collection.type, call.body)), id };
  store.create(item);
  return item;
}

export function changeItem(
  call: GraphCall,
  collection: Collection,
  parents: readonly string[],
  id: string,
): GraphObject {
  const before = requireItem(call, collection, parents, id);
  const body = parseEntity(collection.type, call.body);
  const after = { ...(collection.change?.(call, before, body) ?? { ...before, ...body }), id };
  storeOf(call, collection, parents).save(after);
  return after;
}

/** Returns the routes that read and write a collection. */
export function collectionRoutes(collection: Collection): Route[] {
  const { path, type, reads, writes } = collection;
  const one = `${path}/{item}`;
  const set = ({ caller }: GraphCall) => `users('${caller.userId}')/${collection.set}`;
  const reply = (call: GraphCall, item: GraphObject, status?: number): GraphReply =>
    entityReply(call, set(call), type, item, status);
  const split = (keys: readonly string[]) => ({ parents: keys.slice(0, -1), id: keys.at(-1) ?? '' });
  return [
    {
      method: 'GET',
      path,
      scopes: reads,
      options: listOptions,
      handle: (call, ...parents) =>
        listReply(call, { set: set(call), type, items: itemsOf(call, collection, parents) }),
    },
    {
      method: 'GET',
      path: one,
      scopes: reads,
      options: entityOptions,
      handle(call, ...keys) {
        const { parents, id } = split(keys);
        return reply(call, requireItem(call, collection, parents, id));
      },
    },
    {
      method: 'POST',
      path,
      scopes: writes,
      handle: (call, ...parents) => reply(call, createItem(call, collection, parents), 201),
    },
    {
      method: 'PATCH',
      path: one,
      scopes: writes,
      handle(call, ...keys) {
        const { parents, id } = split(keys);
        return reply(call, changeItem(call, collection, parents, id));
      },
    },
    {
      method: 'DELETE',
      path: one,
      scopes: writes,
      handle(call, ...keys) {
        const { parents, id } = split(keys);
        requireItem(call, collection, parents, id);
        storeOf(call, collection, parents).remove(id);
        return { status: 204 };
      },
    },
  ];
}
