import type { EntraEmulator } from '@entra-bff/entra-emulator';
import { defaultEntraSwitches } from '@entra-bff/entra-emulator';
import type { GraphEmulator } from '@entra-bff/graph-emulator';
import { defaultGraphSwitches } from '@entra-bff/graph-emulator';

export interface Emulators {
  readonly entra: EntraEmulator;
  readonly graph: GraphEmulator;
}

/** A situation that can keep a call from its response, set up on demand. */
export interface Case {
  readonly id: string;
  readonly group: string;
  readonly title: string;
  /** What the user sees after the call, for the list on the demo page. */
  readonly description: string;
  /** The call to Graph that is affected. */
  readonly path: string;
  readonly setUp: (emulators: Emulators) => void;
}

const profile = '/me?$select=displayName';
const mail = '/me/messages?$select=subject&$top=1';
const allUserIds = ({ entra }: Emulators): string[] => entra.directory.users.map(({ id }) => id);

/** No user has consented to reading mail, and the access tokens with that scope are revoked. */
function withoutMail({ entra, graph }: Emulators): void {
  entra.consents.withdraw(['Mail.Read']);
  graph.revokeTokens();
}

export const cases: readonly Case[] = [
  {
    id: 'consent-missing',
    group: 'Permission',
    title: 'Consent is missing',
    description:
      'Microsoft asks whether the app may read mail. If you accept, the call continues. If you decline, the app works without mail and asks again only at a click.',
    path: mail,
    setUp: withoutMail,
  },
  {
    id: 'administrator-needed',
    group: 'Permission',
    title: 'Only an administrator can consent',
    description:
      'Microsoft says that an administrator must approve. The app then shows a link for the administrator. Alice is one.',
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
    description:
      'Microsoft accepts a request to the administrators, who answer it on the switches page of Entra ID. Until then, the app says that approval is pending.',
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
    title: 'Fewer permissions than requested',
    description:
      'You accept, but the token does not contain the permission. The app says so and does not ask again and again.',
    path: mail,
    setUp(emulators) {
      emulators.entra.switches.withheldPermissions = 'Mail.Read';
      withoutMail(emulators);
    },
  },
  {
    id: 'second-factor',
    group: 'Stronger sign-in',
    title: 'Multifactor authentication is required',
    description: 'Microsoft asks for a second factor. Then the call continues.',
    path: profile,
    setUp({ entra, graph }) {
      entra.switches.secondFactorDemanded = true;
      graph.revokeTokens();
    },
  },
  {
    id: 'authentication-context',
    group: 'Stronger sign-in',
    title: 'This data requires a stronger sign-in',
    description:
      'Graph itself sends a claims challenge for an authentication context. Microsoft asks for a second factor. Then the call continues.',
    path: profile,
    setUp({ graph }) {
      graph.switches.authenticationContextDemanded = true;
    },
  },
  {
    id: 'external-page',
    group: 'Stronger sign-in',
    title: 'A page of another provider comes first',
    description: 'Microsoft shows one more page, such as terms of use. After “Accept”, the call continues.',
    path: profile,
    setUp({ entra, graph }) {
      entra.switches.conditionalAccess = 'external-challenge';
      graph.revokeTokens();
    },
  },
  {
    id: 'blocked-by-policy',
    group: 'Stronger sign-in',
    title: 'A policy blocks this device',
    description:
      'The app says that the organization does not accept the device. If you continue anyway, Microsoft says so too and does not return to the app. Close the popup or go back: the app still works.',
    path: profile,
    setUp({ entra, graph }) {
      entra.switches.conditionalAccess = 'device-not-compliant';
      graph.revokeTokens();
    },
  },
  {
    id: 'access-evaluated-silently',
    group: 'Continuous access evaluation',
    title: 'Graph requires a newer token',
    description: 'Nothing. The service renews the token and repeats the call.',
    path: profile,
    setUp({ graph }) {
      graph.revokeTokens();
    },
  },
  {
    id: 'access-never-enough',
    group: 'Continuous access evaluation',
    title: 'Graph accepts no token',
    description: 'The app asks Microsoft at most twice and then reports an error. There is no endless loop.',
    path: profile,
    setUp({ graph }) {
      graph.switches.alwaysChallenges = true;
    },
  },
  {
    id: 'refresh-token-expired',
    group: 'A new sign-in is needed',
    title: 'The refresh token has expired',
    description:
      'Microsoft still has its own session with you. After a short round trip without a question, the call continues.',
    path: profile,
    setUp({ entra, graph }) {
      entra.endSignIns('expired');
      graph.revokeTokens();
    },
  },
  {
    id: 'refresh-token-revoked',
    group: 'A new sign-in is needed',
    title: 'The password was changed, or sessions were revoked',
    description:
      'Microsoft asks you to sign in. “Back” returns to the app, which still works. If you sign in with another account, the app says so.',
    path: profile,
    setUp({ entra, graph }) {
      entra.endSignIns('revoked');
      graph.revokeTokens();
    },
  },
  {
    id: 'too-long-ago',
    group: 'A new sign-in is needed',
    title: 'A policy requires a recent sign-in',
    description: 'Microsoft asks you to sign in. Then the call continues.',
    path: profile,
    setUp({ entra, graph }) {
      entra.endSignIns('sign-in-too-old');
      graph.revokeTokens();
    },
  },
  {
    id: 'password-expired',
    group: 'A new sign-in is needed',
    title: 'The password has expired',
    description: 'Microsoft asks for a new password. Then the call continues.',
    path: profile,
    setUp(emulators) {
      for (const id of allUserIds(emulators)) emulators.entra.expiredPasswords.add(id);
      emulators.graph.revokeTokens();
    },
  },
  {
    id: 'account-disabled',
    group: 'A new sign-in is needed',
    title: 'The account is disabled',
    description:
      'The app says that an administrator can help. If you continue anyway, Microsoft says that the account cannot be used and does not return to the app. If you sign in with another account, the app says so.',
    path: profile,
    setUp(emulators) {
      for (const id of allUserIds(emulators)) emulators.entra.blockedUsers.add(id);
      emulators.graph.revokeTokens();
    },
  },
  {
    id: 'not-assigned',
    group: 'A new sign-in is needed',
    title: 'The user is not assigned to the app',
    description: 'The app says that an administrator can assign your account.',
    path: profile,
    setUp({ entra, graph }) {
      entra.switches.refreshRefusedWith = 50105;
      graph.revokeTokens();
    },
  },
  {
    id: 'another-issuer',
    group: 'Failures elsewhere',
    title: 'Another issuer answers',
    description:
      'After the consent page, the app says that the sign-in cannot be completed, because the response names another issuer.',
    path: mail,
    setUp(emulators) {
      emulators.entra.switches.issuerInResponse = 'wrong';
      withoutMail(emulators);
    },
  },
  {
    id: 'entra-unavailable',
    group: 'Failures elsewhere',
    title: 'Microsoft Entra ID does not answer',
    description: 'The app says that the sign-in service is unavailable. You stay signed in.',
    path: profile,
    setUp({ entra, graph }) {
      entra.switches.outage = 'json-503';
      graph.revokeTokens();
    },
  },
  {
    id: 'api-unknown',
    group: 'Failures elsewhere',
    title: 'The API does not exist in the tenant',
    description: 'The app names the API and the permissions that an administrator of the app has to check.',
    path: profile,
    setUp({ entra, graph }) {
      entra.switches.refreshRefusedWith = 500011;
      graph.revokeTokens();
    },
  },
  {
    id: 'secret-expired',
    group: 'Failures elsewhere',
    title: 'The client secret has expired',
    description: 'The app says that its own credential has expired. You stay signed in.',
    path: profile,
    setUp({ entra, graph }) {
      entra.switches.clientSecretExpired = true;
      graph.revokeTokens();
    },
  },
  {
    id: 'graph-throttles',
    group: 'Failures elsewhere',
    title: 'Graph throttles calls',
    description: 'The app says when to try again.',
    path: profile,
    setUp({ graph }) {
      // The client waits out up to five seconds by itself.
      Object.assign(graph.switches, { throttledCalls: 1, retryAfterSeconds: 8 });
    },
  },
];

/** Resets every switch. Sessions, sign-ins and consents stay. */
export function resetSwitches({ entra, graph }: Emulators): void {
  Object.assign(entra.switches, defaultEntraSwitches());
  entra.blockedUsers.clear();
  entra.expiredPasswords.clear();
  Object.assign(graph.switches, defaultGraphSwitches());
  graph.clearRevocations();
}
