import type { Access, FoundCaller } from '../access/access.ts';
import type { Logout } from '../auth/logout.ts';
import type { NoSessionReason } from '../errors.ts';
import type { VerifiedClaims } from '../identity/principal.ts';
import { toCaller } from '../session/caller.ts';
import type { SessionAbsence } from '../session/reading.ts';
import { type Session, sessionTooNew } from '../session/session.ts';
import type { SessionStore } from '../session/store.ts';
import { auditPseudonym } from '../session/user-hash.ts';
import { audit } from '../telemetry/audit.ts';
import { describeError } from '../telemetry/describe-error.ts';
import type { Log } from '../telemetry/log.ts';
import { onceIn } from '../telemetry/once-in.ts';
import { type CookieNames, type CookieToSet, clearedCookie } from './cookies.ts';
import type { BffRequest } from './request.ts';

export interface FindCallerDependencies {
  readonly cookieNames: CookieNames;
  readonly store: SessionStore;
  readonly logout: Logout;
  /** False if the settings no longer allow the user's tenant, or the user as a guest. */
  readonly isAllowed: (claims: VerifiedClaims) => boolean;
  readonly monotonicMs: () => number;
}

export interface SessionUse extends Pick<Access<unknown>, 'session'> {
  /** The call ends sessions. */
  readonly isEnding: boolean;
}

/**
 * Finds the signed-in user of a request.
 * @param cookiesToClear receives the cookies that the response should clear: those that are invalid or no longer needed
 * @throws {BffError} storage_unavailable; request_invalid if the cookies cannot be read
 */
export type FindCaller = (
  request: BffRequest,
  use: SessionUse,
  cookiesToClear: CookieToSet[],
  log: Log,
) => Promise<FoundCaller>;

/** The `reason` of the problem `session_required` for each absence. */
const reasonByAbsence: Record<SessionAbsence, NoSessionReason> = {
  'cookie-invalid': 'not_signed_in',
  missing: 'session_ended',
  'idle-expired': 'session_idle',
  expired: 'session_expired',
  unreadable: 'session_ended',
  'retired-key': 'session_ended',
};

/**
 * Absences for which the response clears the session cookie: the cookie is invalid, or its row cannot be opened. A
 * session that ended or expired is often followed by a new sign-in, and a late response would then clear the new
 * session's cookie.
 */
const clearingAbsences: ReadonlySet<SessionAbsence> = new Set([
  'cookie-invalid',
  'unreadable',
  'retired-key',
]);

const ALERT_EVERY_MS = 60_000;

export function createFindCaller(dependencies: FindCallerDependencies): FindCaller {
  const { cookieNames, store, logout, isAllowed, monotonicMs } = dependencies;
  const mayReportNewerRow = onceIn(ALERT_EVERY_MS, monotonicMs);

  return async (request, use, cookiesToClear, log) => {
    if (use.session === 'ignored') return none('not_signed_in');
    if (use.session !== 'best-effort') return read(request, use, cookiesToClear, log);
    return read(request, use, cookiesToClear, log).catch((error: unknown) => {
      log('warn', { event: 'session-not-read', error: describeError(error) });
      return none('session_ended');
    });
  };

  async function read(
    request: BffRequest,
    { session: sessionUse, isEnding }: SessionUse,
    cookiesToClear: CookieToSet[],
    log: Log,
  ): Promise<FoundCaller> {
    await finishPendingLogout(request, cookiesToClear, log);
    const cookieValue = request.cookies.get(cookieNames.session);
    if (cookieValue === undefined) return none('not_signed_in');
    const result = await store.read(cookieValue, { isEnding });
    switch (result.kind) {
      case 'live':
        return isAllowed(result.session.facts.claims)
          ? { kind: 'caller', caller: toCaller(result.session) }
          : endSession(store, result.session, log);
      case 'newer':
        // A later version of the service wrote the row, or it was sealed with a key that this worker does not have yet.
        // This is common during a roll-out, so it is reported at most once a minute. If the reports do not stop after the
        // roll-out, an attacker may have changed the row's unencrypted columns.
        if (mayReportNewerRow()) auditRowNotOpened(store, cookieValue, 'newer', log);
        throw sessionTooNew();
      case 'none':
        if (result.reason === 'unreadable' || result.reason === 'retired-key') {
          auditRowNotOpened(store, cookieValue, result.reason, log);
        } else if (sessionUse !== 'required') {
          // Where a session is required, the record of the refused call has the reason. A page that redirects the
          // browser to sign in leaves no record.
          log('info', { event: 'no-session', reason: result.reason });
        }
        if (mayClearCookie(request, result.reason)) cookiesToClear.push(clearedCookie(cookieNames.session));
        return none(reasonByAbsence[result.reason]);
    }
  }

  async function finishPendingLogout(
    request: BffRequest,
    cookiesToClear: CookieToSet[],
    log: Log,
  ): Promise<void> {
    const pending = request.cookies.get(cookieNames.logoutPending);
    if (pending === undefined || !(await logout.finishPending(pending, log))) return;
    cookiesToClear.push(clearedCookie(cookieNames.logoutPending));
  }
}

const none = (reason: NoSessionReason): FoundCaller => ({ kind: 'none', reason });

/**
 * Ends the session of a user whom the settings no longer allow. Even if the row cannot be deleted, this call continues
 * without the session.
 */
async function endSession(store: SessionStore, { locator, facts }: Session, log: Log): Promise<FoundCaller> {
  try {
    await store.remove(locator, facts.claims.entraSessionId);
    audit(log, { event: 'session-ended', by: 'service', sessions: 1, user: auditPseudonym(locator) });
  } catch (error) {
    log('warn', { event: 'disallowed-session-not-removed', error: describeError(error) });
  }
  return none('session_ended');
}

function auditRowNotOpened(
  store: SessionStore,
  cookieValue: string,
  reason: 'newer' | 'unreadable' | 'retired-key',
  log: Log,
): void {
  const locator = store.locatorOf(cookieValue);
  audit(log, {
    event: 'row-not-opened',
    user: locator === undefined ? undefined : auditPseudonym(locator),
    reason,
  });
}

/**
 * Whether the response may clear the session cookie. If another host started the request, an invalid cookie is not cleared:
 * that host may have set it, and clearing would delete the genuine session cookie, which such a request does not always
 * carry.
 */
function mayClearCookie({ header }: BffRequest, reason: SessionAbsence): boolean {
  const site = header('sec-fetch-site');
  const isFromOtherHost = site !== undefined && site !== 'same-origin' && site !== 'none';
  return clearingAbsences.has(reason) && (reason !== 'cookie-invalid' || !isFromOtherHost);
}
