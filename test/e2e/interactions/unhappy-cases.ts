import type { ConditionalAccessPolicy } from '@entra-bff/entra-emulator';
import type { BrowserWorld } from '../../support/browser-world.ts';
import { grantSignIn } from '../../support/world.ts';
import { ben, type InteractionCase, mail, profile } from './cases.ts';

/** Entra ID shows a page that does not lead back to the app, so the user closes the popup or goes back. */
export interface DeadEndCase extends InteractionCase {
  readonly heading: string;
  readonly text: RegExp;
  /** Removes the obstacle. */
  readonly relieve: (world: BrowserWorld) => void;
}

/** The user or Entra ID refuses what the app asked for. */
export interface RefusedCase extends InteractionCase {
  /** How the popup ends. */
  readonly outcome: string;
  /** Heading of the page that this service shows after a redirect. */
  readonly heading: string;
  /** How later calls end, without asking again. */
  readonly afterwards: string;
}

type End = Pick<RefusedCase, 'outcome' | 'heading' | 'afterwards'>;

const canceled: End = {
  outcome: 'login_canceled',
  heading: 'Sign-in canceled',
  afterwards: 'BffProblem interaction_required',
};
const otherAccount: End = {
  outcome: 'other_account',
  heading: 'Different account',
  afterwards: 'BffProblem interaction_required',
};
const administratorNeeded: End = {
  outcome: 'admin_consent_required',
  heading: 'Administrator approval required',
  afterwards: 'BffProblem admin_consent_required',
};

export const declinedCase: RefusedCase = {
  title: 'declines the permission',
  tags: ['CB-5'],
  displays: ['popup'],
  path: mail,
  arrange() {},
  answers: ['Cancel'],
  reason: 'consent_required',
  outcome: 'consent_declined',
  heading: 'Permission declined',
  afterwards: 'BffProblem consent_declined',
};

export const refusedCases: readonly RefusedCase[] = [
  declinedCase,
  {
    title: 'goes back from the account picker',
    tags: ['CB-5'],
    displays: [],
    path: profile,
    arrange: ({ entra }) => entra.endSignIns('revoked', ben),
    answers: ['Back'],
    reason: 'refresh_token_revoked',
    ...canceled,
  },
  {
    title: 'cancels the second factor',
    tags: ['CB-5'],
    displays: [],
    path: profile,
    arrange({ entra }) {
      entra.switches.secondFactorDemanded = true;
    },
    answers: ['Cancel'],
    reason: 'two_factor_required',
    ...canceled,
  },
  {
    title: 'does not update an expired password (50055)',
    displays: [],
    path: profile,
    arrange({ entra }) {
      entra.expiredPasswords.add(ben);
    },
    answers: ['Cancel'],
    reason: 'password_expired',
    ...canceled,
  },
  {
    title: 'needs an administrator and Entra ID only reports that the user went back',
    displays: [],
    path: mail,
    arrange({ entra }) {
      Object.assign(entra.switches, {
        onlyAdministratorsConsent: true,
        administratorNeededAnswer: 'cancel',
      });
    },
    answers: ['Return to the app without consent'],
    reason: 'consent_required',
    ...canceled,
  },
  {
    title: 'signs in with another account',
    tags: ['CB-9'],
    displays: [],
    path: profile,
    arrange(world) {
      grantSignIn(world, 'Alice Adams');
      world.entra.endSignIns('revoked', ben);
    },
    answers: [/Alice Adams/],
    reason: 'refresh_token_revoked',
    ...otherAccount,
  },
  {
    title: 'grants a permission that Entra ID then withholds',
    tags: ['CB-9'],
    displays: [],
    path: mail,
    arrange({ entra }) {
      entra.switches.withheldPermissions = 'Mail.Read';
    },
    answers: ['Accept'],
    reason: 'consent_required',
    outcome: 'fewer_permissions',
    heading: 'Some permissions are missing',
    afterwards: 'BffProblem interaction_required',
  },
];

