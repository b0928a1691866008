import { randomBytes, randomUUID } from 'node:crypto';
import {
  type Directory,
  demoClient,
  directory,
  people,
  type User,
} from '../../../packages/directory/src/directory.ts';

/** So many invented people of one organization. Everything about each is found in no other text. */
export function createCrowd(size: number): {
  readonly directory: Directory;
  readonly crowd: readonly User[];
} {
  const crowd = Array.from({ length: size }, (): User => {
    const canary = () => `Q${randomBytes(6).toString('hex')}`;
    const [givenName, surname, username] = [canary(), canary(), canary().toLowerCase()];
    return {
      ...people.ben,
      id: randomUUID(),
      homeTenantId: demoClient.tenantId,
      username: `${username}@contoso.example`,
      name: `${givenName} ${surname}`,
      givenName,
      surname,
      mail: `${username}@contoso.example`,
      asksForSecondFactor: false,
      isTenantAdministrator: false,
      guestIn: [],
    };
  });
  return { directory: { ...directory, users: crowd }, crowd };
}
