import { isSamePrincipal, type Principal } from '../identity/principal.ts';
import { withDeadline } from '../network/deadline.ts';
import type { CreatedSession } from '../session/creation.ts';
import type { RowLocator } from '../session/locator.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/store.ts';
import { auditPseudonym } from '../session/user-hash.ts';
import { audit } from '../telemetry/audit.ts';
import { describeError } from '../telemetry/describe-error.ts';
import type { Log } from '../telemetry/log.ts';

/** Maximum time for which a sign-in waits while least recently used sessions are ended. */
const END_LEAST_RECENTLY_USED_MS = 500;

/**
 * Removes the session that this browser had before. If that fails, the sign-in still succeeds.
 * @returns the session that was removed
 */
export async function removeReplacedSession(
  store: SessionStore,
  { locator, facts: { claims } }: Session,
  signedIn: Principal,
  log: Log,
): Promise<RowLocator | undefined> {
  try {
    await store.remove(locator, claims.entraSessionId);
    // A session of the same user continues in the new one.
    if (!isSamePrincipal(claims.principal, signedIn))
      audit(log, { event: 'session-ended', by: 'user', sessions: 1 });
    return locator;
  } catch {
    // The row stays until it expires, but the browser no longer has its cookie.
    log('warn', { event: 'replaced-session-not-removed' });
    return undefined;
  }
}

/**
 * Ends the user's least recently used sessions if the user has more than `SESSION_MAX_PER_USER`. If it fails, the sign-in
 * still succeeds.
 * @param replaced from {@link removeReplacedSession}. It does not count: otherwise a user who returns from a consent prompt
 * could lose a session in another browser
 */
export async function endLeastRecentlyUsedSessions(
  { session: { locator }, endLeastRecentlyUsed }: CreatedSession,
  replaced: RowLocator | undefined,
  log: Log,
): Promise<void> {
  // Audited even if the sign-in has stopped waiting by then.
  const ending = endLeastRecentlyUsed(replaced).then((sessions) => {
    if (sessions > 0)
      audit(log, { event: 'session-ended', by: 'limit', sessions, user: auditPseudonym(locator) });
  });
  try {
    await withDeadline(ending, END_LEAST_RECENTLY_USED_MS);
  } catch (error) {
    // The next sign-in ends the sessions that remain.
    log('warn', { event: 'oldest-sessions-not-ended', error: describeError(error) });
  }
}
