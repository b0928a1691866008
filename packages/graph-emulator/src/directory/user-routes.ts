import { objectIdIn, type User } from '@entra-bff/directory';
import { entityReply, listReply, metadataOf } from '../answer.ts';
import { parseParameters } from '../body.ts';
import { type GraphCall, me, requireUser } from '../call.ts';
import { entityOptions, listOptions } from '../odata/options.ts';
import { GraphError, type GraphObject, type GraphReply } from '../reply.ts';
import type { Route } from '../route.ts';
import { typesFor } from './directory-of.ts';
import { basicProfiles, fullProfiles, membersRead } from './permissions.ts';
import { memberObjectsAmong, membershipsOf, toGraphUser, usersIn } from './users.ts';

const ownProfile = ['User.Read', ...basicProfiles];

/** The relations that `/me` and `/users/{user}` have. */
interface Relation {
  readonly name: string;
  readonly ownScopes: readonly string[];
  readonly scopes: readonly string[];
  readonly options: readonly string[];
  reply(call: GraphCall, user: User): GraphReply;
}

const relations: readonly Relation[] = [
  {
    name: 'manager',
    ownScopes: fullProfiles,
    scopes: fullProfiles,
    options: entityOptions,
    reply: managerReply,
  },
  {
    name: 'directReports',
    ownScopes: ['User.Read', ...fullProfiles],
    scopes: ['User.Read', ...fullProfiles],
    options: listOptions,
    reply: (call, user) => relatedReply(call, user, 'directReports'),
  },
  {
    name: 'memberOf',
    ownScopes: ['User.Read', ...membersRead],
    scopes: ['User.Read', ...membersRead],
    options: listOptions,
    reply: (call, user) => membershipReply(call, user, { nested: false, groupsOnly: false }),
  },
  {
    name: 'memberOf/microsoft.graph.group',
    ownScopes: ['User.Read', ...membersRead],
    scopes: ['User.Read', ...membersRead],
    options: listOptions,
    reply: (call, user) => membershipReply(call, user, { nested: false, groupsOnly: true }),
  },
  {
    name: 'transitiveMemberOf',
    ownScopes: ['User.Read', ...membersRead],
    scopes: ['User.Read', ...membersRead],
    options: listOptions,
    reply: (call, user) => membershipReply(call, user, { nested: true, groupsOnly: false }),
  },
  {
    name: 'transitiveMemberOf/microsoft.graph.group',
    ownScopes: ['User.Read', ...membersRead],
    scopes: ['User.Read', ...membersRead],
    options: listOptions,
    reply: (call, user) => membershipReply(call, user, { nested: true, groupsOnly: true }),
  },
];

/** Users, their managers, reports and memberships. */
export const userRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/me',
    scopes: ownProfile,
    // Graph demands `$count=true` beside `$levels` inside `$expand`.
    options: [...entityOptions, '$count'],
    handle: (call) => userReply(call, me(call)),
  },
  {
    method: 'GET',
    path: '/users',
    scopes: basicProfiles,
    options: listOptions,
    handle(call) {
      const { directory, caller } = call;
      const items = usersIn(directory, caller.tenantId).map((user) => toGraphUser(directory, user, caller));
      return listReply(call, { set: 'users', type: typesFor(call).user, items });
    },
  },
  {
    method: 'GET',
    path: '/users/{user}',
    scopes: basicProfiles,
    options: [...entityOptions, '$count'],
    handle: (call, key = '') => userReply(call, requireUser(call, key)),
  },
  ...relations.flatMap(({ name, ownScopes, scopes, options, reply }): Route[] => [
    {
      method: 'GET',
      path: `/me/${name}`,
      scopes: ownScopes,
      options,
      handle: (call) => reply(call, me(call)),
    },
    {
      method: 'GET',
      path: `/users/{user}/${name}`,
      scopes,
      options,
      handle: (call, key = '') => reply(call, requireUser(call, key)),
    },
  ]),
  {
    method: 'POST',
    path: '/me/checkMemberObjects',
    scopes: ['User.Read', 'User.Read.All', 'Directory.Read.All'],
    handle: (call) => ({
      status: 200,
      body: {
        '@odata.context': `${metadataOf(call)}#Collection(Edm.String)`,
        value: memberObjectsAmong(me(call), call.caller.tenantId, parseIds(call.body)),
      },
    }),
  },
];

function userReply(call: GraphCall, user: User): GraphReply {
  return entityReply(call, 'users', typesFor(call).user, toGraph(call, user));
}

function toGraph({ directory, caller }: GraphCall, user: User): GraphObject {
  return toGraphUser(directory, user, caller);
}

function managerReply(call: GraphCall, user: User): GraphReply {
  const type = typesFor(call).user;
  const manager = type.navigations?.['manager']?.read(toGraph(call, user));
  if (manager === undefined || Array.isArray(manager))
    throw new GraphError(404, 'Request_ResourceNotFound', "Resource 'manager' does not exist.");
  const context = { '@odata.type': '#microsoft.graph.user', ...manager };
  return entityReply(call, 'directoryObjects', type, context);
}

function relatedReply(call: GraphCall, user: User, name: string): GraphReply {
  const types = typesFor(call);
  const related = types.user.navigations?.[name]?.read(toGraph(call, user));
  const items: readonly GraphObject[] = Array.isArray(related) ? related : [];
  return listReply(call, { set: 'directoryObjects', type: types.directoryObject, items });
}

function membershipReply(
  call: GraphCall,
  user: User,
  { nested, groupsOnly }: { readonly nested: boolean; readonly groupsOnly: boolean },
): GraphReply {
  const { tenantId, scopes } = call.caller;
  const all = membershipsOf(user, tenantId, scopes, nested);
  const items = all.filter((one) => !groupsOnly || one['@odata.type'] === '#microsoft.graph.group');
  const types = typesFor(call);
  return groupsOnly
    ? listReply(call, { set: 'groups', type: types.group, items })
    : listReply(call, { set: 'directoryObjects', type: types.directoryObject, items });
}

function parseIds(body: Buffer): string[] {
  const { ids } = parseParameters(body, ['ids']);
  const refuse = (why: string) => new GraphError(400, 'Request_BadRequest', why);
  if (!Array.isArray(ids)) throw refuse("The parameter 'ids' must be a collection of strings.");
  if (ids.length > 20) throw refuse("The parameter 'ids' must not have more than 20 elements.");
  return ids.map((id: unknown) => {
    if (typeof id !== 'string') throw refuse("The parameter 'ids' must be a collection of strings.");
    return id;
  });
}

/** The object id of a user in the caller's tenant. */
export function idOf({ caller }: GraphCall, user: User): string {
  return objectIdIn(user, caller.tenantId) ?? user.id;
}
