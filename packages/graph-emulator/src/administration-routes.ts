import { objectIdIn } from '@entra-bff/directory';
import type { GraphAnswer } from './answers.ts';
import {
  deletePermissionGrant,
  permissionGrants,
  requireApp,
  servicePrincipalId,
} from './permission-grants.ts';
import {
  type GraphCall,
  listAnswer,
  me,
  type Route,
  requireDirectoryRole,
  requireSignInService,
  requireUser,
} from './route.ts';

const revokes = ['User.RevokeSessions.All', 'User.ReadWrite.All', 'Directory.ReadWrite.All'];
const changesGrants = ['DelegatedPermissionGrant.ReadWrite.All', 'Directory.ReadWrite.All'];
const readsGrants = ['DelegatedPermissionGrant.Read.All', 'Directory.Read.All', ...changesGrants];

/** What an administrator does for other people: their sign-ins, and what they have allowed apps. */
export const administrationRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: /^\/me\/revokeSignInSessions$/,
    scopes: revokes,
    answer: (call) => revokeSignInSessions(call, call.caller.userId),
  },
  {
    method: 'POST',
    path: /^\/users\/([^/]+)\/revokeSignInSessions$/,
    scopes: revokes,
    answer: (call, key = '') => revokeSignInSessions(call, key),
  },
  {
    method: 'GET',
    // A client may write the brackets and quotes percent-encoded.
    path: /^\/servicePrincipals(?:\(|%28)appId=(?:'|%27)([\w-]+)(?:'|%27)(?:\)|%29)\/oauth2PermissionGrants$/i,
    scopes: readsGrants,
    answer(call, appId = '') {
      requireDirectoryRole(call);
      const { tenantId } = call.caller;
      return grantsAnswer(call, 'clientId', servicePrincipalId(tenantId, requireApp(call, appId).clientId));
    },
  },
  {
    method: 'GET',
    path: /^\/users\/([^/]+)\/oauth2PermissionGrants$/,
    scopes: readsGrants,
    answer(call, key = '') {
      const user = requireUser(call, key);
      if (user !== me(call)) requireDirectoryRole(call);
      return grantsAnswer(call, 'principalId', objectIdIn(user, call.caller.tenantId));
    },
  },
  {
    method: 'DELETE',
    path: /^\/oauth2PermissionGrants\/([^/]+)$/,
    scopes: changesGrants,
    answer(call, id = '') {
      requireDirectoryRole(call);
      deletePermissionGrant(call, id);
      return { status: 204 };
    },
  },
];

/** Guests sign in at home: Graph says yes and nothing of theirs ends. */
function revokeSignInSessions(call: GraphCall, key: string): GraphAnswer {
  const user = requireUser(call, key);
  if (user !== me(call)) requireDirectoryRole(call);
  const service = requireSignInService(call);
  if (user.homeTenantId === call.caller.tenantId) {
    service.revokeSignInSessions(user.id);
    // One of the events that continuous access evaluation knows.
    call.revocations.revoke(call.now, user.id);
  }
  return {
    status: 200,
    body: { '@odata.context': `${call.origin}/v1.0/$metadata#Edm.Boolean`, value: true },
  };
}

function grantsAnswer(
  call: GraphCall,
  property: 'clientId' | 'principalId',
  id: string | undefined,
): GraphAnswer {
  const grants = permissionGrants(call).map(({ entity }) => entity);
  return listAnswer(
    call,
    'oauth2PermissionGrants',
    grants.filter((grant) => grant[property] === id),
    '$skiptoken',
  );
}
