import type { Directory, User } from '../directory.ts';
import type { Caller } from './access-token.ts';
import { type GraphAnswer, GraphError, type GraphObject } from './answers.ts';
import { eventsOf, messagesOf } from './mailbox.ts';
import { defaultUserFields, findUser, groupsIn, membershipsOf, toGraphUser, usersIn } from './people.ts';
import { drawPortrait } from './portrait.ts';
import { select, toContext, toPage } from './query.ts';

/** One authenticated call. */
export interface GraphCall {
  readonly method: string;
  /** Below `/v1.0`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly caller: Caller;
  readonly directory: Directory;
  readonly origin: string;
  readonly now: Date;
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  /** Any of these delegated permissions will do. */
  readonly scopes: readonly string[];
  answer(call: GraphCall, key: string): GraphAnswer;
}

const mailRead = ['Mail.Read', 'Mail.ReadWrite'];
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
      listAnswer(call, 'directoryObjects', membershipsOf(me(call), call.caller.scopes), '$skiptoken'),
  },
  {
    method: 'GET',
    path: /^\/me\/messages$/,
    scopes: mailRead,
    answer: (call) =>
      listAnswer(
        call,
        `users('${call.caller.userId}')/messages`,
        inOrder(call, messagesOf(me(call), call.now)),
        '$skip',
      ),
  },
  {
    method: 'GET',
    path: /^\/me\/messages\/([^/]+)$/,
    scopes: mailRead,
    answer: (call, key) => {
      const message = messagesOf(me(call), call.now).find(({ id }) => id === key);
      if (message === undefined)
        throw new GraphError(404, 'ErrorItemNotFound', 'The specified object was not found in the store.');
      return oneAnswer(call, `users('${call.caller.userId}')/messages`, message, ['id']);
    },
  },
  {
    method: 'GET',
    path: /^\/me\/events$/,
    scopes: ['Calendars.ReadBasic', 'Calendars.Read', 'Calendars.ReadWrite'],
    answer: (call) =>
      listAnswer(call, `users('${call.caller.userId}')/events`, eventsOf(me(call), call.now), '$skip'),
  },
  {
    method: 'POST',
    path: /^\/me\/sendMail$/,
    scopes: ['Mail.Send'],
    answer: ({ body }) => {
      const message = parseObject(body)['message'];
      if (typeof message !== 'object' || message === null) {
        throw new GraphError(400, 'BadRequest', "Missing required parameter 'message'.");
      }
      return { status: 202 };
    },
  },
  {
    method: 'GET',
    path: /^\/groups$/,
    scopes: ['GroupMember.Read.All', 'Directory.Read.All'],
    answer: (call) =>
      listAnswer(call, 'groups', groupsIn(call.directory, call.caller.tenantId), '$skiptoken'),
  },
  {
    method: 'GET',
    path: /^\/users$/,
    scopes: usersRead,
    answer: (call) => {
      const users = usersIn(call.directory, call.caller.tenantId).map((user) =>
        toGraphUser(user, call.caller.tenantId),
      );
      return listAnswer(call, 'users', users, '$skiptoken', defaultUserFields);
    },
  },
  {
    method: 'GET',
    path: /^\/users\/([^/]+)$/,
    scopes: usersRead,
    answer: (call, key) => userAnswer(call, other(call, key)),
  },
  {
    method: 'GET',
    path: /^\/users\/([^/]+)\/photo\/\$value$/,
    scopes: usersRead,
    answer: (call, key) => photoAnswer(other(call, key)),
  },
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
    throw route.scopes === mailRead
      ? new GraphError(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.')
      : new GraphError(
          403,
          'Authorization_RequestDenied',
          'Insufficient privileges to complete the operation.',
        );
  }
  return route.answer(call, decodeKey(route.path.exec(call.path)?.[1] ?? ''));
}

function me({ directory, caller }: GraphCall): User {
  const user = findUser(directory, caller.tenantId, caller.userId);
  if (user === undefined) throw notFound(caller.userId);
  return user;
}

function other({ directory, caller }: GraphCall, key: string): User {
  const user = findUser(directory, caller.tenantId, key);
  if (user === undefined) throw notFound(key);
  return user;
}

function notFound(key: string): GraphError {
  return new GraphError(
    404,
    'Request_ResourceNotFound',
    `Resource '${key}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

function userAnswer(call: GraphCall, user: User): GraphAnswer {
  return oneAnswer(call, 'users', toGraphUser(user, call.caller.tenantId), [], defaultUserFields);
}

function oneAnswer(
  { origin, query }: GraphCall,
  set: string,
  entity: GraphObject,
  always: readonly string[],
  defaultFields?: readonly string[],
): GraphAnswer {
  const body = {
    '@odata.context': toContext(origin, set, query, true),
    ...selected(entity, query, always, defaultFields),
  };
  return { status: 200, body };
}

function listAnswer(
  { origin, path, query }: GraphCall,
  set: string,
  items: readonly GraphObject[],
  by: '$skip' | '$skiptoken',
  defaultFields?: readonly string[],
): GraphAnswer {
  const always = by === '$skip' ? ['id'] : ['@odata.type'];
  const page = toPage(
    items.map((item) => selected(item, query, always, defaultFields)),
    { url: `${origin}/v1.0${path}`, query },
    { defaultSize: by === '$skip' ? 10 : 100, maxSize: by === '$skip' ? 1000 : 999, by },
  );
  return { status: 200, body: { '@odata.context': toContext(origin, set, query, false), ...page } };
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

function inOrder({ query }: GraphCall, messages: GraphObject[]): GraphObject[] {
  const order = query.get('$orderby');
  if (order === null || /^receivedDateTime desc$/i.test(order)) return messages;
  if (/^receivedDateTime(?: asc)?$/i.test(order)) return messages.toReversed();
  throw new GraphError(400, 'ErrorInvalidUrlQuery', 'The emulator orders messages by receivedDateTime only.');
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

function parseObject(body: Buffer): GraphObject {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    throw new GraphError(400, 'BadRequest', 'Unable to read JSON request payload.');
  }
}

function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new GraphError(400, 'BadRequest', 'The request URI is not valid.');
  }
}
