import { makeGoodDay } from '../../../dev/cases.ts';
import type { BrowserWorld } from '../../support/browser-world.ts';
import { removeRows } from '../../support/table-rows.ts';
import { grantSignIn, userId } from '../../support/world.ts';

/** One thing that only the person can give, and what they do for it. */
export interface InteractionCase {
  readonly title: string;
  readonly path: string;
  /** What is wrong from now on. Access tokens are too old already: the next call asks Entra. */
  readonly arrange: (world: BrowserWorld) => unknown;
  /** The buttons that the person presses at Entra, page by page. */
  readonly answers: readonly (string | RegExp)[];
  /** While Entra's first page waits. */
  readonly meanwhile?: (world: BrowserWorld) => void;
  /** Why the client says that it asked. */
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

/** A good day, on which Ben has agreed to be signed in, and his first access token is too old as soon as he has it. */
export function startOver(world: BrowserWorld): void {
  const { entra } = world;
  makeGoodDay(world);
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

/** What most tests of a window or a way back are about. */
export const consentCase: InteractionCase = {
  title: 'consent is missing',
  path: mail,
  arrange() {},
  answers: ['Accept'],
  reason: 'consent_required',
};

export const rowGoneCase: InteractionCase = {
  title: 'the row of the session is gone, the cookie is not',
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
  path: profile,
  arrange: ({ entra }) => entra.endSignIns('expired', ben),
  answers: [],
  reason: 'refresh_token_expired',
};

export const passwordChangedCase: InteractionCase = {
  title: 'the password is new',
  path: profile,
  arrange: ({ entra }) => entra.endSignIns('revoked', ben),
  answers: [picksBen],
  reason: 'refresh_token_revoked',
};

export const givenCases: readonly InteractionCase[] = [
  {
    title: 'the session was not used for too long (SC-3)',
    path: profile,
    arrange: (world) => advance(world, 3601),
    answers: [],
    reason: 'session_idle',
  },
  {
    title: 'the session has reached its limit, and Entra has forgotten the person too (SC-3)',
    path: profile,
    arrange(world) {
      advance(world, 12 * 3600 + 1);
      world.entra.signEverybodyOut();
    },
    answers: [picksBen],
    reason: 'session_expired',
  },
  rowGoneCase,
  refreshTokenExpiredCase,
  {
    title: 'the sign-in is too old for a policy',
    path: profile,
    arrange: ({ entra }) => entra.endSignIns('sign-in-too-old', ben),
    answers: [picksBen],
    reason: 'refresh_token_expired',
  },
  passwordChangedCase,
  {
    title: 'an administrator has revoked the sign-ins',
    path: profile,
    arrange: ({ entra }) => entra.endSignIns('session-revoked', ben),
    answers: [picksBen],
    reason: 'refresh_token_revoked',
  },
  consentCase,
  {
    title: 'a second factor is demanded',
    path: profile,
    arrange({ entra }) {
      entra.switches.secondFactorDemanded = true;
    },
    answers: ['Approve'],
    reason: 'two_factor_required',
  },
  {
    title: 'the password has expired (50055)',
    path: profile,
    arrange({ entra }) {
      entra.expiredPasswords.add(ben);
    },
    answers: ['Update the password'],
    reason: 'sign_in_required',
  },
  {
    title: 'Conditional Access demands the page of another provider (50158)',
    path: profile,
    arrange({ entra }) {
      entra.switches.conditionalAccess = 'external-challenge';
    },
    answers: ['Accept'],
    reason: 'claims_challenge',
  },
  {
    title: 'Graph demands a stronger proof, which Entra has to ask for (PX-15)',
    path: profile,
    arrange({ graph }) {
      graph.switches.authenticationContextDemanded = true;
    },
    answers: ['Approve'],
    reason: 'two_factor_required',
  },
  {
    title: 'Graph has revoked the tokens, and Entra wants to see the person first (PX-15)',
    path: profile,
    arrange({ graph, entra }) {
      graph.switches.alwaysChallenges = true;
      entra.signEverybodyOut();
    },
    answers: [picksBen],
    meanwhile({ graph }) {
      graph.switches.alwaysChallenges = false;
    },
    reason: 'continuous_access_evaluation',
  },
];

export const neverEnoughCase: InteractionCase = {
  title: 'no token is good enough for Graph (PX-15)',
  path: profile,
  arrange({ graph }) {
    graph.switches.alwaysChallenges = true;
  },
  answers: [],
  reason: 'continuous_access_evaluation',
};
