import type { Authority } from './authority.ts';
import { endSignIns } from './ended-sign-ins.ts';
import { resetEverything } from './reset.ts';
import { isEnding } from './sign-in-ending.ts';
import { readSwitches } from './switch-controls.ts';
import { defaultEntraSwitches } from './switches.ts';

type Action = keyof typeof messages;

/** Performs the action of a button. Returns undefined if there is nothing to do. */
export async function perform(authority: Authority, form: URLSearchParams): Promise<Action | undefined> {
  const { consents, roles, blockedUsers, expiredPasswords, approvals, browsers, keys, switches } = authority;
  const userId = form.get('user') ?? '';
  switch (form.get('action')) {
    case 'save':
      Object.assign(switches, readSwitches(form));
      return 'save';
    case 'rotate-keys':
      await keys.rotate();
      return 'rotate-keys';
    case 'revoke-consents':
      consents.revoke(userId);
      return 'revoke-consents';
    case 'revoke-organization-consents':
      consents.revokeOrganizations();
      return 'revoke-organization-consents';
    case 'end-sign-ins': {
      const ending = form.get('ending') ?? '';
      if (!isEnding(ending)) return undefined;
      endSignIns(authority, ending, userId || undefined);
      return 'end-sign-ins';
    }
    case 'expire-password':
      expiredPasswords.add(userId);
      return 'expire-password';
    case 'approve': {
      const request = approvals.take(form.get('approval') ?? '');
      if (request === undefined) return undefined;
      const { tenantId, clientId, scopes } = request;
      consents.grant({ tenantId, clientId, scopes });
      return 'approve';
    }
    case 'deny':
      return approvals.take(form.get('approval') ?? '') && 'deny';
    case 'grant-admin':
      roles.grant({ userId, role: 'Admin' });
      return 'grant-admin';
    case 'remove-admin':
      roles.remove({ userId, role: 'Admin' });
      return 'remove-admin';
    case 'block':
      blockedUsers.add(userId);
      return 'block';
    case 'unblock':
      blockedUsers.delete(userId);
      return 'unblock';
    case 'sign-all-users-out':
      browsers.signOut();
      return 'sign-all-users-out';
    case 'reset-switches':
      Object.assign(switches, defaultEntraSwitches());
      blockedUsers.clear();
      expiredPasswords.clear();
      return 'reset-switches';
    case 'reset':
      resetEverything(authority);
      return 'reset';
    default:
      return undefined;
  }
}

/** What the page shows after each action. */
export const messages = {
  save: 'Saved. The switches are in effect now.',
  'rotate-keys': 'A new signing key is in use. The oldest published key is gone.',
  'revoke-consents': 'The user’s consents are withdrawn. The app must ask again.',
  'revoke-organization-consents': 'Consents given for whole organizations are withdrawn.',
  'grant-admin': 'The next ID token has the Admin role.',
  'remove-admin': 'The next ID token does not have the Admin role.',
  'end-sign-ins': 'The sign-ins are ended. Codes and refresh tokens that they issued are refused.',
  'expire-password':
    'The user must update the password at the next sign-in. Until then, refreshes are refused.',
  approve: 'Approved. The app has these permissions for the whole organization.',
  deny: 'Denied. The user can ask again.',
  block: 'The account is disabled. Sign-ins and refreshes are refused.',
  unblock: 'The account works again.',
  'sign-all-users-out': 'All users are signed out here. Apps keep their own sessions.',
  'reset-switches': 'All switches are off. Accounts and passwords work. Consents and sign-ins stay.',
  reset: 'Everything is reset: switches are off, consents and sign-ins are gone.',
} as const;
