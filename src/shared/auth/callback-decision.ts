import { isSamePrincipal } from '../identity/principal.ts';
import { CLOCK_SKEW_SECONDS } from '../identity/verify-id-token.ts';
import { isMissingScopes } from '../interaction/consent-backoff.ts';
import type { Session } from '../session/session.ts';
import type { CodeRedemption } from '../tokens/code-flow.ts';
import type { LoginRequest, LoginTransaction } from './login-transaction.ts';
import { readRedemptionError, type SignInFailure } from './sign-in-result.ts';

export type RedeemedCode = Extract<CodeRedemption, { kind: 'redeemed' }>;

/** What to do about a callback. */
export type CallbackDecision =
  | { readonly kind: 'create-session'; readonly redeemed: RedeemedCode }
  /** Entra ID rejected the code, but a new sign-in may succeed. Most likely the callback was sent twice. */
  | { readonly kind: 'code-unusable' }
  | FailDecision;

export interface FailDecision {
  readonly kind: 'fail';
  readonly failure: SignInFailure;
  /** The redemption that this service rejected. It names the user in the audit record. */
  readonly rejected?: RedeemedCode;
  /** True if reloading the callback URL may still succeed. */
  readonly mayRetry?: boolean;
}

/** Decides what follows from redeeming the code. Has no side effects. */
export function decideCallback(
  transaction: LoginTransaction,
  session: Session | undefined,
  redemption: CodeRedemption,
): CallbackDecision {
  switch (redemption.kind) {
    case 'redeemed':
      return decideSignIn(transaction, session, redemption);
    case 'untrusted':
      return fail({ outcome: 'sign_in_refused', reason: redemption.reason });
    case 'fewer-permissions':
      return fail({ outcome: 'fewer_permissions', reason: redemption.kind });
    case 'refused': {
      const failure = readRedemptionError(redemption.meaning, redemption.scopes);
      if (failure === undefined) return { kind: 'code-unusable' };
      // If the user need not act, a reload may succeed. If only a further API refused, the code is used up, and the
      // reload restarts the sign-in. Otherwise the reload redeems the code.
      return redemption.meaning.kind === 'interaction-required'
        ? fail(failure)
        : { kind: 'fail', failure, mayRetry: true };
    }
  }
}

/** @param reason for the log */
export function failUnavailable(reason: string): FailDecision {
  return { kind: 'fail', failure: { outcome: 'sign_in_service_unavailable', reason }, mayRetry: true };
}

function fail(failure: SignInFailure, rejected?: RedeemedCode): FailDecision {
  return { kind: 'fail', failure, ...(rejected === undefined ? {} : { rejected }) };
}

function decideSignIn(
  transaction: LoginTransaction,
  session: Session | undefined,
  redeemed: RedeemedCode,
): CallbackDecision {
  if (session !== undefined && isForbiddenAccountSwitch(transaction, session, redeemed)) {
    return fail({ outcome: 'other_account', reason: 'other_account' });
  }
  if (isStale(transaction, redeemed)) {
    return fail({ outcome: 'sign_in_refused', reason: 'authentication_stale' }, redeemed);
  }
  if (isTooWeak(transaction, redeemed)) {
    return fail({ outcome: 'sign_in_refused', reason: 'authentication_context_missing' }, redeemed);
  }
  return { kind: 'create-session', redeemed };
}

/**
 * Unless the user freely chose the account, a sign-in must not switch to another one. The choice was not free if the
 * sign-in was for the session's user (a feature or a ticket), was silent (`prompt=none`), or may have been started by
 * another site's link.
 */
function isForbiddenAccountSwitch(
  { feature, prompt, fromTicket, startedElsewhere }: LoginTransaction,
  session: Session,
  { claims }: RedeemedCode,
): boolean {
  if (feature === undefined && !fromTicket && prompt !== 'none' && !startedElsewhere) return false;
  return !isSamePrincipal(session.facts.claims.principal, claims.principal);
}

/**
 * True if `prompt=login` demanded a new authentication, but the user's last one predates this sign-in. Without this check,
 * the browser's existing session at Entra ID would be enough. False if the ID token has no `auth_time`.
 * @see OpenID Connect Core 1.0, section 3.1.2.1
 */
function isStale({ prompt, startedAt }: LoginTransaction, { claims }: RedeemedCode): boolean {
  if (prompt !== 'login' || claims.authenticatedAt === undefined) return false;
  return claims.authenticatedAt.getTime() < startedAt.getTime() - CLOCK_SKEW_SECONDS * 1000;
}

/** True if an authentication context was requested, but the ID token does not contain it. */
function isTooWeak({ authContext }: LoginTransaction, { claims }: RedeemedCode): boolean {
  return authContext !== undefined && !claims.authContexts.includes(authContext);
}

/**
 * True if the browser's session already provides what this sign-in was started for. The session may come from an earlier
 * callback with the same code, or from a sign-in in another tab.
 */
export function sessionSatisfies(
  session: Session | undefined,
  { scopes, feature, prompt, hasUnstoredParameters }: LoginRequest,
  startedAt: Date,
): boolean {
  if (session === undefined || isMissingScopes(session, scopes)) return false;
  // A sign-in for a feature may follow a refused call. `login` and `select_account` demand a new authentication or a
  // choice of the account. Claims and hints that were not stored cannot be compared. The permissions alone therefore do
  // not satisfy such a sign-in, but only a session that was created after it began.
  const needsNewSignIn =
    feature !== undefined ||
    prompt === 'login' ||
    prompt === 'select_account' ||
    hasUnstoredParameters === true;
  return !needsNewSignIn || session.facts.signedInAt.getTime() >= startedAt.getTime();
}

/** The feature whose permissions the sign-in requested. Undefined for a step-up, which requests none. */
export function requestedFeature({ feature, scopes }: LoginRequest): string | undefined {
  return scopes.length > 0 ? feature : undefined;
}
