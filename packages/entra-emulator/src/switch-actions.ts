import type { Authority } from './authority.ts';
import { endSignIns, isEnding } from './ended-sign-ins.ts';
import { readSwitches } from './switch-controls.ts';
import { defaultEntraSwitches } from './switches.ts';

type Action = keyof typeof messages;

/** Does what a button of the switches page says; undefined where there is nothing to do. */
export async function perform(authority: Authority, form: URLSearchParams): Promise<Action | undefined> {
  const { consents, roles, blockedUsers, expiredPasswords, approvals, browsers, grants, keys, switches } =
    authority;
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
    case 'sign-everybody-out':
      browsers.signOut();
      return 'sign-everybody-out';
    case 'reset':
      Object.assign(switches, defaultEntraSwitches());
      consents.reset();
      roles.reset();
      blockedUsers.clear();
      expiredPasswords.clear();
      approvals.reset();
      browsers.signOut();
      grants.end('revoked');
      return 'reset';
    default:
      return undefined;
  }
}

/** What the page says after each action. */
export const messages = {
  save: 'Saved. The switches are in effect now.',
  'rotate-keys': 'A new key signs now. The oldest published key is gone.',
  'revoke-consents': 'The user’s consents are withdrawn. The app has to ask again.',
  'revoke-organization-consents': 'Consents given for whole organizations are withdrawn.',
  'grant-admin': 'The user has the Admin role from the next ID token on.',
  'remove-admin': 'The user has no Admin role from the next ID token on.',
  'end-sign-ins': 'What those sign-ins have issued is refused from now on.',
  'expire-password':
    'The person has to update the password at the next sign-in. Refreshes are refused until then.',
  approve: 'Approved: the app has these permissions for everybody in the organization.',
  deny: 'Denied. The person may ask again.',
  block: 'The account is disabled: sign-ins and refreshes are refused.',
  unblock: 'The account works again.',
  'sign-everybody-out': 'Nobody is signed in here any more. Apps keep their own sessions.',
  reset: 'Everything is as after a start: switches off, consents and sign-ins gone.',
} as const;
