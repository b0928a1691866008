import { clientOf, type Directory, type User } from '@entra-bff/directory';
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
    ...development.directory.users.map((user) => describeUser(development.directory, user)),
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

function describeUser(directory: Directory, user: User): string {
  const { clientId } = clientOf(directory);
  const registration = directory.registrations.find((known) => known.clientId === clientId);
  const roles =
    registration?.roleAssignments.filter(({ userId }) => userId === user.id).map(({ role }) => role) ?? [];
  const notes = [
    roles.length > 0 ? `role ${roles.join(', ')}` : 'no role',
    ...(user.asksForSecondFactor ? ['second factor required'] : []),
    ...homeNote(directory, user),
  ];
  const columns = (['username', 'name'] as const).map((column) =>
    user[column].padEnd(widthOf(directory, column)),
  );
  return `  ${columns.join('')}${notes.join(', ')}`;
}

/** The width of a column, with a gap behind its longest text. */
function widthOf({ users }: Directory, column: 'username' | 'name'): number {
  return Math.max(...users.map((user) => user[column].length)) + 2;
}

function homeNote(directory: Directory, user: User): string[] {
  const { tenantId } = clientOf(directory);
  if (user.homeTenantId === tenantId) return [];
  const isGuest = user.guestIn.some((guest) => guest.tenantId === tenantId);
  return [isGuest ? 'guest' : 'from another organization, cannot sign in'];
}
