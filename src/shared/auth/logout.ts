import { Buffer } from 'node:buffer';
import type { TextSealer } from '../crypto/sealed-text.ts';
import { BffError } from '../errors.ts';
import { type Caller, sessionOf } from '../session/caller.ts';
import type { RowLocator } from '../session/locator.ts';
import type { SessionStore } from '../session/store.ts';
import { auditPseudonym } from '../session/user-hash.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';

/** With either outcome, the response clears the session cookie. */
export type LogoutOutcome =
  | { readonly kind: 'done'; readonly logoutUrl: string }
  /** The row could not be deleted. It is deleted when the browser next sends the cookie with `pendingCookieValue`. */
  | { readonly kind: 'pending'; readonly logoutUrl: string; readonly pendingCookieValue: string };

export interface Logout {
  /**
   * Ends the browser's session.
   * @param cookieValue the value of the session cookie, even if `caller` is undefined because the session could not be
   * read
   */
  end(cookieValue: string | undefined, caller: Caller | undefined, log: Log): Promise<LogoutOutcome>;
  /** Deletes the row of a pending sign-out. Returns true if the pending cookie is no longer needed. */
  finishPending(pendingCookieValue: string, log: Log): Promise<boolean>;
  /** True if this service wrote the cookie's value, even if the session has ended. */
  isOwnCookie(cookieValue: string): boolean;
  /** The logout form's hidden token. Only a page that this service rendered for this session contains it. */
  formToken(cookieValue: string): string;
  isFormToken(text: string, cookieValue: string): boolean;
}

export interface LogoutDependencies {
  readonly store: SessionStore;
  /** For the purpose `form-token`. */
  readonly formSealer: TextSealer;
  /** For the purpose `logout-pending`. */
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
    // Without a caller, the session had ended or could not be read. The sign-out is recorded nevertheless.
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

/**
 * With the hint, Entra ID does not ask which account to sign out.
 * @see OpenID Connect RP-Initiated Logout 1.0, section 2
 */
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

/** Leaves out the session's secret, so that the cookie can be used to delete the row but not to open it. */
function toPending({ userHash, rowId }: RowLocator) {
  return { userHash: userHash.toString('base64url'), rowId: rowId.toString('base64url') };
}

function fromPending(value: unknown): RowLocator {
  // The value is authenticated, so `toPending` has created it.
  const { userHash, rowId } = value as { userHash: string; rowId: string };
  return { userHash: Buffer.from(userHash, 'base64url'), rowId: Buffer.from(rowId, 'base64url') };
}
