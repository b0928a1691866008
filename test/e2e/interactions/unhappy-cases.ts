import type { ConditionalAccessPolicy } from '@entra-bff/entra-emulator';
import type { BrowserWorld } from '../../support/browser-world.ts';
import { grantSignIn } from '../../support/world.ts';
import { ben, type InteractionCase, mail, profile } from './cases.ts';

/** The person is on a page of Entra's that sends nobody back, or not without an answer: they close the window or go back. */
export interface KeptCase extends InteractionCase {
  /** What that page says, to which the person's answers have led. */
  readonly heading: string;
  readonly text: RegExp;
  /** Whoever can puts it right. */
  readonly relieve: (world: BrowserWorld) => void;
}

/** A case that the person, or Entra, does not let end well. */
export interface RefusedCase extends InteractionCase {
  /** How the popup ends. */
  readonly outcome: string;
  /** What our page says where there is no popup. */
  readonly heading: string;
  /** What a call answers from then on, without asking. */
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
  title: 'declines the permission (CB-5)',
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
    title: 'goes back from the account picker (CB-5)',
    path: profile,
    arrange: ({ entra }) => entra.endSignIns('revoked', ben),
    answers: ['Back'],
    reason: 'refresh_token_revoked',
    ...canceled,
  },
  {
    title: 'cancels the second factor (CB-5)',
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
    path: profile,
    arrange({ entra }) {
      entra.expiredPasswords.add(ben);
    },
    answers: ['Cancel'],
    reason: 'sign_in_required',
    ...canceled,
  },
  {
    title: 'has a disabled account and takes another (50057, CB-9)',
    path: profile,
    arrange(world) {
      grantSignIn(world, 'Alice Adams');
      world.entra.blockedUsers.add(ben);
    },
    answers: ['Use a different account', /Alice Adams/],
    reason: 'sign_in_required',
    ...otherAccount,
  },
  {
    title: 'would need an administrator, and Entra only says that they turned back',
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
    title: 'signs in with another account (CB-9)',
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
    title: 'gives a permission that Entra then withholds (CB-9)',
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

function takeRequests({ entra }: BrowserWorld): void {
  Object.assign(entra.switches, { onlyAdministratorsConsent: true, approvalCanBeRequested: true });
}

export const administratorCase: RefusedCase = {
  title: 'would need an administrator (90094)',
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
  title: 'asks the administrators for approval (90095)',
  arrange: takeRequests,
  answers: ['Request approval', 'Back to the app'],
};

/** Only an administrator can agree. */
export const administratorCases: readonly RefusedCase[] = [
  administratorCase,
  approvalCase,
  { ...approvalCase, title: 'could ask for approval, and does not (90095)', answers: ['Cancel'] },
];

function agreeForBen(world: BrowserWorld): void {
  grantSignIn(world, 'Ben Brown', ['Mail.Read']);
}

export const oneOfEachOutcome: readonly RefusedCase[] = [
  ...new Map([...refusedCases, administratorCase].map((one) => [one.outcome, one])).values(),
];

/** Conditional Access keeps the person out, whatever they do. */
const blockedBy = (policy: ConditionalAccessPolicy, number: number, title: string): KeptCase => ({
  title: `${title} (${number})`,
  path: profile,
  arrange({ entra }) {
    entra.switches.conditionalAccess = policy;
  },
  answers: [],
  reason: 'claims_challenge',
  heading: 'You cannot access this right now',
  text: new RegExp(`AADSTS${number}:`),
  relieve({ entra }) {
    entra.switches.conditionalAccess = 'none';
  },
});

export const keptCases: readonly KeptCase[] = [
  blockedBy('device-not-compliant', 53000, 'the device is not compliant'),
  blockedBy('device-not-joined', 53001, 'the device is not in the domain'),
  blockedBy('blocked', 53003, 'a policy blocks the access'),
  {
    title: 'the account is disabled (50057)',
    path: profile,
    arrange({ entra }) {
      entra.blockedUsers.add(ben);
    },
    answers: [],
    reason: 'sign_in_required',
    heading: 'This account cannot be used',
    text: /AADSTS50057:/,
    relieve({ entra }) {
      entra.blockedUsers.delete(ben);
    },
  },
  {
    title: 'approval is asked for',
    path: mail,
    arrange: takeRequests,
    answers: ['Request approval'],
    reason: 'consent_required',
    heading: 'Request sent',
    text: /The administrators of your organization have your request/,
    relieve: agreeForBen,
  },
  {
    title: 'consent is missing',
    path: mail,
    arrange() {},
    answers: [],
    reason: 'consent_required',
    heading: 'Permissions requested',
    text: /This app would like to/,
    relieve: agreeForBen,
  },
];
