import { entityReply } from '../answer.ts';
import { parseParameters } from '../body.ts';
import { type GraphCall, me, requireUser } from '../call.ts';
import { idOf } from '../directory/user-routes.ts';
import { findUser } from '../directory/users.ts';
import type { EntityType } from '../odata/entity-type.ts';
import { entityOptions } from '../odata/options.ts';
import { shape } from '../odata/select.ts';
import { GraphError, type GraphObject, type GraphReply } from '../reply.ts';
import type { Route } from '../route.ts';

const presenceType: EntityType = {
  name: 'presence',
  properties: { id: '', activity: '', availability: '', statusMessage: null },
  always: [],
  paging: { defaultSize: 650, maxSize: 650, by: '$skiptoken' },
};

const ownScopes = ['Presence.Read', 'Presence.ReadWrite', 'Presence.Read.All'];
const scopes = ['Presence.Read.All'];
const maximum = 650;

/** Presence of users. Some users are away, so that pages must show that. */
export const presenceRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/me/presence',
    scopes: ownScopes,
    options: entityOptions,
    handle: (call) => presenceReply(call, idOf(call, me(call))),
  },
  ...['/users/{user}/presence', '/communications/presences/{user}'].map(
    (path): Route => ({
      method: 'GET',
      path,
      scopes,
      options: entityOptions,
      handle: (call, key = '') => presenceReply(call, idOf(call, requireUser(call, key))),
    }),
  ),
  {
    method: 'POST',
    path: '/communications/getPresencesByUserId',
    scopes,
    handle: getPresences,
  },
  {
    method: 'POST',
    path: '/me/presence/setUserPreferredPresence',
    scopes: ['Presence.ReadWrite'],
    handle(call) {
      const { availability, activity } = parseParameters(call.body, ['availability', 'activity']);
      if (typeof availability !== 'string' || typeof activity !== 'string')
        throw new GraphError(400, 'BadRequest', "'availability' and 'activity' are required.");
      store(call).save({ id: idOf(call, me(call)), availability, activity, statusMessage: null });
      return { status: 200 };
    },
  },
  {
    method: 'POST',
    path: '/me/presence/clearUserPreferredPresence',
    scopes: ['Presence.ReadWrite'],
    handle(call) {
      const id = idOf(call, me(call));
      store(call).save(givenPresence(call, id));
      return { status: 200 };
    },
  },
];

const store = ({ saved, caller }: GraphCall) => saved.of(`${caller.tenantId} presence`);

function presenceOf(call: GraphCall, id: string): GraphObject {
  return (
    store(call)
      .apply([givenPresence(call, id)])
      .find((one) => one['id'] === id) ?? {}
  );
}

function givenPresence(call: GraphCall, id: string): GraphObject {
  const user = findUser(call.directory, call.caller.tenantId, id);
  const isAway = (user?.name.length ?? 0) % 2 === 1;
  const availability = isAway ? 'Away' : 'Available';
  return { id, availability, activity: availability, statusMessage: null };
}

function presenceReply(call: GraphCall, id: string): GraphReply {
  return entityReply(call, `users('${id}')/presence`, presenceType, presenceOf(call, id));
}

function getPresences(call: GraphCall): GraphReply {
  const { ids } = parseParameters(call.body, ['ids']);
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > maximum)
    throw new GraphError(400, 'BadRequest', `'ids' must contain 1 to ${maximum} object ids.`);
  const known = ids
    .map(String)
    .filter((id) => findUser(call.directory, call.caller.tenantId, id) !== undefined);
  const value = known.map((id) => shape(presenceType, presenceOf(call, id.toLowerCase()), call.options));
  return {
    status: 200,
    body: {
      '@odata.context': `${call.origin}/${call.version}/$metadata#Collection(microsoft.graph.presence)`,
      value,
    },
  };
}
