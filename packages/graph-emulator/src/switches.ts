import type { ChallengeForm } from './claims-challenge.ts';

/** The formats of `Retry-After`. All of them occur in practice. */
export const retryAfterForms = {
  seconds: 'whole seconds',
  decimal: 'seconds with decimals',
  date: 'a date',
  missing: 'missing',
} as const;

export type RetryAfterForm = keyof typeof retryAfterForms;

/** Where a response breaks off. The call has taken effect by then. */
export const breakingPoints = {
  never: 'nowhere',
  'before-head': 'before it starts',
  'after-head': 'after the header',
  'in-body': 'in the middle of the body',
} as const;

export type BreakingPoint = keyof typeof breakingPoints;

/** How the emulated Graph fails. Changes take effect at once. Tests set the fields; the page at /switches sets them too. */
export interface GraphSwitches {
  /** This many of the next calls get 429; `Infinity` means all of them. */
  throttledCalls: number;
  /** The `Retry-After` of those responses. */
  retryAfterSeconds: number;
  /** The format of that header. */
  retryAfterForm: RetryAfterForm;
  /** Every call gets 503. */
  unavailable: boolean;
  /** Delay of every response. */
  slowMs: number;
  /** Pause in the middle of every response body. */
  bodyPauseMs: number;
  /** Where every response and its connection break off. */
  breaksOff: BreakingPoint;
  /** No user holds a directory role, so calls that need one get 403. */
  directoryRolesMissing: boolean;
  /** Every call gets a claims challenge, whichever token it has. */
  alwaysChallenges: boolean;
  /** Tokens must contain the authentication context `c1` in `acrs`. */
  authenticationContextDemanded: boolean;
  /** The form of the claims challenge header. */
  challengeForm: ChallengeForm;
}

/** The switches of a Graph without any failure. */
export function defaultGraphSwitches(): GraphSwitches {
  return {
    throttledCalls: 0,
    retryAfterSeconds: 10,
    retryAfterForm: 'seconds',
    unavailable: false,
    slowMs: 0,
    bodyPauseMs: 0,
    breaksOff: 'never',
    directoryRolesMissing: false,
    alwaysChallenges: false,
    authenticationContextDemanded: false,
    challengeForm: 'plain',
  };
}
