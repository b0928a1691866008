import { randomBytes, randomUUID } from 'node:crypto';
import { type Directory, demoClient, demoDirectory, demoUsers, type User } from '@entra-bff/directory';

/** Creates invented users of one organization, whose data occurs in no other text. */
export function createCrowd(size: number): {
  readonly directory: Directory;
  readonly crowd: readonly User[];
} {
  const crowd = Array.from({ length: size }, (): User => {
    const canary = () => `Q${randomBytes(6).toString('hex')}`;
    const [givenName, surname, username] = [canary(), canary(), canary().toLowerCase()];
    return {
      ...demoUsers.ben,
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
  return { directory: { ...demoDirectory, users: crowd }, crowd };
}
