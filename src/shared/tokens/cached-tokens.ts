/** What we read from MSAL's serialized cache; its shape was measured with msal-node 7. */
export interface MsalCacheView {
  /** Whose entries these are, tokens included; empty for one that names nobody (no `client_info` came with it). */
  readonly homeAccountIds: readonly string[];
  /** The raw ID tokens: one per tenant. */
  readonly idTokens: readonly string[];
  /** Union of the scopes of all access tokens, in the spelling they were granted in. */
  readonly scopes: readonly string[];
}

export function readMsalCache(msalCache: string): MsalCacheView {
  const blob: unknown = JSON.parse(msalCache);
  const owners = ['Account', 'IdToken', 'AccessToken', 'RefreshToken'].flatMap((section) =>
    entriesOf(blob, section).map((entry) => textOf(entry, 'home_account_id') ?? ''),
  );
  const scopes = entriesOf(blob, 'AccessToken').flatMap((entry) => textOf(entry, 'target')?.split(' ') ?? []);
  return {
    homeAccountIds: [...new Set(owners)],
    idTokens: entriesOf(blob, 'IdToken').map((entry) => textOf(entry, 'secret') ?? ''),
    scopes: [...new Set(scopes)],
  };
}

/** The stored access token that lives longest, has not expired and is good for these scopes; MSAL itself gives none in its last five minutes. */
export function findAccessToken(
  msalCache: string,
  scopes: readonly string[],
  now: Date,
): { readonly secret: string; readonly expiresAt: Date } | undefined {
  const wanted = scopes.map((scope) => scope.toLowerCase());
  let found: { readonly secret: string; readonly expiresAt: Date } | undefined;
  for (const entry of entriesOf(JSON.parse(msalCache), 'AccessToken')) {
    const granted = new Set(textOf(entry, 'target')?.toLowerCase().split(' '));
    const expiresAt = new Date(Number(textOf(entry, 'expires_on') ?? 0) * 1000);
    const secret = textOf(entry, 'secret');
    if (secret === undefined || expiresAt <= (found?.expiresAt ?? now)) continue;
    if (wanted.every((scope) => granted.has(scope))) found = { secret, expiresAt };
  }
  return found;
}

/**
 * The cache without instants that are yet to come. MSAL takes an access token that was stored later than now for the sign
 * of a clock set back, and redeems again (measured): the clock of the worker that stored it need only be a second ahead.
 */
export function withoutFuture(msalCache: string, now: Date): string {
  const nowSeconds = Math.floor(now.getTime() / 1000);
  // Inside a JSON string these quotes would be escaped: only the field itself looks like this.
  return msalCache.replaceAll(/"cached_at":"(\d+)"/g, (field, seconds: string) =>
    Number(seconds) > nowSeconds ? `"cached_at":"${nowSeconds}"` : field,
  );
}

// Compressed and sealed it stays well below what a table row holds.
const MAX_CACHE_LENGTH = 600 * 1024;

/**
 * The cache without access tokens that have expired and, if it is still too large for a row, without those that expire
 * next. Never without a refresh token: an access token can be had again by it, and nothing else.
 */
export function pruneMsalCache(msalCache: string, now: Date): string {
  const blob: Readonly<Record<string, unknown>> = { ...JSON.parse(msalCache) };
  const { AccessToken: section } = blob;
  if (typeof section !== 'object' || section === null) return msalCache;
  const expiryOf = (entry: unknown) => Number(textOf(entry, 'expires_on') ?? 0) * 1000;
  const byExpiry = Object.entries(section).sort(([, left], [, right]) => expiryOf(left) - expiryOf(right));
  let kept = byExpiry.filter(([, entry]) => expiryOf(entry) > now.getTime());
  const toText = () => JSON.stringify({ ...blob, AccessToken: Object.fromEntries(kept) });
  while (kept.length > 0 && toText().length > MAX_CACHE_LENGTH) kept = kept.slice(1);
  return kept.length === byExpiry.length ? msalCache : toText();
}

function entriesOf(blob: unknown, section: string): unknown[] {
  const entries: unknown = typeof blob === 'object' && blob !== null ? Reflect.get(blob, section) : undefined;
  return typeof entries === 'object' && entries !== null ? Object.values(entries) : [];
}

function textOf(entry: unknown, field: string): string | undefined {
  const value: unknown = typeof entry === 'object' && entry !== null ? Reflect.get(entry, field) : undefined;
  return typeof value === 'string' ? value : undefined;
}
