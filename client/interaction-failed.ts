import type { BffProblem } from './problem.ts';

const outcomes = [
  'signed_in',
  'consent_declined',
  'login_canceled',
  'admin_consent_required',
  'login_required',
  'other_account',
  'fewer_permissions',
  'signed_out_meanwhile',
  'sign_in_service_unavailable',
  'registration_invalid',
  'sign_in_refused',
  'took_too_long',
] as const;

/** The result that the last page of a popup reports. */
export type Outcome = (typeof outcomes)[number];

/**
 * Why an interaction failed. Besides what a popup reports:
 * - `canceled`: `client.cancel()` was called.
 * - `timed_out`: ten minutes passed.
 * - `redirecting`: the browser is leaving this page.
 * - `blocked`: the browser blocked the window of a call, or no safe redirect was possible, so offer a button.
 * - `not_repeated`: the user finished, or another tab changed the session, but the write was not sent again.
 * - `user_changed`: another user has signed in, so the page must start again.
 */
export type FailureKind =
  | Exclude<Outcome, 'signed_in'>
  | 'canceled'
  | 'timed_out'
  | 'redirecting'
  | 'blocked'
  | 'not_repeated'
  | 'user_changed';

export type InteractionResult = 'signed_in' | FailureKind;

/** An interaction with the user failed or was not possible, so the call has no response. Act on `kind`. */
export class InteractionFailed extends Error {
  override readonly name = 'InteractionFailed';
  readonly kind: FailureKind;
  /** Why the user was asked. Pass it to `client.interact` when the user clicks. */
  readonly problem: BffProblem | undefined;
  /** The page at Microsoft where an administrator can consent for the organization: a link for the administrator. */
  readonly adminConsentUrl: string | undefined;

  constructor(kind: FailureKind, problem?: BffProblem, adminConsentUrl?: string) {
    super(kind);
    this.kind = kind;
    this.problem = problem;
    this.adminConsentUrl = adminConsentUrl;
  }
}

export function isOutcome(value: unknown): value is Outcome {
  return outcomes.some((outcome) => outcome === value);
}
