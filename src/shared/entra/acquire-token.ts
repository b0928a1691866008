import type { Session } from '../session/session-store.ts';
import type { Log } from '../telemetry/log.ts';
import type { RefreshInTurn } from './refresh-queue.ts';
import type { SilentAttempt, TokenAcquisition } from './silent-attempt.ts';

/**
 * An access token for the session's user: from the cache in the row, else by the refresh token, and then the
 * refreshed cache is in the row before this returns, so that the next call on any worker redeems nothing.
 * @throws {BffError} sign_in_service_unavailable, storage_unavailable
 */
export type AcquireToken = (
  session: Session,
  scopes: readonly string[],
  log: Log,
) => Promise<TokenAcquisition>;

export function createAcquireToken(attempt: SilentAttempt, refresh: RefreshInTurn): AcquireToken {
  return async (session, scopes, log) => {
    const cached = await attempt(session, scopes, log);
    return cached.kind === 'refresh-needed' ? refresh(session, scopes, log) : cached;
  };
}
