import { isSamePrincipal } from '../identity/principal.ts';
import { CLOCK_SKEW_SECONDS } from '../identity/verify-id-token.ts';
import { isMissingScopes } from '../interaction/consent-backoff.ts';
import type { Session } from '../session/session.ts';
import type { CodeRedemption } from '../tokens/code-flow.ts';
import type { LoginRequest, LoginTransaction } from './login-transaction.ts';
import { readRedemptionError, type SignInFailure } from './sign-in-result.ts';

export type RedeemedCode = Extract<CodeRedemption, { kind: 'redeemed' }>;

/** The outcome of a callback. */
export type CallbackDecision =
  | { readonly kind: 'create-session'; readonly redeemed: RedeemedCode }
  /** Entra ID refused only the code. Most likely the callback was sent twice. */
  | { readonly kind: 'code-unusable' }
  | FailDecision;

export interface FailDecision {
  readonly kind: 'fail';
  readonly failure: SignInFailure;
  /** The tokens that were refused. They identify the user in the audit record. */
  readonly refused?: RedeemedCode;
  /** True if loading the same address again can still succeed. */
  readonly mayRetry?: boolean;
}

/** Decides about the result of redeeming the code. It has no effects. */
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
      const { meaning } = redemption;
      if (meaning.kind !== 'interaction-required') return failUnavailable(meaning.kind);
      const failure = readRedemptionError(meaning.reason);
      return failure === undefined ? { kind: 'code-unusable' } : fail(failure);
    }
  }
}

/** @param reason for the log */
export function failUnavailable(reason: string): FailDecision {
  return { kind: 'fail', failure: { outcome: 'sign_in_service_unavailable', reason }, mayRetry: true };
}

function fail(failure: SignInFailure, refused?: RedeemedCode): FailDecision {
  return { kind: 'fail', failure, ...(refused === undefined ? {} : { refused }) };
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
 * A sign-in that was requested for one account, or without a prompt, must not end in the session of another
 * account. A link on another site must not replace a session, because the link could choose the account. A user
 * who starts a new sign-in on this site may choose any account.
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
 * True if `prompt=login` requested a new authentication, and the user authenticated before that. Otherwise any user of the
 * browser could pass. @see OpenID Connect Core 1.0, 3.1.2.1
 */
function isStale({ prompt, startedAt }: LoginTransaction, { claims }: RedeemedCode): boolean {
  if (prompt !== 'login' || claims.authenticatedAt === undefined) return false;
  return claims.authenticatedAt.getTime() < startedAt.getTime() - CLOCK_SKEW_SECONDS * 1000;
}

/** True if an authentication context was requested, and the ID token does not state it. */
function isTooWeak({ authContext }: LoginTransaction, { claims }: RedeemedCode): boolean {
  return authContext !== undefined && !claims.authContexts.includes(authContext);
}

/**
 * True if the browser already has what this sign-in was started for, through an earlier use of the same code or through
 * a sign-in in another tab.
 */
export function sessionSatisfies(
  session: Session | undefined,
  { scopes, feature, prompt, hasUnstoredParameters }: LoginRequest,
  startedAt: Date,
): boolean {
  if (session === undefined || isMissingScopes(session, scopes)) return false;
  // These sign-ins were started although the permissions may have been granted long before: a call was refused, or the
  // user wants to authenticate or to change the account.
  const needsNewSignIn =
    feature !== undefined ||
    prompt === 'login' ||
    prompt === 'select_account' ||
    hasUnstoredParameters === true;
  return !needsNewSignIn || session.facts.signedInAt.getTime() >= startedAt.getTime();
}

/** The feature whose permissions the user was asked for. A step-up asks for none. */
export function requestedFeature({ feature, scopes }: LoginRequest): string | undefined {
  return scopes.length > 0 ? feature : undefined;
}
