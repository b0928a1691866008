import { interpretAuthorizationErrorNumber } from '../entra/errors.ts';
import type { InteractionReason } from '../errors.ts';
import type { ConsentDenial } from '../session/facts.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';

/** How a sign-in can end without a session. A closed list, because pages and clients act on it. */
export type SignInFailureOutcome =
  /** The user declined the permissions. */
  | 'consent_declined'
  /** The user went back before signing in. */
  | 'login_canceled'
  | 'admin_consent_required'
  /** The sign-in was silent (`prompt=none`), and Entra ID requires a prompt. */
  | 'login_required'
  | 'sign_in_service_unavailable'
  /** All sessions of the user were ended while the user was signing in. */
  | 'signed_out_meanwhile'
  /** The session's own account was required, and another one was chosen. The session continues. */
  | 'other_account'
  /** Entra ID granted fewer permissions than requested. */
  | 'fewer_permissions'
  /** The sign-in took longer than a transaction lasts, and was already restarted automatically. */
  | 'took_too_long'
  /** Entra ID refused for another reason, or its response could not be trusted. */
  | 'sign_in_refused';

export interface SignInFailure {
  readonly outcome: SignInFailureOutcome;
  /** For the log: an AADSTS number or a code of this service, never text from the request. */
  readonly reason: string;
}

const outcomeByOAuthError = new Map<string, SignInFailureOutcome>([
  ['access_denied', 'consent_declined'],
  ['consent_required', 'login_required'],
  ['interaction_required', 'login_required'],
  ['login_required', 'login_required'],
  ['account_selection_required', 'login_required'],
  ['server_error', 'sign_in_service_unavailable'],
  ['temporarily_unavailable', 'sign_in_service_unavailable'],
]);

/**
 * Interprets Entra ID's error at the callback. Only known codes are read, because anyone can write the texts of a query.
 * @see OpenID Connect Core 1.0, 3.1.2.6; RFC 6749, 4.1.2.1
 */
export function readAuthorizationError(
  error: string,
  description: string | undefined,
  subcode: string | undefined,
): SignInFailure {
  const number = description?.match(/^AADSTS(\d{4,8})\b/)?.[1];
  const byNumber = number === undefined ? undefined : interpretAuthorizationErrorNumber(Number(number));
  if (subcode === 'cancel' && byNumber === undefined) return { outcome: 'login_canceled', reason: 'cancel' };
  // With an AADSTS number, `access_denied` need not be the user's decision: Conditional Access sends it too.
  const byError =
    error === 'access_denied' && number !== undefined ? undefined : outcomeByOAuthError.get(error);
  const outcome = byNumber ?? byError ?? 'sign_in_refused';
  return { outcome, reason: number === undefined ? outcome : `AADSTS${number}` };
}

/** Who denied the permissions of the feature. Undefined if the outcome is not a denial. */
export function consentMissingFrom(outcome: SignInFailureOutcome): ConsentDenial['by'] | undefined {
  if (outcome === 'consent_declined') return 'user';
  return outcome === 'admin_consent_required' ? 'administrator' : undefined;
}

/**
 * Interprets Entra ID's refusal to redeem a code. Undefined means that Entra ID refused only the code (used, expired, or of
 * another transaction), so a new sign-in can succeed. A new sign-in does not help if the user or a policy is the cause.
 */
export function readRedemptionError(reason: InteractionReason): SignInFailure | undefined {
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

/** Writes the one audit record of a sign-in that ended without a session. */
export function recordSignInFailure(
  { outcome, reason }: SignInFailure,
  context: { readonly feature: string | undefined; readonly user: string | undefined },
  log: Log,
): void {
  switch (outcome) {
    case 'consent_declined':
      audit(log, { event: 'consent-declined', reason, ...context });
      break;
    case 'admin_consent_required':
      audit(log, { event: 'admin-consent-needed', reason, ...context });
      break;
    case 'sign_in_service_unavailable':
      audit(log, { event: 'sign-in-failed', reason, ...context });
      break;
    default:
      audit(log, { event: 'sign-in-refused', outcome, reason, ...context });
  }
}
