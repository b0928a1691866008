import { withScopesOfOtherApis } from '../entra/scopes.ts';
import { isSamePrincipal } from '../identity/principal.ts';
import { assertedAt } from '../identity/verify-id-token.ts';
import type { SessionFacts } from '../session/facts.ts';
import type { RedeemedCode } from './callback-decision.ts';

export interface NewSession {
  readonly redeemed: RedeemedCode;
  /** The facts of the browser's session before this sign-in. */
  readonly previous: SessionFacts | undefined;
  readonly device: string | undefined;
  /** The feature whose permissions this sign-in has requested and obtained. */
  readonly grantedFeature: string | undefined;
  readonly signedInAt: Date;
  readonly absoluteSeconds: number;
  /** For a session that does not continue `previous`. */
  readonly newChainId: string;
}

/**
 * The facts of the session that a sign-in creates. If `previous` belongs to the same user, the new session continues
 * it.
 */
export function toSessionFacts(newSession: NewSession): SessionFacts {
  const { redeemed, previous, device, signedInAt, absoluteSeconds, newChainId } = newSession;
  const { claims, account, grantedScopes } = redeemed;
  const facts: SessionFacts = {
    sessionChainId: newChainId,
    claims,
    claimsAsOf: assertedAt(claims, signedInAt),
    account,
    ...(device === undefined ? {} : { device }),
    signedInAt,
    expiresAt: new Date(signedInAt.getTime() + absoluteSeconds * 1000),
    grantedScopes,
    consentDenials: {},
  };
  if (previous === undefined || !isSamePrincipal(previous.claims.principal, claims.principal)) return facts;
  return continueSession(facts, previous, newSession.grantedFeature);
}

/** For a user who signed in again, such as for a permission or a stronger sign-in. */
function continueSession(
  facts: SessionFacts,
  previous: SessionFacts,
  grantedFeature: string | undefined,
): SessionFacts {
  const denials = Object.entries(previous.consentDenials).filter(([feature]) => feature !== grantedFeature);
  return {
    ...facts,
    sessionChainId: previous.sessionChainId,
    grantedScopes: withScopesOfOtherApis(facts.grantedScopes, previous.grantedScopes),
    consentDenials: Object.fromEntries(denials),
    // The absolute limit is extended only if the user authenticated again. Otherwise repeated silent sign-ins would extend
    // the session without end.
    expiresAt: hasAuthenticatedAgain(facts, previous) ? facts.expiresAt : previous.expiresAt,
  };
}

/** False if Entra ID did not state when the user authenticated (`auth_time`). */
function hasAuthenticatedAgain({ claims }: SessionFacts, previous: SessionFacts): boolean {
  const { authenticatedAt } = claims;
  const before = previous.claims.authenticatedAt;
  return authenticatedAt !== undefined && before !== undefined && authenticatedAt > before;
}
