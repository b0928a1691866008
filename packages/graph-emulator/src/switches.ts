import type { ChallengeForm } from './claims-challenge.ts';

/** How the header that says when to come back is written: all of them have been seen in the wild. */
export const retryAfterForms = {
  seconds: 'whole seconds',
  decimal: 'seconds with decimals',
  date: 'a date',
  missing: 'not at all',
} as const;

export type RetryAfterForm = keyof typeof retryAfterForms;

/** Where an answer breaks off. The call itself has been carried out by then. */
export const breakingPoints = {
  never: 'nowhere',
  'before-head': 'before it begins',
  'after-head': 'after its head',
  'in-body': 'in the middle of its body',
} as const;

export type BreakingPoint = keyof typeof breakingPoints;

/** How the emulated Graph misbehaves; changes count at once. Tests set the fields, people use the page at /switches. */
export interface GraphSwitches {
  /** This many of the next calls answer 429; `Infinity` means all of them. */
  throttledCalls: number;
  /** The `Retry-After` of those answers. */
  retryAfterSeconds: number;
  /** How that header is written. */
  retryAfterForm: RetryAfterForm;
  /** Every call answers 503. */
  unavailable: boolean;
  /** Every answer waits this long first. */
  slowMs: number;
  /** Every answer pauses this long in the middle of its body. */
  bodyPauseMs: number;
  /** Where every answer breaks off, its connection with it. */
  breaksOff: BreakingPoint;
  /** Nobody holds a directory role: what needs one is 403, whatever the app may. */
  directoryRolesMissing: boolean;
  /** Every call answers with a claims challenge, whatever the token is. */
  alwaysChallenges: boolean;
  /** A token has to name the authentication context `c1` in `acrs`. */
  authenticationContextDemanded: boolean;
  /** How the header of a claims challenge is written. */
  challengeForm: ChallengeForm;
}

/** Every call is answered as Graph does when nothing is wrong. */
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
