import { isDeepStrictEqual } from 'node:util';
import { fromStoredFacts, type SessionContent, type StoredFacts, toStoredFacts } from './facts.ts';

type Entries = Record<string, unknown>;

/**
 * Merges the changes that two writers made to a session since `base`:
 * - Of the claims, those that were issued later.
 * - Of the granted scopes, all.
 * - Of any other fact that both changed, ours.
 * - Of two access tokens with the same key in MSAL's cache, the one that expires later.
 * - Of two refresh tokens, the one with the higher lease generation.
 */
export function mergeContent(
  base: SessionContent,
  ours: SessionContent,
  theirs: SessionContent,
): SessionContent {
  const newer = ours.tokenGeneration >= theirs.tokenGeneration ? ours : theirs;
  return {
    facts: fromStoredFacts(
      mergeFacts(toStoredFacts(base.facts), toStoredFacts(ours.facts), toStoredFacts(theirs.facts)),
    ),
    msalCache: mergeCaches(base.msalCache, ours.msalCache, theirs.msalCache, newer === ours),
    tokenGeneration: newer.tokenGeneration,
    ...(newer.refreshFailure === undefined ? {} : { refreshFailure: newer.refreshFailure }),
  };
}

function mergeFacts(base: StoredFacts, ours: StoredFacts, theirs: StoredFacts): StoredFacts {
  const pick = <Name extends keyof StoredFacts>(name: Name): StoredFacts[Name] =>
    isDeepStrictEqual(ours[name], base[name]) ? theirs[name] : ours[name];
  const { claims, claimsAsOf } = laterClaims(base, ours, theirs);
  const device = pick('device');
  return {
    sessionChainId: pick('sessionChainId'),
    claims,
    claimsAsOf,
    account: pick('account'),
    ...(device === undefined ? {} : { device }),
    signedInAt: pick('signedInAt'),
    expiresAt: pick('expiresAt'),
    grantedScopes: [...new Set([...theirs.grantedScopes, ...ours.grantedScopes])],
    consentDenials: pick('consentDenials'),
  };
}

/**
 * If only one side has new claims, returns that side. `iat` cannot decide this, because it counts whole seconds and may be
 * the same in old and new claims.
 */
function laterClaims(base: StoredFacts, ours: StoredFacts, theirs: StoredFacts): StoredFacts {
  const isUnchanged = ({ claims, claimsAsOf }: StoredFacts) =>
    claimsAsOf === base.claimsAsOf && isDeepStrictEqual(claims, base.claims);
  if (isUnchanged(ours)) return theirs;
  return !isUnchanged(theirs) && issuedAt(theirs) > issuedAt(ours) ? theirs : ours;
}

function issuedAt({ claims }: StoredFacts): number {
  return typeof claims['iat'] === 'number' ? claims['iat'] : 0;
}

/**
 * For refresh tokens, ID tokens and accounts, because MSAL's cache contains no instants for them. Chooses the side with
 * the higher lease generation.
 */
const chooseNewerSide = (oursIsNewer: boolean) => (ours: unknown, theirs: unknown) =>
  oursIsNewer ? ours : theirs;

/** MSAL's cache is JSON: sections such as `AccessToken` and `RefreshToken`, each with entries by key. */
function mergeCaches(base: string, ours: string, theirs: string, oursIsNewer: boolean): string {
  const [baseCache, ourCache, theirCache] = [parseCache(base), parseCache(ours), parseCache(theirs)];
  const merged: Record<string, Entries> = {};
  for (const section of new Set([...Object.keys(theirCache), ...Object.keys(ourCache)])) {
    merged[section] = mergeEntries(
      baseCache[section] ?? {},
      ourCache[section] ?? {},
      theirCache[section] ?? {},
      section === 'AccessToken' ? laterExpiry : chooseNewerSide(oursIsNewer),
    );
  }
  return JSON.stringify(merged);
}

function mergeEntries(
  base: Entries,
  ours: Entries,
  theirs: Entries,
  resolve: (ours: unknown, theirs: unknown) => unknown,
): Entries {
  const merged: Entries = {};
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
    const weChanged = !isDeepStrictEqual(ours[key], base[key]);
    const theyChanged = !isDeepStrictEqual(theirs[key], base[key]);
    const value =
      weChanged && theyChanged && ours[key] !== undefined && theirs[key] !== undefined
        ? resolve(ours[key], theirs[key])
        : weChanged
          ? ours[key]
          : theirs[key];
    // Undefined if the chosen side has removed the entry.
    if (value !== undefined) merged[key] = value;
  }
  return merged;
}

function laterExpiry(ours: unknown, theirs: unknown): unknown {
  return expiryOf(theirs) > expiryOf(ours) ? theirs : ours;
}

function expiryOf(entry: unknown): number {
  const value: unknown =
    typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'expires_on') : undefined;
  return Number(value ?? 0);
}

function parseCache(cache: string): Record<string, Entries> {
  const sections: Record<string, Entries> = {};
  const parsed: unknown = JSON.parse(cache);
  if (typeof parsed !== 'object' || parsed === null) return sections;
  for (const [name, entries] of Object.entries(parsed)) {
    if (typeof entries === 'object' && entries !== null) sections[name] = { ...entries };
  }
  return sections;
}
