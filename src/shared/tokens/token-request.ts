/** What an access token is wanted for. */
export interface TokenWish {
  readonly scopes: readonly string[];
  /** An API refused a token of these scopes and wants another. */
  readonly challenge?: TokenChallenge;
  /** Not the token is wanted, but what Entra says about the person, at this instant or later. */
  readonly identityNotBefore?: Date;
  /** The current token is still valid, so this renewal is not worth waiting for. */
  readonly isEarly?: true;
}

export interface TokenChallenge {
  /** What it asks of the next token: JSON, decoded. */
  readonly claims: string;
  /** Whoever has another token by now need not ask Entra. */
  readonly refusedToken: string;
}

/** Two wishes that one answer of Entra's is about. */
export function isSameWish(left: TokenWish, right: TokenWish): boolean {
  return (
    left.challenge?.claims === right.challenge?.claims &&
    (left.identityNotBefore === undefined) === (right.identityNotBefore === undefined) &&
    left.scopes.length === right.scopes.length &&
    left.scopes.every((scope) => right.scopes.includes(scope))
  );
}
