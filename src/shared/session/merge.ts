import { isDeepStrictEqual } from 'node:util';
import { fromStoredFacts, type SessionContent, type StoredFacts, toStoredFacts } from './facts.ts';

type Entries = Record<string, unknown>;

/**
 * Two writers changed one session: what each of them changed since `base` is kept.
 * What Entra said later about the person counts, and all scopes that either was granted. Where both changed another
 * fact, ours is the later word; of two access tokens the one with more life left stays, and
 * of two refresh tokens the one of the higher lease generation.
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

/** Entra's later word. Its dates are of whole seconds: where one side alone heard anything, that is the later one. */
function laterClaims(base: StoredFacts, ours: StoredFacts, theirs: StoredFacts): StoredFacts {
  const isAsBefore = ({ claims, claimsAsOf }: StoredFacts) =>
    claimsAsOf === base.claimsAsOf && isDeepStrictEqual(claims, base.claims);
  if (isAsBefore(ours)) return theirs;
  return !isAsBefore(theirs) && issuedAt(theirs) > issuedAt(ours) ? theirs : ours;
}

function issuedAt({ claims }: StoredFacts): number {
  return typeof claims['iat'] === 'number' ? claims['iat'] : 0;
}

/**
 * MSAL's cache has no time for refresh, ID tokens and accounts: the side whose tokens are of the higher lease generation
 * has the later word on them.
 */
const newestTokensDecide = (oursIsNewer: boolean) => (our: unknown, their: unknown) =>
  oursIsNewer ? our : their;

/** MSAL's blob is JSON of sections (`AccessToken`, `RefreshToken` …) of entries by key: merged entry by entry. */
function mergeCaches(base: string, ours: string, theirs: string, oursIsNewer: boolean): string {
  const [baseBlob, ourBlob, theirBlob] = [parseBlob(base), parseBlob(ours), parseBlob(theirs)];
  const merged: Record<string, Entries> = {};
  for (const section of new Set([...Object.keys(theirBlob), ...Object.keys(ourBlob)])) {
    merged[section] = mergeEntries(
      baseBlob[section] ?? {},
      ourBlob[section] ?? {},
      theirBlob[section] ?? {},
      section === 'AccessToken' ? laterExpiry : newestTokensDecide(oursIsNewer),
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
    // Absent on the side that decides: it was removed there.
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

function parseBlob(blob: string): Record<string, Entries> {
  const sections: Record<string, Entries> = {};
  const parsed: unknown = JSON.parse(blob);
  if (typeof parsed !== 'object' || parsed === null) return sections;
  for (const [name, entries] of Object.entries(parsed)) {
    if (typeof entries === 'object' && entries !== null) sections[name] = { ...entries };
  }
  return sections;
}
