import { clouds } from './authority.ts';

/** OpenID's own scopes are about the ID token and need no answer in the access token's list. */
const openIdScopes = new Set(['openid', 'profile', 'offline_access', 'email']);

const graphPrefixes = Object.values(clouds).map(({ graph }) => `${graph}/`);

/**
 * Which of the asked scopes were not granted. Entra's scopes are case-insensitive, and so is MSAL; Graph's may come
 * back with Graph's address in front of them.
 */
export function lackingScopes(asked: readonly string[], granted: readonly string[]): string[] {
  const has = new Set(granted.map(toComparable));
  return asked.filter((scope) => !openIdScopes.has(scope) && !has.has(toComparable(scope)));
}

function toComparable(scope: string): string {
  const lowerCase = scope.toLowerCase();
  const prefix = graphPrefixes.find((candidate) => lowerCase.startsWith(candidate));
  return prefix === undefined ? lowerCase : lowerCase.slice(prefix.length);
}
