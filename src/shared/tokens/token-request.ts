import type { InteractionReason } from '../errors.ts';
import type { Session } from '../session/session.ts';

/** An access token is good for these scopes, or the identity has been renewed: what a caller asks for. */
export interface TokenRequest {
  readonly scopes: readonly string[];
  /** Set if an API refused an access token for these scopes and demands another. */
  readonly challenge?: TokenChallenge;
  /** Set to renew what Entra ID states about the user: a statement of this instant or later is new enough. */
  readonly identityNotBefore?: Date;
  /** An access token that is still good for a call. Waiting for a new one is then not worthwhile. */
  readonly current?: AccessToken;
}

export interface TokenChallenge {
  /** The claims that the API demands: JSON, decoded. */
  readonly claims: string;
  /** A session that has another access token by now needs no renewal. */
  readonly refusedToken: string;
}

export interface AccessToken {
  readonly accessToken: string;
  readonly expiresAt: Date;
}

/** How a request for an access token ends. */
export type TokenAcquisition =
  | ({ readonly kind: 'token'; readonly session: Session } & AccessToken)
  | InteractionRequired
  /** The user signed out meanwhile, or Entra ID answered with another identity. The row is gone. */
  | { readonly kind: 'session-ended' };

/** Entra ID issues no access token until the user acts. */
export interface InteractionRequired {
  readonly kind: 'interaction-required';
  readonly reason: InteractionReason;
  /** Claims that the next sign-in has to request: JSON. */
  readonly claims?: string;
  /** Entra ID's correlation id of the refused request. */
  readonly correlationId?: string;
}

/** Whether one answer from Entra ID is the answer to both requests. */
export function isSameRequest(left: TokenRequest, right: TokenRequest): boolean {
  return (
    left.challenge?.claims === right.challenge?.claims &&
    (left.identityNotBefore === undefined) === (right.identityNotBefore === undefined) &&
    left.scopes.length === right.scopes.length &&
    left.scopes.every((scope) => right.scopes.includes(scope))
  );
}
