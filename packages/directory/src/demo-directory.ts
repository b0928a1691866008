import file from '../demo-directory.json' with { type: 'json' };
import type { Directory, User } from './directory.ts';
import { parseDirectory } from './parse-directory.ts';

/** The directory of `npm start` and of the tests: two invented organizations. */
export const demoDirectory: Directory = parseDirectory(file);

/** The settings with which an app signs in as an app registration. */
export interface ClientSettings {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Returns the settings of the first app registration, as which the service signs in. */
export function clientOf({ registrations }: Directory): ClientSettings {
  const [registration] = registrations;
  if (registration === undefined) throw new Error('The directory has no app registration.');
  const { tenantId, clientId, secrets } = registration;
  return { tenantId, clientId, clientSecret: secrets[0] ?? '' };
}

/** The settings with which an app signs in as the demo app. */
export const demoClient = clientOf(demoDirectory);

/** The users by first name. */
export const demoUsers = {
  alice: userNamed('alice@contoso.example'),
  ben: userNamed('ben@contoso.example'),
  mia: userNamed('mia@contoso.example'),
  gus: userNamed('gus@fabrikam.example'),
  fay: userNamed('fay@fabrikam.example'),
  siobhan: userNamed("siobhan.o'brien@contoso.example"),
};

function userNamed(username: string): User {
  const user = demoDirectory.users.find((known) => known.username === username);
  if (user === undefined) throw new Error(`The demo directory has no user ${username}.`);
  return user;
}
