import { isDeepStrictEqual } from 'node:util';
import { fromStoredFacts, type SessionContent, type StoredFacts, toStoredFacts } from './session.ts';

type Entries = Record<string, unknown>;

/**
 * Two writers changed one session: what each of them changed since `base` is kept.
 * Where both changed the same thing, ours is the later word, except that an access token with more life left stays.
 */
export function mergeContent(
  base: SessionContent,
  ours: SessionContent,
  theirs: SessionContent,
): SessionContent {
  return {
    facts: fromStoredFacts(
      mergeFacts(toStoredFacts(base.facts), toStoredFacts(ours.facts), toStoredFacts(theirs.facts)),
    ),
    msalCache: mergeCaches(base.msalCache, ours.msalCache, theirs.msalCache),
  };
}

function mergeFacts(base: StoredFacts, ours: StoredFacts, theirs: StoredFacts): StoredFacts {
  const pick = <Name extends keyof StoredFacts>(name: Name): StoredFacts[Name] =>
    isDeepStrictEqual(ours[name], base[name]) ? theirs[name] : ours[name];
  return {
    lineageId: pick('lineageId'),
    claims: pick('claims'),
    account: pick('account'),
    signedInAt: pick('signedInAt'),
    expiresAt: pick('expiresAt'),
    grantedScopes: pick('grantedScopes'),
    declinedFeatures: pick('declinedFeatures'),
  };
}

/** MSAL's blob is JSON of sections (`AccessToken`, `RefreshToken` …) of entries by key: merged entry by entry. */
function mergeCaches(base: string, ours: string, theirs: string): string {
  const [baseBlob, ourBlob, theirBlob] = [parseBlob(base), parseBlob(ours), parseBlob(theirs)];
  const merged: Record<string, Entries> = {};
  for (const section of new Set([...Object.keys(theirBlob), ...Object.keys(ourBlob)])) {
    merged[section] = mergeEntries(
      baseBlob[section] ?? {},
      ourBlob[section] ?? {},
      theirBlob[section] ?? {},
      section === 'AccessToken' ? laterExpiry : undefined,
    );
  }
  return JSON.stringify(merged);
}

function mergeEntries(
  base: Entries,
  ours: Entries,
  theirs: Entries,
  resolve: (ours: unknown, theirs: unknown) => unknown = (our) => our,
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
