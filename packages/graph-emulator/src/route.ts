import { createHash } from 'node:crypto';
import { type Directory, isAdministratorOf, type User } from '@entra-bff/directory';
import { findSignInService, type SignInService } from '@entra-bff/entra-emulator';
import type { Caller } from './access-token.ts';
import { type GraphAnswer, GraphError, type GraphObject } from './answers.ts';
import type { Drives } from './drives.ts';
import { findUser } from './people.ts';
import { select, toContext, toPage } from './query.ts';
import type { Revocations } from './revocations.ts';
import type { SavedItems } from './saved-items.ts';
import type { GraphSwitches } from './switches.ts';

/** One authenticated call. */
export interface GraphCall {
  readonly method: string;
  /** Below `/v1.0`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly caller: Caller;
  readonly directory: Directory;
  /** What callers have made, changed and deleted. */
  readonly saved: SavedItems;
  readonly drives: Drives;
  readonly revocations: Revocations;
  readonly switches: GraphSwitches;
  /** Whose access tokens these are. */
  readonly entraOrigin: string;
  readonly origin: string;
  readonly now: Date;
}

export interface Route {
  readonly method: string;
  /** Its groups are the keys. */
  readonly path: RegExp;
  /** Any of these delegated permissions will do. */
  readonly scopes: readonly string[];
  answer(call: GraphCall, ...keys: string[]): GraphAnswer;
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

/** A permission of the app alone is not enough: the person has to hold a directory role. An app role is none. */
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

/** @throws {GraphError} where Graph stands alone, without an emulated Entra */
export function requireSignInService({ entraOrigin }: GraphCall): SignInService {
  const service = findSignInService(entraOrigin);
  if (service === undefined)
    throw new GraphError(
      501,
      'NotImplemented',
      'Needs the Entra emulator to run in the same process as this one.',
    );
  return service;
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

export function oneAnswer(
  { origin, query }: GraphCall,
  set: string,
  entity: GraphObject,
  always: readonly string[] = ['id'],
  defaultFields?: readonly string[],
): GraphAnswer {
  const body = {
    '@odata.context': toContext(origin, set, query, true),
    ...selected(entity, query, always, defaultFields),
  };
  return { status: 200, body };
}

/** `by`: mail and calendars page by `$skip`, the directory by an opaque `$skiptoken`. */
export function listAnswer(
  { origin, path, query }: GraphCall,
  set: string,
  items: readonly GraphObject[],
  by: '$skip' | '$skiptoken' = '$skip',
  defaultFields?: readonly string[],
): GraphAnswer {
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

/** The same words give the same id every time. */
export function toId(words: string): string {
  return `AAMk${createHash('sha256').update(words).digest('base64url')}=`;
}

/** A collection of the person's own, as the routes to read and write it. */
export function collectionRoutes(collection: {
  /** `/me/contacts`; with one group, the id of what it is in. */
  readonly path: string;
  readonly set: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** What everybody has from the start; throws for a parent that is not there. */
  items(call: GraphCall, parentId: string): readonly GraphObject[];
  /** What a new one has beside what was sent. */
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
      answer: (call, parentId = '') => listAnswer(call, set(call), itemsOf(call, parentId)),
    },
    {
      method: 'GET',
      path: one,
      scopes: reads,
      answer: (call, ...all) => oneAnswer(call, set(call), find(call, ...keys(all))),
    },
    {
      method: 'POST',
      path: list,
      scopes: writes,
      answer(call, parentId = '') {
        const before = itemsOf(call, parentId).length;
        const id = toId(`${call.caller.userId} ${path} ${before} ${call.now.getTime()}`);
        const item = { ...defaults, ...parseObject(call.body), id };
        store(call, parentId).save(item);
        return { ...oneAnswer(call, set(call), item), status: 201 };
      },
    },
    {
      method: 'PATCH',
      path: one,
      scopes: writes,
      answer(call, ...all) {
        const item = { ...find(call, ...keys(all)), ...parseObject(call.body), id: keys(all)[1] };
        store(call, keys(all)[0]).save(item);
        return oneAnswer(call, set(call), item);
      },
    },
    {
      method: 'DELETE',
      path: one,
      scopes: writes,
      answer(call, ...all) {
        const [parentId, id] = keys(all);
        find(call, parentId, id);
        store(call, parentId).remove(id);
        return { status: 204 };
      },
    },
  ];
}
