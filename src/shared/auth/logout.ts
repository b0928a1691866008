import { Buffer } from 'node:buffer';
import type { TextSealer } from '../crypto/sealed-text.ts';
import { BffError } from '../errors.ts';
import { type Caller, sessionOf } from '../session/caller.ts';
import type { RowLocator } from '../session/locator.ts';
import type { SessionStore } from '../session/store.ts';
import { auditPseudonym } from '../session/user-hash.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';

/** With either outcome, the browser's session cookie is cleared. */
export type LogoutOutcome =
  | { readonly kind: 'done'; readonly logoutUrl: string }
  /** The row could not be deleted. The cookie with `pendingCookieValue` deletes it at the next visit. */
  | { readonly kind: 'pending'; readonly logoutUrl: string; readonly pendingCookieValue: string };

export interface Logout {
  /** @param cookieValue the session cookie, even if it no longer leads to a session */
  end(cookieValue: string | undefined, caller: Caller | undefined, log: Log): Promise<LogoutOutcome>;
  /** Returns true if nothing is pending any more. */
  finishPending(pendingCookieValue: string, log: Log): Promise<boolean>;
  /** True if this service created the cookie, even if its session has ended. */
  isOwnCookie(cookieValue: string): boolean;
  /** The form token, which only a page of this service for this session contains. */
  formToken(cookieValue: string): string;
  isFormToken(text: string, cookieValue: string): boolean;
}

export interface LogoutDependencies {
  readonly store: SessionStore;
  /** Of purpose `form-token`. */
  readonly formSealer: TextSealer;
  /** Of purpose `logout-pending`. */
  readonly pendingSealer: TextSealer;
  readonly endSessionEndpoint: string;
  readonly postLogoutRedirectUri: string;
  readonly absoluteSeconds: number;
  readonly now: () => Date;
}

const FORM_LIFETIME_MS = 60 * 60_000;

export function createLogout(dependencies: LogoutDependencies): Logout {
  const { store, formSealer, pendingSealer, now } = dependencies;
  return {
    end: (...args) => endSession(dependencies, ...args),
    async finishPending(pendingCookieValue, log) {
      const pending = pendingSealer.open(pendingCookieValue, []);
      if (pending === undefined) return true;
      const locator = fromPending(pending);
      try {
        await store.remove(locator);
      } catch {
        return false;
      }
      audit(log, { event: 'session-ended', by: 'user', sessions: 1, user: auditPseudonym(locator) });
      return true;
    },
    isOwnCookie: (cookieValue) => store.locatorOf(cookieValue) !== undefined,
    formToken: (cookieValue) =>
      formSealer.seal('logout', [cookieValue], new Date(now().getTime() + FORM_LIFETIME_MS)),
    isFormToken: (text, cookieValue) => formSealer.open(text, [cookieValue]) === 'logout',
  };
}

async function endSession(
  { store, pendingSealer, absoluteSeconds, now, ...endpoints }: LogoutDependencies,
  cookieValue: string | undefined,
  caller: Caller | undefined,
  log: Log,
): Promise<LogoutOutcome> {
  const claims = caller === undefined ? undefined : sessionOf(caller).facts.claims;
  const logoutUrl = toLogoutUrl(endpoints, claims?.loginHint);
  const locator = cookieValue === undefined ? undefined : store.locatorOf(cookieValue);
  if (locator === undefined) return { kind: 'done', logoutUrl };
  const user = auditPseudonym(locator);
  try {
    await store.remove(locator, claims?.entraSessionId);
    audit(log, { event: 'session-ended', by: 'user', sessions: caller === undefined ? 0 : 1, user });
    return { kind: 'done', logoutUrl };
  } catch (error) {
    if (!(error instanceof BffError) || error.code !== 'storage_unavailable') throw error;
    audit(log, { event: 'sign-out-pending', user });
    const expiresAt = new Date(now().getTime() + absoluteSeconds * 1000);
    const pendingCookieValue = pendingSealer.seal(toPending(locator), [], expiresAt);
    return { kind: 'pending', logoutUrl, pendingCookieValue };
  }
}

/** @see OpenID Connect RP-Initiated Logout 1.0, 2. With the hint, Entra ID does not ask which account to sign out. */
function toLogoutUrl(
  {
    endSessionEndpoint,
    postLogoutRedirectUri,
  }: Pick<LogoutDependencies, 'endSessionEndpoint' | 'postLogoutRedirectUri'>,
  loginHint: string | undefined,
): string {
  const url = new URL(endSessionEndpoint);
  url.searchParams.set('post_logout_redirect_uri', postLogoutRedirectUri);
  if (loginHint !== undefined) url.searchParams.set('logout_hint', loginHint);
  return url.href;
}

/** Without the session's secret. The cookie can therefore delete the row, but not open it. */
function toPending({ userHash, rowId }: RowLocator) {
  return { userHash: userHash.toString('base64url'), rowId: rowId.toString('base64url') };
}

function fromPending(value: unknown): RowLocator {
  // The value is authenticated, so `toPending` has created it.
  const { userHash, rowId } = value as { userHash: string; rowId: string };
  return { userHash: Buffer.from(userHash, 'base64url'), rowId: Buffer.from(rowId, 'base64url') };
}
