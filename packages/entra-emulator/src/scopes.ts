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

export interface ParsedScopes {
  readonly scopes: readonly RequestedScope[];
  /** Words that are no permission of the directory. */
  readonly unknown: readonly string[];
  /** The URI of the first API that the directory does not have. */
  readonly unknownApi: string | undefined;
}

/** Parses a space-separated `scope`. */
export function parseScopes(directory: Directory, scope: string): ParsedScopes {
  const scopes: RequestedScope[] = [];
  const unknown: string[] = [];
  for (const spelling of new Set(scope.split(' ').filter((word) => word !== ''))) {
    const found = findPermission(directory, spelling);
    if (found === undefined) unknown.push(spelling);
    else scopes.push({ spelling, ...found });
  }
  const unknownApi = unknown.map(apiOf).find((uri) => uri !== undefined && !isApi(directory, uri));
  return { scopes, unknown, unknownApi };
}

/** The URI before the name of a permission. Undefined for a bare name, which is one of Graph. */
const apiOf = (spelling: string) => /^(.+)\/[^/]*$/.exec(spelling)?.[1];

const isApi = ({ resources }: Directory, uri: string) =>
  resources.some((resource) => resource.uri.toLowerCase() === uri.toLowerCase());

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
