import { setBounded } from '../bounded-map.ts';
import type { SessionFacts } from '../session/facts.ts';
import type { Session } from '../session/session.ts';
import { isGood } from './stored-tokens.ts';
import type { AccessToken } from './token-request.ts';

/** Access tokens that this worker has used, by session. A call that finds its token here does not parse MSAL's cache. */
export interface AccessTokenMemory {
  /** Returns a token that is good for a call. It may be due for renewal. */
  find(session: Session, scopes: readonly string[]): AccessToken | undefined;
  add(session: Session, scopes: readonly string[], token: AccessToken): void;
}

export interface AccessTokenMemoryDependencies {
  readonly now: () => Date;
  /** Sets how many bytes the access tokens in memory add to the session's entry in the session cache. */
  readonly setBytes: (session: Session, bytes: number) => void;
}

/** Maximum per session. Each batch may request another combination of scopes. An evicted token is still in the row. */
const MAX_TOKENS = 16;
const ENTRY_OVERHEAD_BYTES = 200;

export function createAccessTokenMemory({ now, setBytes }: AccessTokenMemoryDependencies): AccessTokenMemory {
  // The facts stay the same object until one of them changes. The tokens are released with the cached session.
  const bySession = new WeakMap<SessionFacts, Map<string, AccessToken>>();
  return {
    find({ facts }, scopes) {
      const tokens = bySession.get(facts);
      const key = cacheKey(scopes);
      const token = tokens?.get(key);
      if (tokens === undefined || token === undefined || !isGood(token, now())) return undefined;
      setBounded(tokens, key, token, MAX_TOKENS);
      return token;
    },
    add(session, scopes, { accessToken, expiresAt, refreshAt }) {
      const tokens = bySession.get(session.facts) ?? new Map<string, AccessToken>();
      for (const [key, token] of tokens) if (!isGood(token, now())) tokens.delete(key);
      const added = { accessToken, expiresAt, ...(refreshAt === undefined ? {} : { refreshAt }) };
      setBounded(tokens, cacheKey(scopes), added, MAX_TOKENS);
      bySession.set(session.facts, tokens);
      let bytes = 0;
      for (const [key, token] of tokens)
        bytes += key.length + token.accessToken.length + ENTRY_OVERHEAD_BYTES;
      setBytes(session, bytes);
    },
  };
}

function cacheKey(scopes: readonly string[]): string {
  return scopes.toSorted().join(' ');
}
