import { objectIdIn } from '@entra-bff/directory';
import { listReply, metadataOf } from '../answer.ts';
import { type GraphCall, me, requireDirectoryRole, requireSignInService, requireUser } from '../call.ts';
import type { EntityType } from '../odata/entity-type.ts';
import { listOptions } from '../odata/options.ts';
import type { GraphReply } from '../reply.ts';
import type { Route } from '../route.ts';
import {
  deletePermissionGrant,
  permissionGrants,
  requireApp,
  servicePrincipalId,
} from './permission-grants.ts';

const revokes = ['User.RevokeSessions.All', 'User.ReadWrite.All', 'Directory.ReadWrite.All'];
const changesGrants = ['DelegatedPermissionGrant.ReadWrite.All', 'Directory.ReadWrite.All'];
const readsGrants = ['DelegatedPermissionGrant.Read.All', 'Directory.Read.All', ...changesGrants];

const grantType: EntityType = {
  name: 'oAuth2PermissionGrant',
  properties: { id: '', clientId: '', consentType: '', principalId: '', resourceId: '', scope: '' },
  always: [],
  paging: { defaultSize: 100, maxSize: 999, by: '$skiptoken' },
};

/** Sessions and consents of users, for administrators. */
export const administrationRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/me/revokeSignInSessions',
    scopes: revokes,
    handle: (call) => revokeSignInSessions(call, call.caller.userId),
  },
  {
    method: 'POST',
    path: '/users/{user}/revokeSignInSessions',
    scopes: revokes,
    handle: (call, key = '') => revokeSignInSessions(call, key),
  },
  {
    method: 'GET',
    path: "/servicePrincipals(appId='{app}')/oauth2PermissionGrants",
    scopes: readsGrants,
    options: listOptions,
    handle(call, appId = '') {
      requireDirectoryRole(call);
      const { tenantId } = call.caller;
      return grantsReply(call, 'clientId', servicePrincipalId(tenantId, requireApp(call, appId).clientId));
    },
  },
  {
    method: 'GET',
    path: '/users/{user}/oauth2PermissionGrants',
    scopes: readsGrants,
    options: listOptions,
    handle(call, key = '') {
      const user = requireUser(call, key);
      if (user !== me(call)) requireDirectoryRole(call);
      return grantsReply(call, 'principalId', objectIdIn(user, call.caller.tenantId));
    },
  },
  {
    method: 'DELETE',
    path: '/oauth2PermissionGrants/{grant}',
    scopes: changesGrants,
    handle(call, id = '') {
      requireDirectoryRole(call);
      deletePermissionGrant(call, id);
      return { status: 204 };
    },
  },
];

/** A guest signs in at the home tenant. Graph returns success for a guest but revokes nothing. */
function revokeSignInSessions(call: GraphCall, key: string): GraphReply {
  const user = requireUser(call, key);
  if (user !== me(call)) requireDirectoryRole(call);
  const service = requireSignInService(call);
  if (user.homeTenantId === call.caller.tenantId) {
    service.revokeSignInSessions(user.id);
    // This is an event of continuous access evaluation.
    call.revocations.revoke(call.now, user.id);
  }
  return {
    status: 200,
    body: { '@odata.context': `${metadataOf(call)}#Edm.Boolean`, value: true },
  };
}

function grantsReply(
  call: GraphCall,
  property: 'clientId' | 'principalId',
  id: string | undefined,
): GraphReply {
  const grants = permissionGrants(call).map(({ entity }) => entity);
  return listReply(call, {
    set: 'oauth2PermissionGrants',
    type: grantType,
    items: grants.filter((grant) => grant[property] === id),
  });
}
