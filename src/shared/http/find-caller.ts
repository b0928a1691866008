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
  /** False if the settings no longer allow the user's tenant, or guests. */
  readonly isAllowed: (claims: VerifiedClaims) => boolean;
  readonly monotonicMs: () => number;
}

/**
 * Finds the signed-in user of a request.
 * @param clearedCookies receives the cookies that the response should clear, because they can never be used again
 * @throws {BffError} storage_unavailable; request_invalid if the cookies cannot be read
 */
export type FindCaller = (
  request: BffRequest,
  session: Access<unknown>['session'],
  clearedCookies: CookieToSet[],
  log: Log,
) => Promise<FoundCaller>;

/** The `reason` of `session_required`, by the reason that is logged. */
const reasonByAbsence: Record<SessionAbsence, NoSessionReason> = {
  'cookie-invalid': 'not_signed_in',
  missing: 'session_ended',
  'idle-expired': 'session_idle',
  expired: 'session_expired',
  unreadable: 'session_ended',
  'retired-key': 'session_ended',
};

/**
 * Reasons for which a cookie can never lead to a session again. For other reasons the cookie is not cleared: a late
 * response could clear the cookie of the session that has replaced this one.
 */
const permanentAbsences: ReadonlySet<SessionAbsence> = new Set([
  'cookie-invalid',
  'unreadable',
  'retired-key',
]);

const ALERT_EVERY_MS = 60_000;

export function createFindCaller(dependencies: FindCallerDependencies): FindCaller {
  const { cookieNames, store, logout, isAllowed, monotonicMs } = dependencies;
  const mayReportNewer = onceIn(ALERT_EVERY_MS, monotonicMs);

  return async (request, session, clearedCookies, log) => {
    if (session === 'ignored') return none('not_signed_in');
    if (session !== 'best-effort') return read(request, clearedCookies, log);
    return read(request, clearedCookies, log).catch((error: unknown) => {
      log('warn', { event: 'session-not-read', error: describeError(error) });
      return none('session_ended');
    });
  };

  async function read(request: BffRequest, clearedCookies: CookieToSet[], log: Log): Promise<FoundCaller> {
    await finishPendingLogout(request, clearedCookies, log);
    const cookieValue = request.cookies.get(cookieNames.session);
    if (cookieValue === undefined) return none('not_signed_in');
    const result = await store.read(cookieValue);
    switch (result.kind) {
      case 'live':
        return isAllowed(result.session.facts.claims)
          ? { kind: 'caller', caller: toCaller(result.session) }
          : endSession(store, result.session, log);
      case 'newer':
        // Reported at most once a minute, because many rows are newer during a roll-out. A row whose plain columns an
        // attacker has changed looks the same, but permanently.
        if (mayReportNewer()) auditUnopenedRow(store, cookieValue, 'newer', log);
        throw sessionTooNew();
      case 'none':
        recordAbsence(store, cookieValue, result.reason, log);
        if (mayClearCookie(request, result.reason)) clearedCookies.push(clearedCookie(cookieNames.session));
        return none(reasonByAbsence[result.reason]);
    }
  }

  async function finishPendingLogout(
    request: BffRequest,
    clearedCookies: CookieToSet[],
    log: Log,
  ): Promise<void> {
    const pending = request.cookies.get(cookieNames.logoutPending);
    if (pending === undefined || !(await logout.finishPending(pending, log))) return;
    clearedCookies.push(clearedCookie(cookieNames.logoutPending));
  }
}

const none = (reason: NoSessionReason): FoundCaller => ({ kind: 'none', reason });

/**
 * Ends the session of a user whom the settings no longer allow. If the row cannot be deleted, this call still runs without
 * the session.
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

function recordAbsence(store: SessionStore, cookieValue: string, reason: SessionAbsence, log: Log): void {
  if (reason === 'unreadable' || reason === 'retired-key') auditUnopenedRow(store, cookieValue, reason, log);
  else log('info', { event: 'no-session', reason });
}

function auditUnopenedRow(
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
 * Whether the response may clear the session cookie. A request that another host started must not clear it as invalid:
 * that host may have set the invalid value.
 */
function mayClearCookie({ header }: BffRequest, reason: SessionAbsence): boolean {
  const site = header('sec-fetch-site');
  const isOwnRequest = site === undefined || site === 'same-origin' || site === 'none';
  return permanentAbsences.has(reason) && (reason !== 'cookie-invalid' || isOwnRequest);
}
