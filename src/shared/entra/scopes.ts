import { clouds } from './authority.ts';

/** OpenID Connect's scopes concern the ID and refresh tokens. The scopes of an access token need not include them. */
const openIdScopes = new Set(['openid', 'profile', 'offline_access', 'email']);

const graphPrefixes = Object.values(clouds).map(({ graph }) => `${graph}/`);

/**
 * Returns the requested scopes that were not granted, except those of OpenID Connect. Letter case is ignored, as in Entra
 * ID and MSAL. Graph's URL before a scope is ignored, because Entra ID may add it.
 */
export function missingScopes(requested: readonly string[], granted: readonly string[]): string[] {
  const comparable = new Set(granted.map(toComparable));
  return requested.filter((scope) => !openIdScopes.has(scope) && !comparable.has(toComparable(scope)));
}

/** The permissions that a call needs: all of `scopes`, or all of one list in `alternatives`. These lists permit more. */
export interface ScopeNeed {
  readonly scopes: readonly string[];
  readonly alternatives: readonly (readonly string[])[];
}

/**
 * Returns the permissions to use for a call: `scopes` or the first alternative that has been granted. If none has been
 * granted, returns `scopes`, so that the user is asked to consent to these.
 */
export function chooseScopes(
  { scopes, alternatives }: ScopeNeed,
  granted: readonly string[],
): readonly string[] {
  // Most users have granted the scopes in the spelling of the policy.
  if (scopes.every((scope) => granted.includes(scope))) return scopes;
  return [scopes, ...alternatives].find((list) => missingScopes(list, granted).length === 0) ?? scopes;
}

/**
 * Groups scopes by API, because a token request can name only one API (AADSTS28000). The first list has the scopes of
 * Microsoft Graph and OpenID Connect, and may be empty.
 */
export function scopesByResource(scopes: readonly string[]): readonly [string[], ...string[][]] {
  const graphScopes: string[] = [];
  const others = new Map<string, string[]>();
  for (const scope of scopes) {
    const resource = resourceOf(scope);
    if (resource === undefined) graphScopes.push(scope);
    else others.set(resource, [...(others.get(resource) ?? []), scope]);
  }
  return [graphScopes, ...others.values()];
}

/** Returns the URLs of the APIs to which these scopes belong, with '' for Microsoft Graph and OpenID Connect. */
export function resourcesOf(scopes: readonly string[]): string[] {
  return [...new Set(scopes.map((scope) => resourceOf(scope) ?? ''))].toSorted();
}

/** Returns the granted scopes of a new sign-in, and those from before whose API has no granted scope. */
export function withScopesOfOtherApis(granted: readonly string[], before: readonly string[]): string[] {
  const newResources = new Set(granted.map(resourceOf));
  return [...granted, ...before.filter((scope) => !newResources.has(resourceOf(scope)))];
}

/** Maximum length of packed scopes in a login cookie. Five of these cookies must fit into the headers of a request. */
export const MAX_PACKED_SCOPES_LENGTH = 320;

/** Encodes scopes compactly: each API's URL appears once, before its permissions. */
export function packScopes(scopes: readonly string[]): string {
  const [graphScopes, ...others] = scopesByResource(scopes);
  const packed = others.map((list) => [resourceOf(list[0] ?? ''), ...list.map(permissionName)].join(' '));
  return [graphScopes.join(' '), ...packed].join('|');
}

/** @param packed the result of {@link packScopes} */
export function unpackScopes(packed: string): string[] {
  const [graphScopes = [], ...others] = packed.split('|').map((list) => list.split(' '));
  return [
    ...graphScopes.filter((scope) => scope !== ''),
    ...others.flatMap(([resource, ...names]) => names.map((name) => `${resource}/${name}`)),
  ];
}

/** Returns the URL of the scope's API, or undefined for scopes of Microsoft Graph and OpenID Connect. */
function resourceOf(scope: string): string | undefined {
  return toComparable(scope).includes('://') ? scope.slice(0, scope.lastIndexOf('/')) : undefined;
}

const permissionName = (scope: string) => scope.slice(scope.lastIndexOf('/') + 1);

/** Returns the same text for every spelling of a scope. */
export function toComparable(scope: string): string {
  const lowerCase = scope.toLowerCase();
  const prefix = graphPrefixes.find((candidate) => lowerCase.startsWith(candidate));
  return prefix === undefined ? lowerCase : lowerCase.slice(prefix.length);
}
