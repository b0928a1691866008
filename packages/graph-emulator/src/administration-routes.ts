import { objectIdIn } from '@entra-bff/directory';
import {
  deletePermissionGrant,
  permissionGrants,
  requireApp,
  servicePrincipalId,
} from './permission-grants.ts';
import type { GraphReply } from './reply.ts';
import {
  type GraphCall,
  listReply,
  me,
  type Route,
  requireDirectoryRole,
  requireSignInService,
  requireUser,
} from './route.ts';

const revokes = ['User.RevokeSessions.All', 'User.ReadWrite.All', 'Directory.ReadWrite.All'];
const changesGrants = ['DelegatedPermissionGrant.ReadWrite.All', 'Directory.ReadWrite.All'];
const readsGrants = ['DelegatedPermissionGrant.Read.All', 'Directory.Read.All', ...changesGrants];

/** Sessions and consents of users, for administrators. */
export const administrationRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: /^\/me\/revokeSignInSessions$/,
    scopes: revokes,
    handle: (call) => revokeSignInSessions(call, call.caller.userId),
  },
  {
    method: 'POST',
    path: /^\/users\/([^/]+)\/revokeSignInSessions$/,
    scopes: revokes,
    handle: (call, key = '') => revokeSignInSessions(call, key),
  },
  {
    method: 'GET',
    // Clients may percent-encode the parentheses and quotes.
    path: /^\/servicePrincipals(?:\(|%28)appId=(?:'|%27)([\w-]+)(?:'|%27)(?:\)|%29)\/oauth2PermissionGrants$/i,
    scopes: readsGrants,
    handle(call, appId = '') {
      requireDirectoryRole(call);
      const { tenantId } = call.caller;
      return grantsReply(call, 'clientId', servicePrincipalId(tenantId, requireApp(call, appId).clientId));
    },
  },
  {
    method: 'GET',
    path: /^\/users\/([^/]+)\/oauth2PermissionGrants$/,
    scopes: readsGrants,
    handle(call, key = '') {
      const user = requireUser(call, key);
      if (user !== me(call)) requireDirectoryRole(call);
      return grantsReply(call, 'principalId', objectIdIn(user, call.caller.tenantId));
    },
  },
  {
    method: 'DELETE',
    path: /^\/oauth2PermissionGrants\/([^/]+)$/,
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
    body: { '@odata.context': `${call.origin}/v1.0/$metadata#Edm.Boolean`, value: true },
  };
}

function grantsReply(
  call: GraphCall,
  property: 'clientId' | 'principalId',
  id: string | undefined,
): GraphReply {
  const grants = permissionGrants(call).map(({ entity }) => entity);
  return listReply(
    call,
    'oauth2PermissionGrants',
    grants.filter((grant) => grant[property] === id),
    '$skiptoken',
  );
}
