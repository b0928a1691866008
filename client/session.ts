import { readMember } from './read-untrusted.ts';

/** `not_asked`: the first use asks the user. `declined` and `needs_admin`: only a click asks again. */
export type FeatureState = 'granted' | 'not_asked' | 'declined' | 'needs_admin';

export interface SignedOut {
  readonly signed_in: false;
  readonly login_url: string;
}

export interface SignedIn {
  readonly signed_in: true;
  /**
   * Changes when another user signs in, but not when the same user signs in again before the session ends. It grants no
   * access. The client sends the tag with every call.
   */
  readonly session_tag: string;
  readonly name: string;
  readonly username: string;
  readonly tenant_id: string;
  readonly roles: readonly string[];
  /** What the user may do, by name. It helps the page choose what to show. The server decides. */
  readonly can: Readonly<Record<string, boolean>>;
  readonly features: Readonly<Record<string, FeatureState>>;
  /** When the user last completed an interaction with Microsoft: a sign-in, a consent or a second factor. */
  readonly signed_in_at: string;
  readonly expires_at: string;
  readonly idle_expires_at: string;
  readonly login_url: string;
}

/** The response of `api/auth/session`. */
export type Session = SignedOut | SignedIn;

/** Compares users within this page. Not an identity, because usernames are reassigned. */
export function toUserKey({ tenant_id, username, session_tag }: SignedIn): string {
  return `${tenant_id} ${username || session_tag}`;
}

/** When the user last completed a sign-in; empty if signed out, undefined if the session is not known. */
export function signInTime(session: Session | undefined): string | undefined {
  return session && (session.signed_in ? session.signed_in_at : '');
}

/**
 * Whether a sign-in was completed after `time`, in any tab and for any feature, and `feature` is granted now. Without a
 * feature, or for one that the session does not list, the sign-in alone is enough.
 */
export function hasSignedInSince(
  time: string | undefined,
  session: Session | undefined,
  feature = '',
): boolean {
  if (!session?.signed_in || time === undefined) return false;
  return session.signed_in_at > time && (session.features[feature] ?? 'granted') === 'granted';
}

/** @throws {TypeError} for another document, which a wrong deployment or a proxy may serve in place of the session */
export function parseSession(document: unknown, status: number): Session {
  if (readMember(document, 'signed_in') === undefined) {
    throw new TypeError(`Status ${status}: the response has no session. Does /api lead to the service?`);
  }
  return document as Session;
}
