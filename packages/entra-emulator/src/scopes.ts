import type { Directory, Permission, Resource } from '@entra-bff/directory';
import { graphResourceId } from '@entra-bff/directory';

/** A permission as an app asked for it. */
export interface RequestedScope {
  /** The app's own spelling. It is echoed: MSAL looks tokens up by the letters it sent. */
  readonly spelling: string;
  readonly resource: Resource;
  readonly permission: Permission;
}

export const openIdScopes = new Set(['openid', 'profile', 'email', 'offline_access']);

export const isOpenIdScope = (scope: RequestedScope): boolean => openIdScopes.has(scope.permission.name);

/** One name per permission, however it was spelled. */
export function permissionKey(resource: Resource, permission: Permission): string {
  return `${resource.uri}/${permission.name}`;
}

export const scopeKey = (scope: RequestedScope): string => permissionKey(scope.resource, scope.permission);

/** Reads a space-separated `scope`; what names no permission of the directory comes back as `unknown`. */
export function parseScopes(
  directory: Directory,
  scope: string,
): { scopes: RequestedScope[]; unknown: string[] } {
  const scopes: RequestedScope[] = [];
  const unknown: string[] = [];
  for (const spelling of new Set(scope.split(' ').filter((word) => word !== ''))) {
    const found = findPermission(directory, spelling);
    if (found === undefined) unknown.push(spelling);
    else scopes.push({ spelling, ...found });
  }
  return { scopes, unknown };
}

function findPermission(directory: Directory, spelling: string) {
  for (const resource of directory.resources)
    for (const permission of resource.permissions) {
      const names = [permissionKey(resource, permission)];
      if (resource.id === graphResourceId) names.push(permission.name);
      if (names.some((name) => name.toLowerCase() === spelling.toLowerCase()))
        return { resource, permission };
    }
  return undefined;
}

/** The APIs that the scopes are for; OpenID scopes belong to every API. */
export function resourcesOf(scopes: readonly RequestedScope[]): Resource[] {
  return [...new Set(scopes.filter((scope) => !isOpenIdScope(scope)).map((scope) => scope.resource))];
}
