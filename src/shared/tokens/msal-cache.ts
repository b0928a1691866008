import type { MsalAccount } from '../session/facts.ts';

/** The parts of MSAL's serialized cache that this service reads. Measured with msal-node 7. */
export interface MsalCacheView {
  /** The accounts to which the entries belong. '' stands for tokens that came with neither `client_info` nor ID token. */
  readonly homeAccountIds: readonly string[];
  /** The raw ID tokens, one per tenant. */
  readonly idTokens: readonly string[];
  /** Union of the scopes of all access tokens, spelled as Entra ID granted them. */
  readonly scopes: readonly string[];
}

export function readMsalCache(msalCache: string): MsalCacheView {
  const cache: unknown = JSON.parse(msalCache);
  const accountIds = ['Account', 'IdToken', 'AccessToken', 'RefreshToken'].flatMap((section) =>
    entriesOf(cache, section).map((entry) => textField(entry, 'home_account_id') ?? ''),
  );
  const scopes = entriesOf(cache, 'AccessToken').flatMap((entry) => scopesOf(entry));
  return {
    homeAccountIds: [...new Set(accountIds)],
    idTokens: entriesOf(cache, 'IdToken').map((entry) => textField(entry, 'secret') ?? ''),
    scopes: [...new Set(scopes)],
  };
}

/** An access token in MSAL's serialized cache. */
export interface MsalAccessToken {
  readonly accessToken: string;
  /** Seconds since 1970. */
  readonly expiresOn: number;
  /** Seconds since 1970. Absent if the token response had no `refresh_in`. */
  readonly refreshOn?: number;
}

export interface MsalCacheQuery {
  readonly account: MsalAccount;
  readonly clientId: string;
  /** The cloud's host names. MSAL stores tokens under one of them and finds them under any of them. */
  readonly environments: readonly string[];
  readonly scopes: readonly string[];
}

/**
 * Returns the access tokens that MSAL would find for these scopes, including expired ones. Follows the rules of MSAL's
 * `CacheManager.getAccessToken` for bearer tokens. A test compares the two.
 */
export function findMsalAccessTokens(
  msalCache: string,
  { account, clientId, environments, scopes }: MsalCacheQuery,
): MsalAccessToken[] {
  const searched = toSearchedScopes(scopes);
  if (searched.length === 0 || !environments.includes(account.environment)) return [];
  return entriesOf(JSON.parse(msalCache), 'AccessToken').flatMap((entry) => {
    const accessToken = textField(entry, 'secret');
    const granted = [...new Set(scopesOf(entry))];
    const isMatch =
      textField(entry, 'credential_type') === 'AccessToken' &&
      textField(entry, 'client_id') === clientId &&
      textField(entry, 'home_account_id') === account.homeAccountId &&
      textField(entry, 'realm')?.toLowerCase() === account.tenantId.toLowerCase() &&
      environments.includes(textField(entry, 'environment') ?? '') &&
      !hasAdditionalKeyComponents(entry) &&
      hasScopes(granted, searched);
    if (!isMatch || accessToken === undefined) return [];
    const refreshOn = Number(textField(entry, 'refresh_on')) || 0;
    return [
      {
        accessToken,
        expiresOn: Number(textField(entry, 'expires_on')) || 0,
        ...(refreshOn > 0 ? { refreshOn } : {}),
      },
    ];
  });
}

/** MSAL adds these to every request. */
const defaultScopes = ['openid', 'profile', 'offline_access'];
const openIdScopes = [...defaultScopes, 'email'];

/** Equivalent to msal-common's `ScopeSet.createSearchScopes`. */
function toSearchedScopes(requested: readonly string[]): string[] {
  const trimmed = requested.map((scope) => scope.trim()).filter((scope) => scope !== '');
  const scopes = [...new Set([...trimmed, ...defaultScopes])];
  const lowerCase = toLowerCase(scopes);
  const hasOnlyOpenId = scopes.length === openIdScopes.filter((scope) => lowerCase.has(scope)).length;
  const ignored = hasOnlyOpenId ? ['offline_access'] : openIdScopes;
  return scopes.filter((scope) => !ignored.includes(scope));
}

/** Equivalent to msal-common's `ScopeSet.containsScopeSet`, which counts a scope once for each spelling. */
function hasScopes(granted: readonly string[], searched: readonly string[]): boolean {
  const lowerCase = toLowerCase(granted);
  return granted.length >= searched.length && searched.every((scope) => lowerCase.has(scope.toLowerCase()));
}

function toLowerCase(scopes: readonly string[]): ReadonlySet<string> {
  return new Set(scopes.map((scope) => scope.toLowerCase()));
}

/** MSAL sets additional key components only for requests that this service never sends. */
function hasAdditionalKeyComponents(entry: unknown): boolean {
  const components = field(entry, 'additionalCacheKeyComponents');
  return typeof components === 'object' && components !== null && Object.keys(components).length > 0;
}

/** In characters. Compressed and sealed, a cache of this length stays well below the size limit of a table row. */
const MAX_CACHE_LENGTH = 600 * 1024;

/**
 * Removes expired access tokens. If the cache is still too large for a row, also removes those that expire next. The
 * refresh token is never removed, because nothing could replace it.
 */
export function pruneMsalCache(msalCache: string, now: Date): string {
  const cache: Readonly<Record<string, unknown>> = { ...JSON.parse(msalCache) };
  const { AccessToken: section } = cache;
  if (typeof section !== 'object' || section === null) return msalCache;
  const expiryMs = (entry: unknown) => Number(textField(entry, 'expires_on') ?? 0) * 1000;
  const byExpiry = Object.entries(section).sort(([, left], [, right]) => expiryMs(left) - expiryMs(right));
  let remaining = byExpiry.filter(([, entry]) => expiryMs(entry) > now.getTime());
  const toText = () => JSON.stringify({ ...cache, AccessToken: Object.fromEntries(remaining) });
  while (remaining.length > 0 && toText().length > MAX_CACHE_LENGTH) remaining = remaining.slice(1);
  return remaining.length === byExpiry.length ? msalCache : toText();
}

function entriesOf(cache: unknown, section: string): unknown[] {
  const entries = field(cache, section);
  return typeof entries === 'object' && entries !== null ? Object.values(entries) : [];
}

function scopesOf(entry: unknown): string[] {
  return textField(entry, 'target')?.split(' ') ?? [];
}

function textField(entry: unknown, name: string): string | undefined {
  const value = field(entry, name);
  return typeof value === 'string' ? value : undefined;
}

function field(entry: unknown, name: string): unknown {
  return typeof entry === 'object' && entry !== null ? Reflect.get(entry, name) : undefined;
}
