import { BffError } from '../errors.ts';
import type { Session } from '../session/session.ts';
import type { Log } from '../telemetry/log.ts';
import { createAccessTokenMemory } from './access-token-memory.ts';
import type { Refusals } from './refusals.ts';
import type { Renew } from './renewal.ts';
import type { RenewalAhead } from './renewal-ahead.ts';
import { isDue, isGood, isUsable, needsRenewal, type StoredTokens } from './stored-tokens.ts';
import type { AccessToken, TokenAcquisition, TokenChallenge, TokenRequest } from './token-request.ts';

/**
 * Returns an access token for the session's user: from this worker's memory, else from the session's row, else by
 * renewing. Unless the table fails, a renewed token is stored in the row first, so the next call on any worker finds it.
 *
 * A token that is due for renewal is returned at once while it is good for a minute, and renewed behind the call. After a
 * claims challenge, the call waits for the renewal. It also waits in the token's last five minutes if Entra ID has refused
 * to renew it.
 * @param challenge set if an API has refused an access token of this session
 * @throws {BffError} sign_in_service_unavailable, registration_invalid, storage_unavailable, rate_limited
 */
export type AcquireAccessToken = (
  session: Session,
  scopes: readonly string[],
  log: Log,
  challenge?: TokenChallenge,
) => Promise<TokenAcquisition>;

export interface AcquireAccessTokenDependencies {
  readonly storedTokens: StoredTokens;
  readonly renew: Renew;
  readonly ahead: RenewalAhead;
  readonly refusals: Pick<Refusals, 'forgetOutdated'>;
  readonly now: () => Date;
  /** Sets how many bytes the access tokens in memory add to the session's entry in the session cache. */
  readonly setBytes: (session: Session, bytes: number) => void;
}

export function createAcquireAccessToken(dependencies: AcquireAccessTokenDependencies): AcquireAccessToken {
  const { storedTokens, ahead, refusals, now } = dependencies;
  const memory = createAccessTokenMemory(dependencies);

  /** True if the call may use this token without waiting. */
  const isServable = (token: AccessToken, session: Session, request: TokenRequest): boolean => {
    const { challenge } = request;
    const at = now();
    if (token.accessToken === challenge?.refusedToken || !isGood(token, at)) return false;
    if (!needsRenewal(token, at)) return true;
    return challenge === undefined && !ahead.wasRefused(session, request);
  };

  const renewAhead = (session: Session, scopes: readonly string[], current: AccessToken) =>
    ahead.start(session, { scopes, current }, (renewed) => memory.add(renewed.session, scopes, renewed));

  return async (session, scopes, log, challenge) => {
    refusals.forgetOutdated(session);
    const request = { scopes, ...(challenge === undefined ? {} : { challenge }) };
    const cached = memory.find(session, scopes);
    if (cached !== undefined && isServable(cached, session, request)) {
      if (isDue(cached, now())) renewAhead(session, scopes, cached);
      return { kind: 'token', ...cached, session };
    }
    const stored = storedTokens.find(session, request);
    if (stored !== undefined) {
      memory.add(session, scopes, stored);
      if (isDue(stored, now())) renewAhead(session, scopes, stored);
      return { kind: 'token', ...stored, session };
    }
    const due = challenge === undefined ? storedTokens.findUsable(session, scopes) : undefined;
    if (due !== undefined && isServable(due, session, request)) {
      renewAhead(session, scopes, due);
      return { kind: 'token', ...due, session };
    }
    const acquired = await renewOrUseCurrent(dependencies, session, request, log);
    if (acquired.kind === 'token') memory.add(acquired.session, scopes, acquired);
    return acquired;
  };
}

/** If the renewal throws, uses the current token while it is valid, unless an API has refused it. */
async function renewOrUseCurrent(
  { storedTokens, renew, now }: AcquireAccessTokenDependencies,
  session: Session,
  request: TokenRequest,
  log: Log,
): Promise<TokenAcquisition> {
  const current =
    request.challenge === undefined ? storedTokens.findUsable(session, request.scopes) : undefined;
  if (current === undefined) return renew(session, request, log);
  try {
    const acquired = await renew(session, { ...request, current }, log);
    const isCurrent = acquired.kind === 'token' && acquired.accessToken === current.accessToken;
    // Conflicts on the row may have taken so long that the current token is no longer usable.
    return isCurrent && !isUsable(current, now()) ? await renew(acquired.session, request, log) : acquired;
  } catch (error) {
    // The failed renewal may also have taken so long that the current token is no longer usable.
    if (!(error instanceof BffError) || !isUsable(current, now())) throw error;
    log('warn', { event: 'renewal-postponed', code: error.code });
    return { kind: 'token', ...current, session };
  }
}
