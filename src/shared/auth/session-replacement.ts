import { isSamePrincipal, type Principal } from '../identity/principal.ts';
import { withDeadline } from '../network/deadline.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/store.ts';
import { auditPseudonym } from '../session/user-hash.ts';
import { audit } from '../telemetry/audit.ts';
import { describeError } from '../telemetry/describe-error.ts';
import type { Log } from '../telemetry/log.ts';

/** How long a sign-in waits until the user's oldest sessions have ended. */
const END_OLDEST_MS = 1_000;

/** Removes the session that this browser had before. A failure does not fail the sign-in. */
export async function removeReplacedSession(
  store: SessionStore,
  { locator, facts: { claims } }: Session,
  signedIn: Principal,
  log: Log,
): Promise<void> {
  try {
    await store.remove(locator, claims.entraSessionId);
    // A session of the same user continues in the new one.
    if (!isSamePrincipal(claims.principal, signedIn))
      audit(log, { event: 'session-ended', by: 'user', sessions: 1 });
  } catch {
    // Its cookie is replaced by this response, and the row expires.
    log('warn', { event: 'replaced-session-not-removed' });
  }
}

/**
 * Ends the user's least recently used sessions beyond the limit. Call it after the replaced session is removed. A user who
 * returns from a consent prompt would otherwise lose another session. A failure does not fail the sign-in.
 */
export async function endOldestSessions(store: SessionStore, { locator }: Session, log: Log): Promise<void> {
  // Recorded even if it finishes after this sign-in has stopped waiting.
  const ending = store.endOldest(locator).then((sessions) => {
    if (sessions > 0)
      audit(log, { event: 'session-ended', by: 'limit', sessions, user: auditPseudonym(locator) });
  });
  try {
    await withDeadline(ending, END_OLDEST_MS);
  } catch (error) {
    // The next sign-in ends the sessions that remain.
    log('warn', { event: 'oldest-sessions-not-ended', error: describeError(error) });
  }
}
