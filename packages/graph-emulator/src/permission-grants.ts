import { createHash } from 'node:crypto';
import { objectIdIn, type Registration, type Resource } from '@entra-bff/directory';
import type { Consent } from '@entra-bff/entra-emulator';
import type { GraphObject } from './answers.ts';
import { type GraphCall, notFound, requireSignInService } from './route.ts';

/** A consent as far as one API is concerned. */
interface PermissionGrant {
  readonly consent: Consent;
  /** Fully spelled, as the consent has them. */
  readonly scopes: readonly string[];
  readonly entity: GraphObject;
}

/** What people and the organization have allowed apps, in the caller's tenant. */
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

/** The next request for these permissions needs consent again; access tokens that have them live on. */
export function deletePermissionGrant(call: GraphCall, id: string): void {
  const grant = permissionGrants(call).find(({ entity }) => entity['id'] === id);
  if (grant === undefined) throw notFound(id);
  requireSignInService(call).consents.takeBack(grant.consent, grant.scopes);
}

/** An app's object id in a tenant: another than its app id, and another in every tenant. */
export function servicePrincipalId(tenantId: string, appId: string): string {
  const hex = createHash('sha256').update(`${tenantId} ${appId}`).digest('hex');
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
}

/** The app that has this app id and may be used in the caller's tenant. */
export function requireApp({ directory, caller }: GraphCall, appId: string): Registration {
  const app = directory.registrations.find(
    ({ clientId, tenantId, accounts }) =>
      clientId === appId.toLowerCase() && (accounts === 'any-tenant' || tenantId === caller.tenantId),
  );
  if (app === undefined) throw notFound(appId);
  return app;
}
