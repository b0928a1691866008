import { read } from './read.ts';

/** `not_asked`: the first use asks. `declined` and `needs_admin`: only a deliberate click asks again. */
export type FeatureState = 'granted' | 'not_asked' | 'declined' | 'needs_admin';

export interface SignedOut {
  readonly signed_in: false;
  readonly login_url: string;
}

export interface SignedIn {
  readonly signed_in: true;
  /** Distinguishes this session from others. It grants no access. The client sends it with every call. */
  readonly session_tag: string;
  readonly name: string;
  readonly username: string;
  readonly tenant_id: string;
  readonly roles: readonly string[];
  /** What the person may do, by name. Advice for the page: the server decides. */
  readonly can: Readonly<Record<string, boolean>>;
  readonly features: Readonly<Record<string, FeatureState>>;
  /** When the person last finished a sign-in, consent and second factors included. */
  readonly signed_in_at: string;
  readonly expires_at: string;
  readonly idle_expires_at: string;
  readonly login_url: string;
}

/** The answer of `api/auth/session`. */
export type Session = SignedOut | SignedIn;

/** Identifies the user. A user without an address is identified by the session alone. */
export function userOf({ tenant_id, username, session_tag }: SignedIn): string {
  return `${tenant_id} ${username || session_tag}`;
}

/** When the person finished their last sign-in; empty for nobody. */
export function signInTime(session: Session | undefined): string | undefined {
  return session && (session.signed_in ? session.signed_in_at : '');
}

/** Whether somebody has signed in since, and the feature is granted: another tab's sign-in may have been for another one. */
export function hasSignedIn(session: Session | undefined, since: string | undefined, feature = ''): boolean {
  if (!session?.signed_in || since === undefined) return false;
  return session.signed_in_at > since && (session.features[feature] ?? 'granted') === 'granted';
}

/** Anything but the answer of our own function is a mistake in the deployment, such as a page served in its place. */
export function parseSession(answer: unknown): Session {
  if (read(answer, 'signed_in') === undefined) throw new TypeError('The answer has no session.');
  return answer as Session;
}
