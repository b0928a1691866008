import { type InteractionReason, interactionReasons } from '../errors.ts';

export function parseInteractionReason(text: string | undefined): InteractionReason | undefined {
  return interactionReasons.find((reason) => reason === text);
}

/**
 * An error response of the token endpoint.
 * @see RFC 6749, section 5.2, and Entra's `error_codes`, `suberror` and `claims`
 */
export interface TokenErrorResponse {
  /** OAuth's error code, for example `invalid_grant`. */
  readonly error: string;
  readonly suberror?: string;
  /** The AADSTS numbers. The first one is the cause. */
  readonly numbers: readonly number[];
  /** A claims challenge: JSON to send with the next authorization request. */
  readonly claims?: string;
}

export type TokenErrorMeaning =
  | { readonly kind: 'interaction-required'; readonly reason: InteractionReason }
  /** Entra ID rejected the app, or its secret, certificate or assertion. Users stay signed in. */
  | { readonly kind: 'own-credential-refused' }
  /** A temporary error of Entra ID. Try again later. */
  | { readonly kind: 'transient' };

const interaction = (reason: InteractionReason): TokenErrorMeaning => ({
  kind: 'interaction-required',
  reason,
});
const ownCredential: TokenErrorMeaning = { kind: 'own-credential-refused' };
const transient: TokenErrorMeaning = { kind: 'transient' };

/** The meaning of an error at the authorization endpoint. Each ends the sign-in. */
type AuthorizationErrorMeaning =
  | 'consent_declined'
  | 'admin_consent_required'
  /** The sign-in was silent (`prompt=none`), and Entra ID requires a prompt. */
  | 'login_required'
  | 'sign_in_refused';

interface AadstsMeaning {
  /** In an error response of the token endpoint. */
  readonly token?: TokenErrorMeaning;
  /** In an error response of the authorization endpoint. */
  readonly authorization?: AuthorizationErrorMeaning;
}

const adminConsent: AadstsMeaning = {
  token: interaction('admin_consent_required'),
  authorization: 'admin_consent_required',
};

/**
 * Every AADSTS number that this service interprets, with its meaning at the token or authorization endpoint, or at both.
 * @see https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
const byNumber = new Map<number, AadstsMeaning>([
  [50076, { token: interaction('two_factor_required') }], // required by Conditional Access or for an unfamiliar location
  [50079, { token: interaction('two_factor_required') }], // the user has to register for it
  [50158, { token: interaction('claims_challenge') }], // an external challenge is not satisfied
  [53000, { token: interaction('claims_challenge') }], // the device is not compliant
  [53001, { token: interaction('claims_challenge') }], // the device is not joined
  [53003, { token: interaction('claims_challenge') }], // blocked by Conditional Access
  [65001, { token: interaction('consent_required'), authorization: 'login_required' }], // no consent to this permission
  [65004, { token: interaction('consent_required'), authorization: 'consent_declined' }], // the user declined
  [90008, adminConsent], // no consent to the app at all
  [90093, adminConsent], // the user may not consent to this permission
  [90094, adminConsent],
  [90095, adminConsent], // the user can request approval
  [70008, { token: interaction('refresh_token_expired') }],
  [700082, { token: interaction('refresh_token_expired') }], // unused for too long
  [700084, { token: interaction('refresh_token_expired') }], // after 24 hours, for a single-page app
  [70043, { token: interaction('refresh_token_expired') }], // Conditional Access requires a new sign-in (sign-in frequency)
  [70044, { token: interaction('refresh_token_expired') }], // likewise: the session at Entra ID is too old
  [50173, { token: interaction('refresh_token_revoked') }], // the password changed or an administrator revoked the sign-ins
  [50133, { token: interaction('refresh_token_revoked') }],
  [70000, { token: interaction('refresh_token_revoked') }],
  [50055, { token: interaction('sign_in_required') }], // the password has expired
  [50057, { token: interaction('sign_in_required') }], // the account is disabled
  [50058, { token: interaction('sign_in_required'), authorization: 'login_required' }],
  [50105, { authorization: 'sign_in_refused' }], // the user is not assigned to the app
  [50126, { authorization: 'sign_in_refused' }], // the user name or the password is wrong
  [7000215, { token: ownCredential }], // wrong client secret
  [7000222, { token: ownCredential }], // expired client secret
  [700016, { token: ownCredential }], // unknown application
  [700027, { token: ownCredential }], // assertion not signed by a registered certificate
  [90033, { token: transient }],
  [90036, { token: transient }],
]);

const bySuberror = new Map<string, TokenErrorMeaning>([
  ['consent_required', interaction('consent_required')],
  ['basic_action', interaction('claims_challenge')],
  ['additional_action', interaction('claims_challenge')],
  ['bad_token', interaction('refresh_token_revoked')],
  ['user_password_expired', interaction('sign_in_required')],
]);

const byError = new Map<string, TokenErrorMeaning>([
  ['consent_required', interaction('consent_required')],
  ['interaction_required', interaction('sign_in_required')],
  ['login_required', interaction('sign_in_required')],
  ['invalid_grant', interaction('sign_in_required')],
  ['invalid_client', ownCredential],
  ['unauthorized_client', ownCredential],
  ['temporarily_unavailable', transient],
  ['server_error', transient],
]);

/** Interprets an error response by its AADSTS numbers, else by its claims challenge, else by suberror and OAuth code. */
export function interpretTokenError({
  error,
  suberror,
  numbers,
  claims,
}: TokenErrorResponse): TokenErrorMeaning {
  for (const number of numbers) {
    const meaning = byNumber.get(number)?.token;
    if (meaning) return meaning;
  }
  if (claims !== undefined) return interaction('claims_challenge');
  // An unknown error must not sign users out, so it counts as transient.
  return (suberror === undefined ? undefined : bySuberror.get(suberror)) ?? byError.get(error) ?? transient;
}

/** Interprets the AADSTS number of an error at the authorization endpoint. Returns undefined if it has no meaning there. */
export function interpretAuthorizationErrorNumber(number: number): AuthorizationErrorMeaning | undefined {
  return byNumber.get(number)?.authorization;
}
