import { createHash } from 'node:crypto';
import type { Directory } from '../directory.ts';
import type { Caller } from './access-token.ts';
import { type GraphAnswer, GraphError, type GraphObject } from './answers.ts';
import * as members from './directory-objects.ts';
import * as mail from './mailbox.ts';
import { drawPortrait } from './portrait.ts';
import { select, toContext, toPage } from './query.ts';

/** A call whose access token has been checked. */
export interface GraphCall {
  readonly method: string;
  /** Below `/v1.0`, as received. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly caller: Caller;
  readonly directory: Directory;
  readonly origin: string;
  readonly now: Date;
}

interface Route {
  readonly method: 'GET' | 'POST';
  readonly template: string;
  /** One of these in the token's `scp` is enough. */
  readonly permissions: readonly string[];
  readonly answer: (call: GraphCall, me: members.Member, key: string) => GraphAnswer;
}

const readUsers = ['User.ReadBasic.All', 'User.Read.All', 'Directory.Read.All'];
const readMe = ['User.Read', ...readUsers];
const readMemberships = ['User.Read', 'GroupMember.Read.All', 'Directory.Read.All'];

const routes: readonly Route[] = [
  { method: 'GET', template: '/me', permissions: readMe, answer: (call, me) => userAnswer(call, me) },
  {
    method: 'GET',
    template: '/me/photo/$value',
    permissions: readMe,
    answer: (_call, me) => photoAnswer(me),
  },
  { method: 'GET', template: '/me/memberOf', permissions: readMemberships, answer: membershipsAnswer },
  { method: 'GET', template: '/me/messages', permissions: ['Mail.Read'], answer: messagesAnswer },
  { method: 'GET', template: '/me/messages/{key}', permissions: ['Mail.Read'], answer: messageAnswer },
  { method: 'GET', template: '/me/events', permissions: ['Calendars.Read'], answer: eventsAnswer },
  { method: 'POST', template: '/me/sendMail', permissions: ['Mail.Send'], answer: () => ({ status: 202 }) },
  { method: 'GET', template: '/users', permissions: readUsers, answer: usersAnswer },
  {
    method: 'GET',
    template: '/users/{key}',
    permissions: readMe,
    answer: (call, me, key) => userAnswer(call, requireReadable(call, me, key)),
  },
  {
    method: 'GET',
    template: '/users/{key}/photo/$value',
    permissions: readMe,
    answer: (call, me, key) => photoAnswer(requireReadable(call, me, key)),
  },
];

/** Answers one call as Graph would; every refusal is a {@link GraphError}. */
export function answerCall(call: GraphCall): GraphAnswer {
  const segments = call.path.split('/').slice(1).map(decodeSegment);
  const matching = routes.flatMap((route) => {
    const key = matchTemplate(route.template, segments);
    return key === undefined ? [] : [{ route, key }];
  });
  if (matching.length === 0) {
    throw new GraphError(404, 'ResourceNotFound', `Resource not found for the segment '${segments.at(-1)}'.`);
  }
  const method = call.method === 'HEAD' ? 'GET' : call.method;
  const match = matching.find(({ route }) => route.method === method);
  if (match === undefined) {
    throw new GraphError(405, 'BadRequest', 'Specified HTTP method is not allowed for the request target.');
  }
  requirePermission(call, match.route.permissions);
  const me = members.requireCaller(call.directory, call.caller.tenantId, call.caller.userId);
  return match.route.answer(call, me, match.key);
}

/** The text that stands for `{key}`, empty when the template has none, undefined when it does not match. */
function matchTemplate(template: string, segments: readonly string[]): string | undefined {
  const names = template.split('/').slice(1);
  if (names.length !== segments.length) return undefined;
  // Graph reads its own segment names in any letter case.
  const fits = names.every(
    (name, at) => name === '{key}' || name.toLowerCase() === segments[at]?.toLowerCase(),
  );
  return fits ? (segments[names.indexOf('{key}')] ?? '') : undefined;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new GraphError(400, 'BadRequest', 'The request path is not properly encoded.');
  }
}

