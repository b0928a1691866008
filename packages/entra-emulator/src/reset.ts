import type { Authority } from './authority.ts';
import { defaultEntraSwitches } from './switches.ts';

/** Makes the emulator as it was at its start. Signing keys stay. */
export function resetEverything({
  switches,
  consents,
  roles,
  blockedUsers,
  expiredPasswords,
  approvals,
  browsers,
  grants,
}: Authority): void {
  Object.assign(switches, defaultEntraSwitches());
  consents.reset();
  roles.reset();
  blockedUsers.clear();
  expiredPasswords.clear();
  approvals.reset();
  browsers.signOut();
  grants.end('revoked');
}
