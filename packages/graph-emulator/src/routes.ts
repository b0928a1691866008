import type { User } from '@entra-bff/directory';
import { administrationRoutes } from './administration-routes.ts';
import { type GraphAnswer, GraphError } from './answers.ts';
import { calendarRoutes } from './calendar-routes.ts';
import { driveRoutes } from './drive-routes.ts';
import { filter } from './filter.ts';
import { mailRoutes } from './mail-routes.ts';
import {
  defaultUserFields,
  filterableUserFields,
  groupsIn,
  memberObjectsAmong,
  membershipsOf,
  membersOf,
  toGraphUser,
  usersIn,
} from './people.ts';
import { drawPortrait } from './portrait.ts';
import {
  type GraphCall,
  listAnswer,
  me,
  notFound,
  oneAnswer,
  parseObject,
  type Route,
  requestDenied,
  requireUser,
} from './route.ts';
import { workRoutes } from './work-routes.ts';

const groupsRead = ['Group.ReadBasic.All', 'GroupMember.Read.All', 'Group.Read.All', 'Directory.Read.All'];
const usersRead = ['User.ReadBasic.All', 'User.Read.All', 'Directory.Read.All'];

const routes: readonly Route[] = [
  { method: 'GET', path: /^\/me$/, scopes: ['User.Read'], answer: (call) => userAnswer(call, me(call)) },
  {
    method: 'GET',
    path: /^\/me\/photo\/\$value$/,
    scopes: ['User.Read'],
    answer: (call) => photoAnswer(me(call)),
  },
  {
    method: 'GET',
    path: /^\/me\/photo$/,
    scopes: ['User.Read'],
    answer: () => ({
      status: 200,
      body: { '@odata.mediaContentType': 'image/png', id: '240X240', height: 240, width: 240 },
    }),
  },
  {
    method: 'GET',
    path: /^\/me\/manager$/,
    scopes: ['User.Read.All', 'Directory.Read.All'],
    answer: (call) => {
      const manager = call.directory.users.find(({ id }) => id === me(call).managerId);
      if (manager === undefined) {
        throw new GraphError(404, 'Request_ResourceNotFound', "Resource 'manager' does not exist.");
      }
      return userAnswer(call, manager);
    },
  },
  {
    method: 'GET',
    path: /^\/me\/memberOf$/,
    scopes: ['User.Read'],
    answer: (call) =>
      listAnswer(
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
    answer: (call) => ({
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
    answer: (call) => photoAnswer(me(call)),
  },
  {
    method: 'GET',
    path: /^\/groups$/,
    scopes: groupsRead,
    answer: (call) =>
      listAnswer(call, 'groups', groupsIn(call.directory, call.caller.tenantId), '$skiptoken'),
  },
  {
    method: 'GET',
    path: /^\/groups\/([^/]+)$/,
    scopes: groupsRead,
    answer(call, key = '') {
      const group = groupsIn(call.directory, call.caller.tenantId).find(({ id }) => id === key);
      if (group === undefined) throw notFound(key);
      return oneAnswer(call, 'groups', group);
    },
  },
  {
    method: 'GET',
    path: /^\/groups\/([^/]+)\/members$/,
    scopes: ['GroupMember.ReadBasic.All', ...groupsRead],
    answer: (call, key = '') =>
      listAnswer(
        call,
        'directoryObjects',
        membersOf(call.directory, call.caller.tenantId, key),
        '$skiptoken',
      ),
  },
  {
    method: 'GET',
    path: /^\/users$/,
    scopes: usersRead,
    answer: (call) => {
      const { tenantId } = call.caller;
      const users = usersIn(call.directory, tenantId).map((user) =>
        toGraphUser(call.directory, user, tenantId),
      );
      const found = filter(users, call.query, filterableUserFields);
      return listAnswer(call, 'users', found, '$skiptoken', defaultUserFields);
    },
  },
  {
    method: 'GET',
    path: /^\/users\/([^/]+)$/,
    scopes: usersRead,
    answer: (call, key = '') => userAnswer(call, requireUser(call, key)),
  },
  {
    method: 'GET',
    path: /^\/users\/([^/]+)\/photo\/\$value$/,
    scopes: usersRead,
    answer: (call, key = '') => photoAnswer(requireUser(call, key)),
  },
  ...administrationRoutes,
  ...mailRoutes,
  ...calendarRoutes,
  ...driveRoutes,
  ...workRoutes,
];

/** Graph's answer to a call, or its refusal. @throws {GraphError} */
export function answerCall(call: GraphCall): GraphAnswer {
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
  return route.answer(call, ...keys.map(decodeKey));
}

function parseIds(body: Buffer): string[] {
  const { ids } = parseObject(body);
  const refuse = (why: string) => new GraphError(400, 'Request_BadRequest', why);
  if (!Array.isArray(ids)) throw refuse("The parameter 'ids' has to be a collection of strings.");
  if (ids.length > 20) throw refuse("The parameter 'ids' must not have more than 20 elements.");
  return ids.map((id: unknown) => {
    if (typeof id !== 'string') throw refuse("The parameter 'ids' has to be a collection of strings.");
    return id;
  });
}

function userAnswer(call: GraphCall, user: User): GraphAnswer {
  return oneAnswer(
    call,
    'users',
    toGraphUser(call.directory, user, call.caller.tenantId),
    [],
    defaultUserFields,
  );
}

function photoAnswer(user: User): GraphAnswer {
  // As in life, not everybody has one: pages have to do without.
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
