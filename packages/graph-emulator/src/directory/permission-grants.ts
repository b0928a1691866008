import { createHash } from 'node:crypto';
import { type Consent, objectIdIn, type Registration, type Resource } from '@entra-bff/directory';
import { type GraphCall, notFound, requireSignInService } from '../call.ts';
import type { GraphObject } from '../reply.ts';

/** The part of a consent for one API. */
interface PermissionGrant {
  readonly consent: Consent;
  /** Full names, as in the consent. */
  readonly scopes: readonly string[];
  readonly entity: GraphObject;
}

/** Returns the consents of users and of the organization in the caller's tenant. */
export function permissionGrants(call: GraphCall): PermissionGrant[] {
  const { directory, caller } = call;
  return requireSignInService(call)
    .consents.list()
    .filter(({ tenantId }) => tenantId === caller.tenantId)
    .flatMap((consent) => directory.resources.map((resource) => toGrant(call, consent, resource)))
    .filter(({ scopes }) => scopes.length > 0);
}

function toGrant({ directory }: GraphCall, consent: Consent, resource: Resource): PermissionGrant {
  const prefix = `${resource.uri}/`;
  const scopes = consent.scopes.filter((scope) => scope.startsWith(prefix));
  const clientId = servicePrincipalId(consent.tenantId, consent.clientId);
  const resourceId = servicePrincipalId(consent.tenantId, resource.id);
  const user = directory.users.find(({ id }) => id === consent.userId);
  const principalId = (user && objectIdIn(user, consent.tenantId)) ?? null;
  const entity = {
    id: createHash('sha256').update(`${clientId} ${resourceId} ${principalId}`).digest('base64url'),
    clientId,
    consentType: consent.userId === undefined ? 'AllPrincipals' : 'Principal',
    principalId,
    resourceId,
    scope: scopes.map((scope) => scope.slice(prefix.length)).join(' '),
  };
  return { consent, scopes, entity };
}

/** The next request for these permissions needs consent again. Access tokens that contain them stay valid. */
export function deletePermissionGrant(call: GraphCall, id: string): void {
  const grant = permissionGrants(call).find(({ entity }) => entity['id'] === id);
  if (grant === undefined) throw notFound(id);
  requireSignInService(call).consents.remove(grant.consent, grant.scopes);
}

/** Returns an app's object id in a tenant. It differs from the app id and between tenants. */
export function servicePrincipalId(tenantId: string, appId: string): string {
  const hex = createHash('sha256').update(`${tenantId} ${appId}`).digest('hex');
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
}

/** Returns the app with this app id, if it can be used in the caller's tenant. */
export function requireApp({ directory, caller }: GraphCall, appId: string): Registration {
  const app = directory.registrations.find(
    ({ clientId, tenantId, accounts }) =>
      clientId === appId.toLowerCase() && (accounts === 'any-tenant' || tenantId === caller.tenantId),
  );
  if (app === undefined) throw notFound(appId);
  return app;
}
