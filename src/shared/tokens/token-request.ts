import type { RegistrationInvalid } from '../entra/registration-problem.ts';
import type { InteractionReason } from '../errors.ts';
import type { Session } from '../session/session.ts';

/** A request for an access token with these scopes, or for a renewal of Entra ID's claims about the user. */
export interface TokenRequest {
  readonly scopes: readonly string[];
  /** Set if an API refused an access token for these scopes and demands another one. */
  readonly challenge?: TokenChallenge;
  /** Set to renew Entra ID's claims about the user. Claims from this instant or later are new enough. */
  readonly identityNotBefore?: Date;
  /**
   * An access token that can be used until the renewal. If it is set, the request does not wait for another renewal: the
   * outcome is then this token. This token itself does not satisfy a request for an access token.
   */
  readonly current?: AccessToken;
}

export interface TokenChallenge {
  /** The claims that the API demands: decoded JSON. */
  readonly claims: string;
  /** The access token that the API refused. If the session has another one by now, nothing is renewed. */
  readonly refusedToken: string;
}

export interface AccessToken {
  readonly accessToken: string;
  readonly expiresAt: Date;
  /** When Entra ID wants it to be renewed (`refresh_in`). Every token is also renewed in its last five minutes. */
  readonly refreshAt?: Date;
}

/** The outcome of a token request. */
export type TokenAcquisition =
  | ({ readonly kind: 'token'; readonly session: Session } & AccessToken)
  | InteractionRequired
  /** The session was ended meanwhile, or the service ended it now because the new tokens may be another user's. */
  | { readonly kind: 'session-ended' };

/** No access token satisfies the request until the user acts or, for some reasons, an administrator. */
export interface InteractionRequired {
  readonly kind: 'interaction-required';
  readonly reason: InteractionReason;
  /** Claims that the next sign-in has to request: JSON. */
  readonly claims?: string;
  /** The correlation id that was sent with the refused request. Entra ID logs it. */
  readonly correlationId?: string;
  /** The AADSTS number of the refusal. */
  readonly entraErrorCode?: number;
  /** The requested permissions that Entra ID left out of its response. The user has to consent to them. */
  readonly withheldScopes?: readonly string[];
}

/** A refusal that this worker remembers. `registration-invalid`: only an administrator of this app can help. */
export type Refusal = InteractionRequired | RegistrationRefused;

export interface RegistrationRefused {
  readonly kind: 'registration-invalid';
  readonly error: RegistrationInvalid;
}

/** True if both ask for the same, so that a failure of one counts for the other. */
export function isSameRequest(left: TokenRequest, right: TokenRequest): boolean {
  return (
    left.challenge?.claims === right.challenge?.claims &&
    (left.identityNotBefore === undefined) === (right.identityNotBefore === undefined) &&
    left.scopes.length === right.scopes.length &&
    left.scopes.every((scope) => right.scopes.includes(scope))
  );
}
