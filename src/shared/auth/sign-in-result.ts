import type { EntraErrorMeaning, RegistrationFault } from '../entra/error-table.ts';
import { interpretAuthorizationError, type TokenErrorMeaning } from '../entra/errors.ts';
import type { InteractionReason } from '../errors.ts';
import type { ConsentDenial } from '../session/facts.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';

/** How a sign-in can end without a new session. Pages and clients act on these values. */
export type SignInFailureOutcome =
  /** The user declined the permissions. */
  | 'consent_declined'
  /** The user canceled before signing in. */
  | 'login_canceled'
  | 'admin_consent_required'
  /** The sign-in was silent (`prompt=none`) and needs a prompt, or was completed before and its session has ended. */
  | 'login_required'
  | 'sign_in_service_unavailable'
  /** Entra ID refused this app or its request. Only an administrator of the app can correct that. */
  | 'registration_invalid'
  /** All sessions of the user were ended just before or while the user signed in. */
  | 'signed_out_meanwhile'
  /** The sign-in had to be with the session's account, but another one was used. The session continues. */
  | 'other_account'
  /** Entra ID granted fewer permissions than requested. */
  | 'fewer_permissions'
  /** The login transaction expired, and the sign-in cannot restart automatically, or not again. */
  | 'took_too_long'
  /** Entra ID refused for another reason, or this service rejected its response. */
  | 'sign_in_refused';

export interface SignInFailure {
  readonly outcome: SignInFailureOutcome;
  /** For the log: an AADSTS number, or a code of this service or a library. Never other text from the request. */
  readonly reason: string;
  /** Why Entra ID refused, if the user or an administrator of the organization can act on it. */
  readonly interactionReason?: InteractionReason;
  /** What an administrator of this app has to correct. Set with `registration_invalid`. */
  readonly fault?: RegistrationFault;
  /** The permissions that Entra ID refused. Default: those of the sign-in. */
  readonly scopes?: readonly string[];
  /** The AADSTS number of the refusal. */
  readonly entraErrorCode?: number;
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
 * Interprets Entra ID's error at the callback. Only known codes and an AADSTS number are read, because anyone can put
 * any text into a query string.
 * @see OpenID Connect Core 1.0, section 3.1.2.6; RFC 6749, section 4.1.2.1
 */
export function readAuthorizationError(
  error: string,
  description: string | undefined,
  subcode: string | undefined,
): SignInFailure {
  const digits = description?.match(/^AADSTS(\d{4,8})\b/)?.[1];
  const number = digits === undefined ? undefined : Number(digits);
  const known = interpretAuthorizationError(error, number);
  if (subcode === 'cancel' && known?.outcome === undefined) {
    return { outcome: 'login_canceled', reason: 'cancel' };
  }
  // With an AADSTS number, `access_denied` is not necessarily the user's decision: Conditional Access sends it too.
  const byError =
    error === 'access_denied' && number !== undefined ? undefined : outcomeByOAuthError.get(error);
  const meaning = known?.meaning;
  const outcome = known?.outcome ?? byError ?? outcomeByKind(meaning?.kind);
  return {
    outcome,
    reason: number === undefined ? outcome : `AADSTS${number}`,
    ...detailsOf(meaning),
    ...(number === undefined ? {} : { entraErrorCode: number }),
  };
}

function outcomeByKind(kind: EntraErrorMeaning['kind'] | undefined): SignInFailureOutcome {
  switch (kind) {
    case 'registration-invalid':
    case 'own-credential-refused':
      return 'registration_invalid';
    case 'throttled':
    case 'transient':
      return 'sign_in_service_unavailable';
    case 'interaction-required':
    case undefined:
      return 'sign_in_refused';
  }
}

function detailsOf(
  meaning: EntraErrorMeaning | undefined,
): Pick<SignInFailure, 'interactionReason' | 'fault'> {
  if (meaning === undefined) return {};
  if (meaning.kind === 'interaction-required') return { interactionReason: meaning.reason };
  return 'fault' in meaning ? { fault: meaning.fault } : {};
}

/** Who denied consent: the user declined it, or only an administrator can give it. Undefined for other outcomes. */
export function consentDeniedBy(outcome: SignInFailureOutcome): ConsentDenial['by'] | undefined {
  if (outcome === 'consent_declined') return 'user';
  return outcome === 'admin_consent_required' ? 'administrator' : undefined;
}

/**
 * Interprets Entra ID's refusal to redeem a code. Returns undefined if a new sign-in may succeed. Most often the code
 * was used, has expired or was issued for another transaction. Entra ID reports these causes like the errors of a refresh
 * token. Returns a failure if the cause is a permission, a policy, the account, this app's setup or a temporary error.
 * @param scopes the permissions that were requested
 */
export function readRedemptionError(
  meaning: TokenErrorMeaning,
  scopes: readonly string[],
): SignInFailure | undefined {
  const { entraErrorCode } = meaning;
  const details = {
    ...detailsOf(meaning),
    scopes,
    ...(entraErrorCode === undefined ? {} : { entraErrorCode }),
  };
  if (meaning.kind !== 'interaction-required') {
    return { outcome: outcomeByKind(meaning.kind), reason: meaning.kind, ...details };
  }
  const { reason } = meaning;
  switch (reason) {
    case 'admin_consent_required':
      return { outcome: 'admin_consent_required', reason, ...details };
    case 'consent_required':
    case 'two_factor_required':
    case 'account_disabled':
    case 'device_not_compliant':
    case 'blocked_by_policy':
    case 'not_assigned':
    case 'claims_challenge':
    case 'continuous_access_evaluation':
    case 'recent_sign_in_required':
    case 'stronger_sign_in_required':
      return { outcome: 'sign_in_refused', reason, ...details };
    case 'password_expired':
    case 'refresh_token_expired':
    case 'refresh_token_revoked':
    case 'sign_in_required':
      return undefined;
  }
}

/** Writes the audit record of a sign-in that ended without a new session. */
export function recordSignInFailure(
  { outcome, reason, entraErrorCode: aadsts }: SignInFailure,
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
    case 'registration_invalid':
      audit(log, { event: 'sign-in-failed', reason, aadsts, ...context });
      break;
    default:
      audit(log, { event: 'sign-in-refused', outcome, reason, aadsts, ...context });
  }
}
