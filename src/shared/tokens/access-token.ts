import { BffError } from '../errors.ts';
import type { SessionFacts } from '../session/facts.ts';
import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import { findAccessToken } from './cached-tokens.ts';
import type { SilentAttempt, TokenAcquisition } from './msal-silent.ts';
import { setBounded } from './per-user.ts';
import type { Refusals } from './refusals.ts';
import type { RefreshInTurn } from './renewal.ts';
import type { TokenChallenge, TokenWish } from './token-request.ts';

/**
 * An access token for the session's user: one that was given out before, from the cache in the row, else by the refresh
 * token, and then the refreshed cache is in the row before this returns, so that the next call on any worker redeems
 * nothing.
 * @throws {BffError} sign_in_service_unavailable, storage_unavailable, rate_limited
 */
export type AcquireToken = (
  session: Session,
  scopes: readonly string[],
  log: Log,
  /** The token that was given out before was refused. */
  challenge?: TokenChallenge,
) => Promise<TokenAcquisition>;

export interface AcquireTokenNeeds {
  readonly attempt: SilentAttempt;
  readonly refresh: RefreshInTurn;
  readonly refusals: Pick<Refusals, 'see'>;
  readonly now: () => Date;
  /** Counts what is cached for a session towards the size of its copy in memory. */
  readonly weigh: (session: Session, bytes: number) => void;
}

interface GivenToken {
  readonly accessToken: string;
  readonly expiresAt: Date;
}

/** As MSAL does: a token in its last five minutes is renewed (measured). */
const RENEW_BEFORE_MS = 5 * 60_000;
/**
 * Batches form unions of scopes: 16 permissions have 65,535 of them. An evicted token is still found in MSAL's
 * cache.
 */
const MAX_GIVEN = 16;
const BYTES_BESIDE_TOKEN = 200;
/** Below this a call could reach Graph too late. */
const LAST_USE_MS = 30_000;

export function createAcquireToken({
  attempt,
  refresh,
  refusals,
  now,
  weigh,
}: AcquireTokenNeeds): AcquireToken {
  // By the facts, which stay the same object while nothing is renewed: what the worker's copy drops goes here as well.
  const given = new WeakMap<SessionFacts, Map<string, GivenToken>>();

  const findGiven = ({ facts }: Session, scopes: readonly string[]): GivenToken | undefined => {
    const tokens = given.get(facts);
    const name = nameOf(scopes);
    const token = tokens?.get(name);
    if (tokens === undefined || token === undefined || hasLess(token.expiresAt, RENEW_BEFORE_MS)) {
      return undefined;
    }
    setBounded(tokens, name, token, MAX_GIVEN);
    return token;
  };
  const remember = (session: Session, scopes: readonly string[], token: GivenToken) => {
    const tokens = given.get(session.facts) ?? new Map<string, GivenToken>();
    for (const [name, { expiresAt }] of tokens) if (hasLess(expiresAt, RENEW_BEFORE_MS)) tokens.delete(name);
    setBounded(tokens, nameOf(scopes), token, MAX_GIVEN);
    given.set(session.facts, tokens);
    let bytes = 0;
    for (const [name, { accessToken }] of tokens)
      bytes += name.length + accessToken.length + BYTES_BESIDE_TOKEN;
    weigh(session, bytes);
  };
  const hasLess = (expiresAt: Date, leftMs: number) => expiresAt.getTime() - now().getTime() < leftMs;

  const findLeft = ({ msalCache }: Session, scopes: readonly string[]) => {
    const left = findAccessToken(msalCache, scopes, now());
    return left === undefined || hasLess(left.expiresAt, LAST_USE_MS) ? undefined : left;
  };

  return async (session, scopes, log, challenge) => {
    refusals.see(session);
    const known = findGiven(session, scopes);
    if (known !== undefined && known.accessToken !== challenge?.refusedToken) {
      return { kind: 'token', ...known, session };
    }
    const wish = { scopes, ...(challenge === undefined ? {} : { challenge }) };
    const acquired = await acquire(session, wish, log);
    if (acquired.kind === 'token') {
      const { accessToken, expiresAt } = acquired;
      remember(acquired.session, scopes, { accessToken, expiresAt });
    }
    return acquired;
  };

  async function acquire(session: Session, wish: TokenWish, log: Log): Promise<TokenAcquisition> {
    const cached = await attempt(session, wish, log);
    if (cached.kind !== 'refresh-needed') return cached;
    // If Entra ID cannot be asked for a new token, the current one stays valid. If an API refused it, it does
    // not.
    const left = wish.challenge === undefined ? findLeft(session, wish.scopes) : undefined;
    try {
      return await refresh(session, left === undefined ? wish : { ...wish, isEarly: true }, log);
    } catch (error) {
      // After waiting, the remaining lifetime may be too short.
      if (!(error instanceof BffError) || left === undefined || hasLess(left.expiresAt, LAST_USE_MS)) {
        throw error;
      }
      log('warn', { event: 'not-renewed-yet', code: error.code });
      return { kind: 'token', accessToken: left.secret, expiresAt: left.expiresAt, session };
    }
  }
}

function nameOf(scopes: readonly string[]): string {
  return scopes.toSorted().join(' ');
}
