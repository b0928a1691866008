import type { EntraEmulator } from '@entra-bff/entra-emulator';
import { defaultEntraSwitches } from '@entra-bff/entra-emulator';
import type { GraphEmulator } from '@entra-bff/graph-emulator';
import { defaultGraphSwitches } from '@entra-bff/graph-emulator';

export interface Emulators {
  readonly entra: EntraEmulator;
  readonly graph: GraphEmulator;
}

/** What can stand between an app and its answer, set up on command. */
export interface Case {
  readonly id: string;
  readonly group: string;
  readonly title: string;
  /** What the person sees after the call, for the list on the demo page. */
  readonly sees: string;
  /** The Graph call that meets it. */
  readonly path: string;
  readonly setUp: (emulators: Emulators) => void;
}

const profile = '/me?$select=displayName';
const mail = '/me/messages?$select=subject&$top=1';
const everybody = ({ entra }: Emulators): string[] => entra.directory.users.map(({ id }) => id);

/** Nobody has consented to it, and the tokens that have it are gone. */
function withoutMail({ entra, graph }: Emulators): void {
  entra.consents.withdraw(['Mail.Read']);
  graph.revokeTokens();
}

export const cases: readonly Case[] = [
  {
    id: 'consent-missing',
    group: 'Permission',
    title: 'Consent is missing',
    sees: 'Microsoft asks whether the app may read mail. After a yes the call goes on; after a no the app goes on without, and asks again only on a click.',
    path: mail,
    setUp: withoutMail,
  },
  {
    id: 'administrator-needed',
    group: 'Permission',
    title: 'Only an administrator can consent',
    sees: 'Microsoft says that an administrator has to approve. Back in the app there is the link that an administrator needs. Alice is one.',
    path: mail,
    setUp(emulators) {
      emulators.entra.switches.onlyAdministratorsConsent = true;
      withoutMail(emulators);
    },
  },
  {
    id: 'approval-workflow',
    group: 'Permission',
    title: 'Approval can be requested',
    sees: 'Microsoft takes a request to the administrators. They answer it on the switches page of Entra; until then the app says that it waits for them.',
    path: mail,
    setUp(emulators) {
      Object.assign(emulators.entra.switches, {
        onlyAdministratorsConsent: true,
        approvalCanBeRequested: true,
      });
      withoutMail(emulators);
    },
  },
  {
    id: 'fewer-permissions',
    group: 'Permission',
    title: 'Fewer permissions than asked',
    sees: 'The consent page is answered with a yes and the permission is not in the token: the app says so instead of asking for ever.',
    path: mail,
    setUp(emulators) {
      emulators.entra.switches.withheldPermissions = 'Mail.Read';
      withoutMail(emulators);
    },
  },
  {
    id: 'second-factor',
    group: 'Proof',
    title: 'A second factor is demanded',
    sees: 'Microsoft asks for a second factor. After it the call goes on.',
    path: profile,
    setUp({ entra, graph }) {
      entra.switches.secondFactorDemanded = true;
      graph.revokeTokens();
    },
  },
  {
    id: 'authentication-context',
    group: 'Proof',
    title: 'This data asks for a stronger proof',
    sees: 'Graph itself sends a claims challenge for an authentication context. Microsoft asks for a second factor, and the call goes on.',
    path: profile,
    setUp({ graph }) {
      graph.switches.authenticationContextDemanded = true;
    },
  },
  {
    id: 'external-page',
    group: 'Proof',
    title: 'A page of another provider comes first',
    sees: 'Microsoft shows one more page, such as terms of use. After “Accept” the call goes on.',
    path: profile,
    setUp({ entra, graph }) {
      entra.switches.conditionalAccess = 'external-challenge';
      graph.revokeTokens();
    },
  },
  {
    id: 'blocked-by-policy',
    group: 'Proof',
    title: 'A policy blocks this device',
    sees: 'Microsoft says that access is not possible right now, and sends nobody back: the person closes the window or goes back, and the app is still there.',
    path: profile,
    setUp({ entra, graph }) {
      entra.switches.conditionalAccess = 'device-not-compliant';
      graph.revokeTokens();
    },
  },
  {
    id: 'access-evaluated-silently',
    group: 'Access evaluated again',
    title: 'Graph wants a newer token',
    sees: 'Nothing. The service gets a new token and repeats the call.',
    path: profile,
    setUp({ graph }) {
      graph.revokeTokens();
    },
  },
  {
    id: 'access-never-enough',
    group: 'Access evaluated again',
    title: 'No token is good enough',
    sees: 'Microsoft is asked at most twice, then the app says that it did not help. No endless rounds.',
    path: profile,
    setUp({ graph }) {
      graph.switches.alwaysChallenges = true;
    },
  },
  {
    id: 'refresh-token-expired',
    group: 'What the person gave has ended',
    title: 'The refresh token has expired',
    sees: 'Microsoft knows the person still: a short round trip without a question, and the call goes on.',
    path: profile,
    setUp({ entra, graph }) {
      entra.endSignIns('expired');
      graph.revokeTokens();
    },
  },
  {
    id: 'refresh-token-revoked',
    group: 'What the person gave has ended',
    title: 'Somebody revoked it, or the password is new',
    sees: 'Microsoft asks who it is. “Back” there leads back to the app, which is still there; somebody else’s account is told apart.',
    path: profile,
    setUp({ entra, graph }) {
      entra.endSignIns('revoked');
      graph.revokeTokens();
    },
  },
  {
    id: 'too-long-ago',
    group: 'What the person gave has ended',
    title: 'It was too long ago for a policy',
    sees: 'Microsoft asks who it is, then the call goes on.',
    path: profile,
    setUp({ entra, graph }) {
      entra.endSignIns('sign-in-too-old');
      graph.revokeTokens();
    },
  },
  {
    id: 'password-expired',
    group: 'What the person gave has ended',
    title: 'The password has expired',
    sees: 'Microsoft asks for a new password, then the call goes on.',
    path: profile,
    setUp(emulators) {
      for (const id of everybody(emulators)) emulators.entra.expiredPasswords.add(id);
      emulators.graph.revokeTokens();
    },
  },
  {
    id: 'account-disabled',
    group: 'What the person gave has ended',
    title: 'The account is disabled',
    sees: 'Microsoft says that the account cannot be used, and sends nobody back: the person closes the window or goes back, and the app is still there. Another account is told apart.',
    path: profile,
    setUp(emulators) {
      for (const id of everybody(emulators)) emulators.entra.blockedUsers.add(id);
      emulators.graph.revokeTokens();
    },
  },
  {
    id: 'another-issuer',
    group: 'Trouble elsewhere',
    title: 'Another issuer answers',
    sees: 'After the consent page the app says that this cannot be finished: the answer names an issuer that was not asked.',
    path: mail,
    setUp(emulators) {
      emulators.entra.switches.issuerInResponse = 'wrong';
      withoutMail(emulators);
    },
  },
  {
    id: 'entra-unavailable',
    group: 'Trouble elsewhere',
    title: 'Microsoft Entra ID does not answer',
    sees: 'The app says that it does not work right now, and nobody is signed out.',
    path: profile,
    setUp({ entra, graph }) {
      entra.switches.outage = 'json-503';
      graph.revokeTokens();
    },
  },
  {
    id: 'graph-throttles',
    group: 'Trouble elsewhere',
    title: 'Graph wants a pause',
    sees: 'The app says when it can be tried again.',
    path: profile,
    setUp({ graph }) {
      Object.assign(graph.switches, { throttledCalls: 1, retryAfterSeconds: 5 });
    },
  },
];

/** Puts every switch back. Sessions, sign-ins and consents stay. */
export function makeGoodDay({ entra, graph }: Emulators): void {
  Object.assign(entra.switches, defaultEntraSwitches());
  entra.blockedUsers.clear();
  entra.expiredPasswords.clear();
  Object.assign(graph.switches, defaultGraphSwitches());
  graph.clearRevocations();
}
