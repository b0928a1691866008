import { clouds } from './authority.ts';

/** OpenID's own scopes are about the ID token and need no answer in the access token's list. */
const openIdScopes = new Set(['openid', 'profile', 'offline_access', 'email']);

const graphPrefixes = Object.values(clouds).map(({ graph }) => `${graph}/`);

/**
 * Which of the asked scopes were not granted. Entra's scopes are case-insensitive, and so is MSAL; Graph's may come
 * back with Graph's address in front of them.
 */
export function missingScopes(asked: readonly string[], granted: readonly string[]): string[] {
  const has = new Set(granted.map(toComparable));
  return asked.filter((scope) => !openIdScopes.has(scope) && !has.has(toComparable(scope)));
}

/** What a call needs of a person's permissions: all of `scopes`, or all of one of the larger `alternatives`. */
export interface ScopeNeed {
  readonly scopes: readonly string[];
  readonly alternatives: readonly (readonly string[])[];
}

/** The permissions to make a call with: what was granted already and is enough, else `scopes`, to be asked for. */
export function chooseScopes(
  { scopes, alternatives }: ScopeNeed,
  granted: readonly string[],
): readonly string[] {
  return [scopes, ...alternatives].find((list) => missingScopes(list, granted).length === 0) ?? scopes;
}

/**
 * The scopes by the API that they are of: one token request may name one API only (AADSTS28000). Those of Microsoft Graph
 * and OpenID's own come first, also where there are none.
 */
export function scopesByResource(scopes: readonly string[]): readonly [string[], ...string[][]] {
  const ofGraph: string[] = [];
  const others = new Map<string, string[]>();
  for (const scope of scopes) {
    const resource = resourceOf(scope);
    if (resource === undefined) ofGraph.push(scope);
    else others.set(resource, [...(others.get(resource) ?? []), scope]);
  }
  return [ofGraph, ...others.values()];
}

/**
 * The addresses of the APIs to which the scopes belong. Scopes of Microsoft Graph and OpenID Connect have none.
 */
export function resourcesOf(scopes: readonly string[]): string[] {
  return [...new Set(scopes.map((scope) => resourceOf(scope) ?? ''))].toSorted();
}

/**
 * What a sign-in granted, and what was granted before of APIs that it did not name: tokens of these it says nothing about.
 */
export function withScopesOfOtherApis(granted: readonly string[], before: readonly string[]): string[] {
  const named = new Set(granted.map(resourceOf));
  return [...granted, ...before.filter((scope) => !named.has(resourceOf(scope)))];
}

/** What a login cookie may hold of them, packed: five cookies have to fit into a request's headers. */
export const MAX_PACKED_SCOPES_LENGTH = 320;

/** In as few characters as possible: an API's address stands once before its permissions. */
export function packScopes(scopes: readonly string[]): string {
  const [ofGraph, ...others] = scopesByResource(scopes);
  const packed = others.map((list) => [resourceOf(list[0] ?? ''), ...list.map(nameOf)].join(' '));
  return [ofGraph.join(' '), ...packed].join('|');
}

/** @param packed what {@link packScopes} made */
export function unpackScopes(packed: string): string[] {
  const [ofGraph = [], ...others] = packed.split('|').map((list) => list.split(' '));
  return [
    ...ofGraph.filter((scope) => scope !== ''),
    ...others.flatMap(([resource, ...names]) => names.map((name) => `${resource}/${name}`)),
  ];
}

/** The address of the API that a scope is of; undefined for Microsoft Graph's and OpenID's own. */
function resourceOf(scope: string): string | undefined {
  return toComparable(scope).includes('://') ? scope.slice(0, scope.lastIndexOf('/')) : undefined;
}

const nameOf = (scope: string) => scope.slice(scope.lastIndexOf('/') + 1);

/** Returns the same text for every spelling of a scope. */
export function toComparable(scope: string): string {
  const lowerCase = scope.toLowerCase();
  const prefix = graphPrefixes.find((candidate) => lowerCase.startsWith(candidate));
  return prefix === undefined ? lowerCase : lowerCase.slice(prefix.length);
}
