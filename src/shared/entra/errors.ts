import { type InteractionReason, interactionReasons } from '../errors.ts';
import {
  type AuthorizationErrorOutcome,
  credential,
  type EntraErrorGroup,
  type EntraErrorMeaning,
  entraErrorGroups,
  interaction,
  type RegistrationFault,
  registration,
  registrationFaults,
} from './error-table.ts';

export function parseInteractionReason(text: string | undefined): InteractionReason | undefined {
  return interactionReasons.find((reason) => reason === text);
}

export function parseRegistrationFault(text: string | undefined): RegistrationFault | undefined {
  return registrationFaults.find((fault) => fault === text);
}

/**
 * An error response of the token endpoint.
 * @see RFC 6749, section 5.2, and Entra ID's `error_codes`, `suberror` and `claims`
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

/** An error response of the token endpoint, interpreted. */
export type TokenErrorMeaning = EntraErrorMeaning & {
  /** The AADSTS number that decided the meaning, else the first one of the response. */
  readonly entraErrorCode?: number;
};

const transient: EntraErrorMeaning = { kind: 'transient' };

const byNumber: ReadonlyMap<number, EntraErrorGroup> = new Map(
  entraErrorGroups.flatMap((group) => group.errors.map(([number]) => [number, group] as const)),
);

const bySuberror = new Map<string, EntraErrorMeaning>([
  ['consent_required', interaction('consent_required')],
  ['basic_action', interaction('claims_challenge')],
  ['additional_action', interaction('claims_challenge')],
  ['bad_token', interaction('refresh_token_revoked')],
  ['user_password_expired', interaction('password_expired')],
]);

const byError = new Map<string, EntraErrorMeaning>([
  ['consent_required', interaction('consent_required')],
  ['interaction_required', interaction('sign_in_required')],
  ['login_required', interaction('sign_in_required')],
  ['invalid_grant', interaction('sign_in_required')],
  ['invalid_resource', registration('api')],
  ['invalid_scope', registration('permission')],
  ['invalid_request', registration('request')],
  ['unsupported_grant_type', registration('request')],
  ['invalid_client', credential('credential')],
  ['unauthorized_client', credential('app')],
  ['temporarily_unavailable', transient],
  ['server_error', transient],
]);

/** Interprets an error response by AADSTS number, else by claims challenge, else by suberror, else by OAuth code. */
export function interpretTokenError({
  error,
  suberror,
  numbers,
  claims,
}: TokenErrorResponse): TokenErrorMeaning {
  for (const number of numbers) {
    const meaning = byNumber.get(number)?.meaning;
    if (meaning) return { ...meaning, entraErrorCode: number };
  }
  const [first] = numbers;
  const numbered = first === undefined ? {} : { entraErrorCode: first };
  if (claims !== undefined) return { ...interaction('claims_challenge'), ...numbered };
  // An unknown error must not sign users out, so it counts as transient.
  const meaning =
    (suberror === undefined ? undefined : bySuberror.get(suberror)) ?? byError.get(error) ?? transient;
  return { ...meaning, ...numbered };
}

/** The meaning of an error of the authorization endpoint. Every such error ends the sign-in. */
export interface AuthorizationErrorMeaning {
  /** How the sign-in ends. If it is not set, OAuth's error code decides, else `meaning`. */
  readonly outcome?: AuthorizationErrorOutcome;
  readonly meaning: EntraErrorMeaning;
}

/**
 * OAuth's error codes that stand for a fault of this app at the authorization endpoint. `invalid_client` is one of them:
 * Entra ID sends it even for an unknown permission, whose AADSTS number then decides.
 */
const faultByError = new Map<string, EntraErrorMeaning>([
  ['invalid_resource', registration('api')],
  ['invalid_scope', registration('permission')],
  ['invalid_request', registration('request')],
  ['unsupported_response_type', registration('request')],
  ['invalid_client', credential('app')],
  ['unauthorized_client', credential('app')],
]);

/** Interprets an error at the authorization endpoint. Returns undefined if neither number nor code is known. */
export function interpretAuthorizationError(
  error: string,
  number: number | undefined,
): AuthorizationErrorMeaning | undefined {
  const group = number === undefined ? undefined : byNumber.get(number);
  if (group !== undefined) return group;
  const meaning = faultByError.get(error);
  return meaning === undefined ? undefined : { meaning };
}
