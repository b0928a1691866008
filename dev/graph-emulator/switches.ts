import type { ChallengeForm } from './claims-challenge.ts';

/** How the emulated Graph misbehaves; changes count at once. Tests set the fields, people use the page at /switches. */
export interface GraphSwitches {
  /** This many of the next calls answer 429; `Infinity` means all of them. */
  throttledCalls: number;
  /** The `Retry-After` of those answers. */
  retryAfterSeconds: number;
  /** Every call answers 503. */
  unavailable: boolean;
  /** Every answer waits this long first. */
  slowMs: number;
  /** Every call answers with a claims challenge, whatever the token is. */
  alwaysChallenges: boolean;
  /** A token has to name the authentication context `c1` in `acrs`. */
  authenticationContextDemanded: boolean;
  /** How the header of a claims challenge is written. */
  challengeForm: ChallengeForm;
}

/** Graph on a good day. */
export const goodDay: Readonly<GraphSwitches> = {
  throttledCalls: 0,
  retryAfterSeconds: 10,
  unavailable: false,
  slowMs: 0,
  alwaysChallenges: false,
  authenticationContextDemanded: false,
  challengeForm: 'plain',
};