function requirePermission({ path, caller }: GraphCall, permissions: readonly string[]): void {
  if (permissions.some((permission) => caller.scopes.has(permission))) return;
  // Exchange answers for mail and calendar, the directory for everything else, each in its own words.
  throw permissions.some((permission) => /^(Mail|Calendars)\./.test(permission)) && path.startsWith('/me')
    ? new GraphError(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.')
    : requestDenied();
}

const requestDenied = () =>
  new GraphError(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');

/** `User.Read` reaches oneself only, also by `/users/{own id}`. */
function requireReadable(call: GraphCall, me: members.Member, key: string): members.Member {
  const mayReadOthers = readUsers.some((permission) => call.caller.scopes.has(permission));
  const isSelf = [me.id, me.userPrincipalName].some((own) => own.toLowerCase() === key.toLowerCase());
  if (isSelf) return me;
  if (!mayReadOthers) throw requestDenied();
  return members.requireMember(call.directory, me.tenantId, key);
}

function userAnswer(call: GraphCall, member: members.Member): GraphAnswer {
  const context = toContext(call.origin, 'users', call.query, true);
  return { status: 200, body: { '@odata.context': context, ...selectUser(call, member) } };
}

function usersAnswer(call: GraphCall, me: members.Member): GraphAnswer {
  const users = members.listMembers(call.directory, me.tenantId).map((member) => selectUser(call, member));
  const page = toPage(users, toLink(call), { defaultSize: 100, maxSize: 999, by: '$skiptoken' });
  return {
    status: 200,
    body: { '@odata.context': toContext(call.origin, 'users', call.query, false), ...page },
  };
}

function selectUser({ query }: GraphCall, member: members.Member): GraphObject {
  const user = members.toUserObject(member);
  return query.has('$select')
    ? select(user, query)
    : Object.fromEntries(members.defaultUserProperties.map((name) => [name, user[name]]));
}

function photoAnswer(member: members.Member): GraphAnswer {
  // Somebody must be without a photo, so that pages show what they do then: guests are.
  if (member.isGuest) {
    throw new GraphError(
      404,
      'ImageNotFound',
      "Exception of type 'Microsoft.Fast.Profile.Core.Exception.ImageNotFoundException' was thrown.",
    );
  }
  const body = drawPortrait(member.id);
  const etag = `"${createHash('sha256').update(body).digest('hex').toUpperCase()}"`;
  return { status: 200, headers: { 'Content-Type': 'image/png', ETag: etag }, body };
}

function membershipsAnswer(call: GraphCall, me: members.Member): GraphAnswer {
  const mayReadNames = ['GroupMember.Read.All', 'Directory.Read.All'].some((name) =>
    call.caller.scopes.has(name),
  );
  const objects = members
    .toMembershipObjects(me, mayReadNames)
    .map((one) => select(one, call.query, ['@odata.type']));
  const page = toPage(objects, toLink(call), { defaultSize: 100, maxSize: 999, by: '$skiptoken' });
  return {
    status: 200,
    body: { '@odata.context': toContext(call.origin, 'directoryObjects', call.query, false), ...page },
  };
}

function messagesAnswer(call: GraphCall, me: members.Member): GraphAnswer {
  const newestFirst = mail.listMessages(me, call.now);
  const oldestFirst = /^receivedDateTime( asc)?$/i.test(call.query.get('$orderby')?.trim() ?? '');
  const ordered = oldestFirst ? newestFirst.toReversed() : newestFirst;
  return itemsAnswer(call, me, 'messages', ordered);
}

function messageAnswer(call: GraphCall, me: members.Member, id: string): GraphAnswer {
  const message = select(mail.requireMessage(me, id, call.now), call.query, mail.alwaysSentOfItem);
  return {
    status: 200,
    body: { '@odata.context': toContext(call.origin, toSet(me, 'messages'), call.query, true), ...message },
  };
}

function eventsAnswer(call: GraphCall, me: members.Member): GraphAnswer {
  return itemsAnswer(call, me, 'events', mail.listEvents(me, call.now));
}

function itemsAnswer(
  call: GraphCall,
  me: members.Member,
  name: string,
  items: readonly GraphObject[],
): GraphAnswer {
  const selected = items.map((item) => select(item, call.query, mail.alwaysSentOfItem));
  const page = toPage(selected, toLink(call), { defaultSize: 10, maxSize: 1000, by: '$skip' });
  return {
    status: 200,
    body: { '@odata.context': toContext(call.origin, toSet(me, name), call.query, false), ...page },
  };
}

const toSet = (me: members.Member, name: string) => `users('${me.id}')/${name}`;

const toLink = ({ origin, path, query }: GraphCall) => ({ url: `${origin}/v1.0${path}`, query });
