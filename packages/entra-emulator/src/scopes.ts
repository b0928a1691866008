import type { Directory, Permission, Resource } from '@entra-bff/directory';
import { graphResourceId } from '@entra-bff/directory';

/** A permission as an app requests it. */
export interface RequestedScope {
  /** The text that the app sent. The response repeats it, because MSAL looks tokens up by it. */
  readonly spelling: string;
  readonly resource: Resource;
  readonly permission: Permission;
}

export const openIdScopes = new Set(['openid', 'profile', 'email', 'offline_access']);

export const isOpenIdScope = (scope: RequestedScope): boolean => openIdScopes.has(scope.permission.name);

/** The full name of a permission. */
export function permissionKey(resource: Resource, permission: Permission): string {
  return `${resource.uri}/${permission.name}`;
}

export const scopeKey = (scope: RequestedScope): string => permissionKey(scope.resource, scope.permission);

/** Parses a space-separated `scope`. Words that are no permission of the directory are returned as `unknown`. */
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

/** Returns the APIs of the scopes. OpenID scopes belong to no particular API. */
export function resourcesOf(scopes: readonly RequestedScope[]): Resource[] {
  return [...new Set(scopes.filter((scope) => !isOpenIdScope(scope)).map((scope) => scope.resource))];
}
