import { createHash } from 'node:crypto';
import { isAdministratorOf, type SignInService, type User } from '@entra-bff/directory';
import type { Caller } from './access-token.ts';
import type { Graph } from './graph.ts';
import { select, toContext, toPage } from './query.ts';
import { GraphError, type GraphObject, type GraphReply } from './reply.ts';
import { findUser } from './users.ts';

/** One authenticated call. */
export interface GraphCall extends Omit<Graph, 'now'> {
  readonly method: string;
  /** Below `/v1.0`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly caller: Caller;
  readonly now: Date;
}

export interface Route {
  readonly method: string;
  /** Its groups are the keys in the path. */
  readonly path: RegExp;
  /** One of these delegated permissions is enough. */
  readonly scopes: readonly string[];
  handle(call: GraphCall, ...keys: string[]): GraphReply;
}

export function me(call: GraphCall): User {
  return requireUser(call, call.caller.userId);
}

/** @param key object id or principal name */
export function requireUser({ directory, caller }: GraphCall, key: string): User {
  const user = findUser(directory, caller.tenantId, key);
  if (user === undefined) throw notFound(key);
  return user;
}

/** The app's permission is not enough: the user must hold a directory role. An app role does not count. */
export function requireDirectoryRole(call: GraphCall): void {
  if (call.switches.directoryRolesMissing || !isAdministratorOf(me(call), call.caller.tenantId))
    throw requestDenied();
}

export function requestDenied(): GraphError {
  return new GraphError(
    403,
    'Authorization_RequestDenied',
    'Insufficient privileges to complete the operation.',
  );
}

/** @throws {GraphError} if the emulator was started without a sign-in service */
export function requireSignInService({ signInService }: GraphCall): SignInService {
  if (signInService === undefined)
    throw new GraphError(501, 'NotImplemented', 'This emulator was started without a sign-in service.');
  return signInService;
}

export function notFound(key: string): GraphError {
  return new GraphError(
    404,
    'Request_ResourceNotFound',
    `Resource '${key}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

export function itemNotFound(): GraphError {
  return new GraphError(404, 'ErrorItemNotFound', 'The specified object was not found in the store.');
}

export function entityReply(
  { origin, query }: GraphCall,
  set: string,
  entity: GraphObject,
  always: readonly string[] = ['id'],
  defaultFields?: readonly string[],
): GraphReply {
  const body = {
    '@odata.context': toContext(origin, set, query, true),
    ...selected(entity, query, always, defaultFields),
  };
  return { status: 200, body };
}

/** @param by mail and calendars use `$skip`, the directory an opaque `$skiptoken` */
export function listReply(
  { origin, path, query }: GraphCall,
  set: string,
  items: readonly GraphObject[],
  by: '$skip' | '$skiptoken' = '$skip',
  defaultFields?: readonly string[],
): GraphReply {
  const always = by === '$skip' ? ['id'] : ['@odata.type'];
  const page = toPage(
    items.map((item) => selected(item, query, always, defaultFields)),
    { url: `${origin}/v1.0${path}`, query },
    { defaultSize: by === '$skip' ? 10 : 100, maxSize: by === '$skip' ? 1000 : 999, by },
  );
  const count = query.get('$count') === 'true' ? { '@odata.count': items.length } : {};
  return { status: 200, body: { '@odata.context': toContext(origin, set, query, false), ...count, ...page } };
}

function selected(
  entity: GraphObject,
  query: URLSearchParams,
  always: readonly string[],
  defaultFields?: readonly string[],
): GraphObject {
  if (query.has('$select') || defaultFields === undefined) return select(entity, query, always);
  return select(entity, new URLSearchParams({ $select: defaultFields.join(',') }), always);
}

export function parseObject(body: Buffer): GraphObject {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    throw new GraphError(400, 'BadRequest', 'Unable to read JSON request payload.');
  }
}

/** The same words always give the same id. */
export function toId(words: string): string {
  return `AAMk${createHash('sha256').update(words).digest('base64url')}=`;
}

/** Returns the routes that read and write a collection of the user. */
export function collectionRoutes(collection: {
  /** For example `/me/contacts`. A group is the id of the parent. */
  readonly path: string;
  readonly set: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** The items that every user has. @throws {GraphError} if the parent does not exist */
  items(call: GraphCall, parentId: string): readonly GraphObject[];
  /** The properties of a new item that the request does not contain. */
  defaults: GraphObject;
}): Route[] {
  const { path, reads, writes, defaults } = collection;
  const set = (call: GraphCall) => `users('${call.caller.userId}')/${collection.set}`;
  const store = (call: GraphCall, parentId: string) =>
    call.saved.of(`${call.caller.userId} ${collection.set} ${parentId}`);
  const itemsOf = (call: GraphCall, parentId: string) =>
    store(call, parentId).apply(collection.items(call, parentId));
  const find = (call: GraphCall, parentId: string, id: string): GraphObject => {
    const item = itemsOf(call, parentId).find((one) => one['id'] === id);
    if (item === undefined) throw itemNotFound();
    return item;
  };
  const keys = (all: string[]): [parentId: string, id: string] =>
    all.length > 1 ? [all[0] ?? '', all[1] ?? ''] : ['', all[0] ?? ''];
  const list = new RegExp(`^${path}$`);
  const one = new RegExp(`^${path}/([^/]+)$`);
  return [
    {
      method: 'GET',
      path: list,
      scopes: reads,
      handle: (call, parentId = '') => listReply(call, set(call), itemsOf(call, parentId)),
    },
    {
      method: 'GET',
      path: one,
      scopes: reads,
      handle: (call, ...all) => entityReply(call, set(call), find(call, ...keys(all))),
    },
    {
      method: 'POST',
      path: list,
      scopes: writes,
      handle(call, parentId = '') {
        const before = itemsOf(call, parentId).length;
        const id = toId(`${call.caller.userId} ${path} ${before} ${call.now.getTime()}`);
        const item = { ...defaults, ...parseObject(call.body), id };
        store(call, parentId).save(item);
        return { ...entityReply(call, set(call), item), status: 201 };
      },
    },
    {
      method: 'PATCH',
      path: one,
      scopes: writes,
      handle(call, ...all) {
        const item = { ...find(call, ...keys(all)), ...parseObject(call.body), id: keys(all)[1] };
        store(call, keys(all)[0]).save(item);
        return entityReply(call, set(call), item);
      },
    },
    {
      method: 'DELETE',
      path: one,
      scopes: writes,
      handle(call, ...all) {
        const [parentId, id] = keys(all);
        find(call, parentId, id);
        store(call, parentId).remove(id);
        return { status: 204 };
      },
    },
  ];
}