/** A new sign-in alone does not help, so the app asks only at a click. */
export const otherAccountCase: RefusedCase = {
  title: 'has a disabled account and takes another (50057)',
  tags: ['CB-9'],
  displays: [],
  path: profile,
  arrange(world) {
    grantSignIn(world, 'Alice Adams');
    world.entra.blockedUsers.add(ben);
  },
  answers: ['Use a different account', /Alice Adams/],
  reason: 'account_disabled',
  ...otherAccount,
};

function acceptApprovalRequests({ entra }: BrowserWorld): void {
  Object.assign(entra.switches, { onlyAdministratorsConsent: true, approvalCanBeRequested: true });
}

export const administratorCase: RefusedCase = {
  title: 'needs an administrator (90094)',
  displays: ['popup'],
  path: mail,
  arrange({ entra }) {
    entra.switches.onlyAdministratorsConsent = true;
  },
  answers: ['Return to the app without consent'],
  reason: 'consent_required',
  ...administratorNeeded,
};

export const approvalCase: RefusedCase = {
  ...administratorCase,
  title: 'requests approval from the administrators (90095)',
  displays: [],
  arrange: acceptApprovalRequests,
  answers: ['Request approval', 'Back to the app'],
};

/** Only an administrator can consent. */
export const administratorCases: readonly RefusedCase[] = [
  administratorCase,
  approvalCase,
  {
    ...approvalCase,
    title: 'could request approval and cancels (90095)',
    displays: [],
    answers: ['Cancel'],
  },
];

function consentForBen(world: BrowserWorld): void {
  grantSignIn(world, 'Ben Brown', ['Mail.Read']);
}

export const oneOfEachOutcome: readonly RefusedCase[] = [
  ...new Map([...refusedCases, administratorCase].map((one) => [one.outcome, one])).values(),
];

/** Conditional Access blocks the user. */
const blockedBy = (
  policy: ConditionalAccessPolicy,
  number: number,
  reason: string,
  title: string,
): DeadEndCase => ({
  title: `${title} (${number})`,
  displays: [],
  path: profile,
  arrange({ entra }) {
    entra.switches.conditionalAccess = policy;
  },
  answers: [],
  reason,
  heading: 'You cannot access this right now',
  text: new RegExp(`AADSTS${number}:`),
  relieve({ entra }) {
    entra.switches.conditionalAccess = 'none';
  },
});

/** An administrator has to act first, so the app asks only at a click. */
export const helplessCases: readonly DeadEndCase[] = [
  blockedBy('device-not-compliant', 53000, 'device_not_compliant', 'the device is not compliant'),
  blockedBy('device-not-joined', 53001, 'device_not_compliant', 'the device is not joined to the domain'),
  blockedBy('blocked', 53003, 'blocked_by_policy', 'a policy blocks the access'),
  {
    title: 'the account is disabled (50057)',
    displays: [],
    path: profile,
    arrange({ entra }) {
      entra.blockedUsers.add(ben);
    },
    answers: [],
    reason: 'account_disabled',
    heading: 'This account cannot be used',
    text: /AADSTS50057:/,
    relieve({ entra }) {
      entra.blockedUsers.delete(ben);
    },
  },
];

export const deadEndCases: readonly DeadEndCase[] = [
  {
    title: 'the user has requested approval',
    displays: [],
    path: mail,
    arrange: acceptApprovalRequests,
    answers: ['Request approval'],
    reason: 'consent_required',
    heading: 'Request sent',
    text: /The administrators of your organization have your request/,
    relieve: consentForBen,
  },
  {
    title: 'the user does not answer',
    displays: [],
    path: mail,
    arrange() {},
    answers: [],
    reason: 'consent_required',
    heading: 'Permissions requested',
    text: /This app would like to/,
    relieve: consentForBen,
  },
];
