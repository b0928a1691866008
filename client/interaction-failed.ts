import type { BffProblem } from './problem.ts';

const outcomes = [
  'signed_in',
  'consent_declined',
  'login_cancelled',
  'admin_consent_required',
  'login_required',
  'other_account',
  'fewer_permissions',
  'signed_out_meanwhile',
  'sign_in_service_unavailable',
  'sign_in_refused',
  'took_too_long',
] as const;

/** How the last page of a popup says that it ended. */
export type Outcome = (typeof outcomes)[number];

/**
 * Why an interaction failed, as the popup reports it or as this page knows it:
 * - `cancelled`: `client.cancel()` was called.
 * - `timed_out`: ten minutes passed.
 * - `redirecting`: this page is being left.
 * - `blocked`: neither a window nor a safe redirect was possible, so offer a button.
 * - `not_repeated`: the user finished, or another tab signed in again, but the write was not sent again.
 * - `user_changed`: another user has signed in, so the page must start anew.
 */
export type FailureKind =
  | Exclude<Outcome, 'signed_in'>
  | 'cancelled'
  | 'timed_out'
  | 'redirecting'
  | 'blocked'
  | 'not_repeated'
  | 'user_changed';

export type Ending = 'signed_in' | FailureKind;

/** The person was asked, or could not be, and the call has no answer: act on `kind`. */
export class InteractionFailed extends Error {
  override readonly name = 'InteractionFailed';
  readonly kind: FailureKind;
  /** Why the person was asked; `client.interact` takes it for a deliberate click. */
  readonly problem: BffProblem | undefined;
  /** The page at Microsoft where an administrator can agree for everybody: a link to hand on. */
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
