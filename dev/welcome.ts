import { demoClient, demoDirectory } from '@entra-bff/directory';
import type { Development } from './development.ts';

/** The text that `npm start` prints when everything runs. Its first address is the one to open. */
export function welcome(development: Development): string {
  const { takenPort } = development;
  const hasServerInFront = development.publicBaseUrl !== development.bffOrigin;
  return [
    `entra-bff is ready: ${development.publicBaseUrl}`,
    ...(hasServerInFront ? [`  (the service listens on ${development.bffOrigin})`] : []),
    ...(takenPort === undefined ? [] : [describeMove(takenPort, development)]),
    '',
    'Sign in as:',
    ...demoDirectory.users.map(describeUser),
    '',
    `Make Entra ID fail: ${development.entraSwitchesUrl}`,
    `Make Graph fail:    ${development.graphSwitchesUrl}`,
    'Press Ctrl-C to stop.',
    '',
  ].join('\n');
}

function describeMove(takenPort: number, { publicBaseUrl, bffOrigin }: Development): string {
  const { port } = new URL(bffOrigin);
  return publicBaseUrl === bffOrigin
    ? `  (port ${takenPort} is in use, so the service uses port ${port}; PORT=${port} npm start always uses it)`
    : `  (port ${takenPort} is in use. The service uses port ${port}: let your proxy point to it, or free port ${takenPort} and start again)`;
}

function describeUser(user: (typeof demoDirectory.users)[number]): string {
  const registration = demoDirectory.registrations.find(({ clientId }) => clientId === demoClient.clientId);
  const roles =
    registration?.roleAssignments.filter(({ userId }) => userId === user.id).map(({ role }) => role) ?? [];
  const notes = [
    roles.length > 0 ? `role ${roles.join(', ')}` : 'no role',
    ...(user.asksForSecondFactor ? ['second factor required'] : []),
    ...homeNote(user),
  ];
  return `  ${user.username.padEnd(widthOf('username'))}${user.name.padEnd(widthOf('name'))}${notes.join(', ')}`;
}

/** The width of a column, with a gap behind its longest text. */
function widthOf(column: 'username' | 'name'): number {
  return Math.max(...demoDirectory.users.map((user) => user[column].length)) + 2;
}

function homeNote(user: (typeof demoDirectory.users)[number]): string[] {
  if (user.homeTenantId === demoClient.tenantId) return [];
  const isGuest = user.guestIn.some(({ tenantId }) => tenantId === demoClient.tenantId);
  return [isGuest ? 'guest' : 'from another organization, cannot sign in'];
}
