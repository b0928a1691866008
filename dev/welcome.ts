import { demoClient, demoDirectory } from '@entra-bff/directory';
import type { Development } from './development.ts';

/** What `npm start` prints when everything runs. The first address is the one to open. */
export function welcome(development: Development): string {
  const isBehindAnother = development.publicBaseUrl !== development.bffOrigin;
  return [
    `entra-bff is ready: ${development.publicBaseUrl}`,
    ...(isBehindAnother ? [`  (the BFF itself listens on ${development.bffOrigin})`] : []),
    '',
    'Sign in as',
    ...demoDirectory.users.map(describeUser),
    '',
    `Make Entra misbehave: ${development.entraSwitchesUrl}`,
    `Make Graph misbehave: ${development.graphSwitchesUrl}`,
    'Ctrl-C stops everything',
    '',
  ].join('\n');
}

function describeUser(user: (typeof demoDirectory.users)[number]): string {
  const registration = demoDirectory.registrations.find(({ clientId }) => clientId === demoClient.clientId);
  const roles =
    registration?.roleAssignments.filter(({ userId }) => userId === user.id).map(({ role }) => role) ?? [];
  const notes = [
    roles.length > 0 ? `role ${roles.join(', ')}` : 'no role',
    ...(user.asksForSecondFactor ? ['asks for a second factor'] : []),
    ...homeNote(user),
  ];
  return `  ${user.username.padEnd(24)}${user.name.padEnd(16)}${notes.join(', ')}`;
}

function homeNote(user: (typeof demoDirectory.users)[number]): string[] {
  if (user.homeTenantId === demoClient.tenantId) return [];
  const isGuest = user.guestIn.some(({ tenantId }) => tenantId === demoClient.tenantId);
  return [isGuest ? 'guest of the organization' : 'of another organization: may not sign in'];
}
