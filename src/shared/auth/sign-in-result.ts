import type { InteractionReason } from '../errors.ts';
import type { ConsentDenial } from '../session/facts.ts';

/** How a sign-in can end without a session. A closed list: pages and clients act on it. */
export type RefusalOutcome =
  /** The person said no to the permissions. */
  | 'consent_declined'
  /** The person turned back before signing in. */
  | 'login_cancelled'
  | 'admin_consent_required'
  /** Asked without interaction (`prompt=none`), and Entra needs the person. */
  | 'login_required'
  | 'sign_in_service_unavailable'
  /** Somebody who may do so ended all sessions of this person, or Entra's, while they signed in. */
  | 'signed_out_meanwhile'
  /** Another account than the session's was chosen where the session's was asked for. The session stays. */
  | 'other_account'
  /** Entra granted less than was asked for. */
  | 'fewer_permissions'
  /** The sign-in took longer than it may, and has begun again by itself before. */
  | 'took_too_long'
  /** Everything else: Entra said no, or what came back was not trustworthy. */
  | 'sign_in_refused';

export interface Refusal {
  readonly outcome: RefusalOutcome;
  /** For the log: an AADSTS number or a code of ours, never text from the request. */
  readonly reason: string;
}

const byAadstsNumber = new Map<string, RefusalOutcome>([
  ['65004', 'consent_declined'],
  ['65001', 'login_required'],
  ['90008', 'admin_consent_required'],
  ['90093', 'admin_consent_required'], // the person may not consent to this
  ['90094', 'admin_consent_required'],
  ['90095', 'admin_consent_required'],
  ['50058', 'login_required'],
  ['50105', 'sign_in_refused'], // not assigned to the app
  ['50126', 'sign_in_refused'],
]);

const byOAuthError = new Map<string, RefusalOutcome>([
  ['access_denied', 'consent_declined'],
  ['consent_required', 'login_required'],
  ['interaction_required', 'login_required'],
  ['login_required', 'login_required'],
  ['account_selection_required', 'login_required'],
  ['server_error', 'sign_in_service_unavailable'],
  ['temporarily_unavailable', 'sign_in_service_unavailable'],
]);

/**
 * What Entra's error at the callback means. Only known codes are read out of the query: its texts are anybody's words
 * and go nowhere.
 * @see OpenID Connect Core 1.0, 3.1.2.6; RFC 6749, 4.1.2.1
 */
export function readAuthorizationError(
  error: string,
  description: string | undefined,
  subcode: string | undefined,
): Refusal {
  const number = description?.match(/^AADSTS(\d{4,8})\b/)?.[1];
  const known = number === undefined ? undefined : byAadstsNumber.get(number);
  if (subcode === 'cancel' && known === undefined) return { outcome: 'login_cancelled', reason: 'cancel' };
  // `access_denied` is the person's no only when Entra gives no other cause: Conditional Access says it as well.
  const byError = error === 'access_denied' && number !== undefined ? undefined : byOAuthError.get(error);
  const outcome = known ?? byError ?? 'sign_in_refused';
  return { outcome, reason: number === undefined ? outcome : `AADSTS${number}` };
}

/** Who keeps a feature back by this outcome, if anybody does. */
export function withheldBy(outcome: RefusalOutcome): ConsentDenial['by'] | undefined {
  if (outcome === 'consent_declined') return 'user';
  return outcome === 'admin_consent_required' ? 'administrator' : undefined;
}

/**
 * What Entra's refusal of a code means: an end, or undefined where only the code was at fault (used, expired, of another
 * transaction) and beginning again cures it. Beginning again would not give what the person or the policy withholds.
 */
export function readRedemptionRefusal(reason: InteractionReason): Refusal | undefined {
  switch (reason) {
    case 'admin_consent_required':
      return { outcome: 'admin_consent_required', reason };
    case 'consent_required':
    case 'two_factor_required':
    case 'claims_challenge':
    case 'continuous_access_evaluation':
    case 'recent_sign_in_required':
    case 'stronger_sign_in_required':
      return { outcome: 'sign_in_refused', reason };
    case 'refresh_token_expired':
    case 'refresh_token_revoked':
    case 'sign_in_required':
      return undefined;
  }
}
