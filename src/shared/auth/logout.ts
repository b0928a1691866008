import type { TextSealer } from '../crypto/sealed-text.ts';
import { BffError } from '../errors.ts';
import type { RowAddress } from '../session/cookie.ts';
import type { Session, SessionStore } from '../session/store.ts';
import { auditPseudonym } from '../session/user-hash.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';

/** How a logout went. The browser's cookie goes in either case. */
export type LogoutOutcome =
  | { readonly kind: 'done'; readonly logoutUrl: string }
  /** The row could not be deleted: it is said so, and `pendingCookieValue` finishes it at the next visit. */
  | { readonly kind: 'pending'; readonly logoutUrl: string; readonly pendingCookieValue: string };

export interface Logout {
  /** @param cookieValue the session cookie, whether or not it still leads to a session */
  end(cookieValue: string | undefined, session: Session | undefined, log: Log): Promise<LogoutOutcome>;
  /** True when nothing is pending any more. */
  finishPending(pendingCookieValue: string, log: Log): Promise<boolean>;
  /** A cookie that this service made, whatever became of its session. */
  isOurs(cookieValue: string): boolean;
  /** The proof in our own form: only a page of ours, for this session, has it. */
  formToken(cookieValue: string): string;
  isFormToken(text: string, cookieValue: string): boolean;
}

export interface LogoutNeeds {
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

export function createLogout(needs: LogoutNeeds): Logout {
  const {
    store,
    formSealer,
    pendingSealer,
    endSessionEndpoint,
    postLogoutRedirectUri,
    absoluteSeconds,
    now,
  } = needs;
  return {
    async end(cookieValue, session, log) {
      const logoutUrl = toLogoutUrl(endSessionEndpoint, postLogoutRedirectUri, session);
      const address = cookieValue === undefined ? undefined : store.addressOf(cookieValue);
      if (address === undefined) return { kind: 'done', logoutUrl };
      try {
        await store.remove(address, session?.facts.claims.entraSessionId);
        const sessions = session === undefined ? 0 : 1;
        audit(log, { event: 'session-ended', by: 'user', sessions, user: auditPseudonym(address) });
        return { kind: 'done', logoutUrl };
      } catch (error) {
        if (!(error instanceof BffError) || error.code !== 'storage_unavailable') throw error;
        audit(log, { event: 'sign-out-pending', user: auditPseudonym(address) });
        const expiresAt = new Date(now().getTime() + absoluteSeconds * 1000);
        return {
          kind: 'pending',
          logoutUrl,
          pendingCookieValue: pendingSealer.seal(toPending(address), [], expiresAt),
        };
      }
    },
    async finishPending(pendingCookieValue, log) {
      const pending = pendingSealer.open(pendingCookieValue, []);
      if (pending === undefined) return true;
      const address = fromPending(pending);
      try {
        await store.remove(address);
      } catch {
        return false;
      }
      audit(log, { event: 'session-ended', by: 'user', sessions: 1, user: auditPseudonym(address) });
      return true;
    },
    isOurs: (cookieValue) => store.addressOf(cookieValue) !== undefined,
    formToken: (cookieValue) =>
      formSealer.seal('logout', [cookieValue], new Date(now().getTime() + FORM_LIFETIME_MS)),
    isFormToken: (text, cookieValue) => formSealer.open(text, [cookieValue]) === 'logout',
  };
}

/** @see OpenID Connect RP-Initiated Logout 1.0, 2. With the hint Entra signs out without asking which account. */
function toLogoutUrl(endpoint: string, postLogoutRedirectUri: string, session: Session | undefined): string {
  const url = new URL(endpoint);
  url.searchParams.set('post_logout_redirect_uri', postLogoutRedirectUri);
  const hint = session?.facts.claims.loginHint;
  if (hint !== undefined) url.searchParams.set('logout_hint', hint);
  return url.href;
}

/** Without the secret: the cookie can delete the row and never open it. */
function toPending({ userHash, rowId }: RowAddress) {
  return { userHash: userHash.toString('base64url'), rowId: rowId.toString('base64url') };
}

function fromPending(value: unknown): RowAddress {
  // The value is authenticated: it is what `toPending` made.
  const { userHash, rowId } = value as { userHash: string; rowId: string };
  return { userHash: Buffer.from(userHash, 'base64url'), rowId: Buffer.from(rowId, 'base64url') };
}
