import { resetSwitches } from '../../../dev/cases.ts';
import type { BrowserWorld } from '../../support/browser-world.ts';
import { removeRows } from '../../support/table-rows.ts';
import { grantSignIn, userId } from '../../support/world.ts';

/** How the app asks the user. */
export type Display = 'popup' | 'redirect';

/** Something that only the user can give, and what the user does for it. */
export interface InteractionCase {
  readonly title: string;
  /** Numbers of the requirements that the case is about. */
  readonly tags?: readonly string[];
  /** Displays that `npm test` runs the case in. `npm run test:all` runs it in both. */
  readonly displays: readonly Display[];
  readonly path: string;
  /** Makes the next call need the user. The access token has expired already, so the call asks Entra ID. */
  readonly arrange: (world: BrowserWorld) => unknown;
  /** The buttons that the user presses at Entra ID, page by page. */
  readonly answers: readonly (string | RegExp)[];
  /** Runs while the first page of Entra ID waits for an answer. */
  readonly meanwhile?: (world: BrowserWorld) => void;
  /** The reason that the client reports. */
  readonly reason: string;
}

export const profile = '/me?$select=displayName';
export const mail = '/me/messages?$top=1';
export const ben = userId('ben');
const picksBen = /Ben Brown/;

let aheadSeconds = 0;

function advance({ advance }: BrowserWorld, seconds: number): void {
  advance(seconds);
  aheadSeconds += seconds;
}

/** Resets everything. Ben has consented to signing in, and his first access token expires at once. */
export function startOver(world: BrowserWorld): void {
  const { entra } = world;
  resetSwitches(world);
  world.advance(-aheadSeconds);
  aheadSeconds = 0;
  entra.consents.revoke(ben);
  entra.consents.withdraw(['Mail.Read']);
  grantSignIn(world, 'Ben Brown');
  entra.switches.accessTokenLifetimeSeconds = 20;
}

export async function arrange(world: BrowserWorld, { arrange }: InteractionCase): Promise<void> {
  world.entra.switches.accessTokenLifetimeSeconds = 3600;
  await arrange(world);
}

/** The case that most other tests of popups and redirects use. */
export const consentCase: InteractionCase = {
  title: 'consent is missing',
  displays: ['popup', 'redirect'],
  path: mail,
  arrange() {},
  answers: ['Accept'],
  reason: 'consent_required',
};

export const rowGoneCase: InteractionCase = {
  title: 'the row of the session is gone and the cookie is not',
  displays: [],
  path: profile,
  async arrange(world) {
    await removeRows(world);
    world.pass(60);
  },
  answers: [],
  reason: 'session_ended',
};

export const refreshTokenExpiredCase: InteractionCase = {
  title: 'the refresh token has expired',
  displays: [],
  path: profile,
  arrange: ({ entra }) => entra.endSignIns('expired', ben),
  answers: [],
  reason: 'refresh_token_expired',
};

export const passwordChangedCase: InteractionCase = {
  title: 'the password was changed',
  displays: [],
  path: profile,
  arrange: ({ entra }) => entra.endSignIns('revoked', ben),
  answers: [picksBen],
  reason: 'refresh_token_revoked',
};

export const givenCases: readonly InteractionCase[] = [
  {
    title: 'the session was idle for too long',
    tags: ['SC-3'],
    displays: [],
    path: profile,
    arrange: (world) => advance(world, 3601),
    answers: [],
    reason: 'session_idle',
  },
  {
    title: 'the session has reached its absolute lifetime and Entra ID has signed the user out',
    tags: ['SC-3'],
    displays: [],
    path: profile,
    arrange(world) {
      advance(world, 12 * 3600 + 1);
      world.entra.signAllUsersOut();
    },
    answers: [picksBen],
    reason: 'session_expired',
  },
  rowGoneCase,
  refreshTokenExpiredCase,
  {
    title: 'the sign-in is too old for a policy',
    displays: [],
    path: profile,
    arrange: ({ entra }) => entra.endSignIns('sign-in-too-old', ben),
    answers: [picksBen],
    reason: 'refresh_token_expired',
  },
  passwordChangedCase,
  {
    title: "an administrator has revoked the user's sessions",
    displays: [],
    path: profile,
    arrange: ({ entra }) => entra.endSignIns('session-revoked', ben),
    answers: [picksBen],
    reason: 'refresh_token_revoked',
  },
  consentCase,
  {
    title: 'a second factor is demanded',
    displays: [],
    path: profile,
    arrange({ entra }) {
      entra.switches.secondFactorDemanded = true;
    },
    answers: ['Approve'],
    reason: 'two_factor_required',
  },
  {
    title: 'the password has expired (50055)',
    displays: [],
    path: profile,
    arrange({ entra }) {
      entra.expiredPasswords.add(ben);
    },
    answers: ['Update the password'],
    reason: 'password_expired',
  },
  {
    title: 'Conditional Access demands the page of another provider (50158)',
    displays: [],
    path: profile,
    arrange({ entra }) {
      entra.switches.conditionalAccess = 'external-challenge';
    },
    answers: ['Accept'],
    reason: 'claims_challenge',
  },
  {
    title: 'Graph requires a stronger sign-in',
    tags: ['PX-15'],
    displays: [],
    path: profile,
    arrange({ graph }) {
      graph.switches.authenticationContextDemanded = true;
    },
    answers: ['Approve'],
    reason: 'two_factor_required',
  },
  {
    title: 'Graph has revoked the tokens and Entra ID requires a new sign-in',
    tags: ['PX-15'],
    displays: [],
    path: profile,
    arrange({ graph, entra }) {
      graph.switches.alwaysChallenges = true;
      entra.signAllUsersOut();
    },
    answers: [picksBen],
    meanwhile({ graph }) {
      graph.switches.alwaysChallenges = false;
    },
    reason: 'continuous_access_evaluation',
  },
];

export const neverEnoughCase: InteractionCase = {
  title: 'Graph accepts no token',
  tags: ['PX-15'],
  displays: [],
  path: profile,
  arrange({ graph }) {
    graph.switches.alwaysChallenges = true;
  },
  answers: [],
  reason: 'continuous_access_evaluation',
};
