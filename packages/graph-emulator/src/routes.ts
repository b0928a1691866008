import type { User } from '@entra-bff/directory';
import { administrationRoutes } from './administration-routes.ts';
import { calendarRoutes } from './calendar-routes.ts';
import { workRoutes } from './contact-and-task-routes.ts';
import { driveRoutes } from './drive-routes.ts';
import { filter } from './filter.ts';
import { mailRoutes } from './mail-routes.ts';
import { drawPortrait } from './portrait.ts';
import { GraphError, type GraphReply } from './reply.ts';
import {
  entityReply,
  type GraphCall,
  listReply,
  me,
  notFound,
  parseObject,
  type Route,
  requestDenied,
  requireUser,
} from './route.ts';
import {
  defaultUserFields,
  filterableUserFields,
  groupsIn,
  memberObjectsAmong,
  membershipsOf,
  membersOf,
  toGraphUser,
  usersIn,
} from './users.ts';

const groupsRead = ['Group.ReadBasic.All', 'GroupMember.Read.All', 'Group.Read.All', 'Directory.Read.All'];
const usersRead = ['User.ReadBasic.All', 'User.Read.All', 'Directory.Read.All'];

const routes: readonly Route[] = [
  { method: 'GET', path: /^\/me$/, scopes: ['User.Read'], handle: (call) => userReply(call, me(call)) },
  {
    method: 'GET',
    path: /^\/me\/photo\/\$value$/,
    scopes: ['User.Read'],
    handle: (call) => photoReply(me(call)),
  },
  {
    method: 'GET',
    path: /^\/me\/photo$/,
    scopes: ['User.Read'],
    handle: () => ({
      status: 200,
      body: { '@odata.mediaContentType': 'image/png', id: '240X240', height: 240, width: 240 },
    }),
  },
  {
    method: 'GET',
    path: /^\/me\/manager$/,
    scopes: ['User.Read.All', 'Directory.Read.All'],
    handle: (call) => {
      const manager = call.directory.users.find(({ id }) => id === me(call).managerId);
      if (manager === undefined) {
        throw new GraphError(404, 'Request_ResourceNotFound', "Resource 'manager' does not exist.");
      }
      return userReply(call, manager);
    },
  },
  {
    method: 'GET',
    path: /^\/me\/memberOf$/,
    scopes: ['User.Read'],
    handle: (call) =>
      listReply(
        call,
        'directoryObjects',
        membershipsOf(me(call), call.caller.tenantId, call.caller.scopes),
        '$skiptoken',
      ),
  },
  {
    method: 'POST',
    path: /^\/me\/checkMemberObjects$/,
    scopes: ['User.Read', 'User.Read.All', 'Directory.Read.All'],
    handle: (call) => ({
      status: 200,
      body: {
        '@odata.context': `${call.origin}/v1.0/$metadata#Collection(Edm.String)`,
        value: memberObjectsAmong(me(call), call.caller.tenantId, parseIds(call.body)),
      },
    }),
  },
  {
    method: 'GET',
    path: /^\/me\/photos\/(\d+x\d+)\/\$value$/,
    scopes: ['User.Read'],
    handle: (call) => photoReply(me(call)),
  },
  {
    method: 'GET',
    path: /^\/groups$/,
    scopes: groupsRead,
    handle: (call) => listReply(call, 'groups', groupsIn(call.directory, call.caller.tenantId), '$skiptoken'),
  },
  {
    method: 'GET',
    path: /^\/groups\/([^/]+)$/,
    scopes: groupsRead,
    handle(call, key = '') {
      const group = groupsIn(call.directory, call.caller.tenantId).find(({ id }) => id === key);
      if (group === undefined) throw notFound(key);
      return entityReply(call, 'groups', group);
    },
  },
  {
    method: 'GET',
    path: /^\/groups\/([^/]+)\/members$/,
    scopes: ['GroupMember.ReadBasic.All', ...groupsRead],
    handle: (call, key = '') =>
      listReply(call, 'directoryObjects', membersOf(call.directory, call.caller.tenantId, key), '$skiptoken'),
  },
  {
    method: 'GET',
    path: /^\/users$/,
    scopes: usersRead,
    handle: (call) => {
      const { tenantId } = call.caller;
      const users = usersIn(call.directory, tenantId).map((user) =>
        toGraphUser(call.directory, user, tenantId),
      );
      const found = filter(users, call.query, filterableUserFields);
      return listReply(call, 'users', found, '$skiptoken', defaultUserFields);
    },
  },
  {
    method: 'GET',
    path: /^\/users\/([^/]+)$/,
    scopes: usersRead,
    handle: (call, key = '') => userReply(call, requireUser(call, key)),
  },
  {
    method: 'GET',
    path: /^\/users\/([^/]+)\/photo\/\$value$/,
    scopes: usersRead,
    handle: (call, key = '') => photoReply(requireUser(call, key)),
  },
  ...administrationRoutes,
  ...mailRoutes,
  ...calendarRoutes,
  ...driveRoutes,
  ...workRoutes,
];

/** Replies to a call as Graph does. @throws {GraphError} */
export function handleRoute(call: GraphCall): GraphReply {
  const onPath = routes.filter(({ path }) => path.test(call.path));
  const route = onPath.find(({ method }) => method === call.method);
  if (onPath.length === 0) {
    throw new GraphError(404, 'ResourceNotFound', 'Resource not found for the segment.');
  }
  if (route === undefined)
    throw new GraphError(
      405,
      'Request_BadRequest',
      'Specified HTTP method is not allowed for the request target.',
    );
  if (!route.scopes.some((scope) => call.caller.scopes.has(scope))) {
    throw mailRoutes.includes(route)
      ? new GraphError(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.')
      : requestDenied();
  }
  const [, ...keys] = route.path.exec(call.path) ?? [];
  return route.handle(call, ...keys.map(decodeKey));
}

function parseIds(body: Buffer): string[] {
  const { ids } = parseObject(body);
  const refuse = (why: string) => new GraphError(400, 'Request_BadRequest', why);
  if (!Array.isArray(ids)) throw refuse("The parameter 'ids' must be a collection of strings.");
  if (ids.length > 20) throw refuse("The parameter 'ids' must not have more than 20 elements.");
  return ids.map((id: unknown) => {
    if (typeof id !== 'string') throw refuse("The parameter 'ids' must be a collection of strings.");
    return id;
  });
}

function userReply(call: GraphCall, user: User): GraphReply {
  return entityReply(
    call,
    'users',
    toGraphUser(call.directory, user, call.caller.tenantId),
    [],
    defaultUserFields,
  );
}

function photoReply(user: User): GraphReply {
  // Some users have no photo, so that pages must handle that.
  if (user.guestIn.length > 0) throw new GraphError(404, 'ImageNotFound', "The photo wasn't found.");
  return {
    status: 200,
    headers: { 'content-type': 'image/png', etag: `"${user.id}"` },
    body: drawPortrait(user.id),
  };
}

function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new GraphError(400, 'BadRequest', 'The request URI is not valid.');
  }
}
