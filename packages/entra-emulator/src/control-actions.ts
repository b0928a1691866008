import {
  ControlError,
  type Members,
  type Reply,
  readMembers,
  requireText,
  toMembers,
  unknownName,
} from '@entra-bff/emulator-kit';
import type { Authority } from './authority.ts';
import { readScopes, readUser, requireUser } from './control-user.ts';
import { endSignIns } from './ended-sign-ins.ts';
import { endings, isEnding, type SignInEnding } from './sign-in-ending.ts';

/** What the body of `POST /_emulator/actions` can be. Users are named as in `sign-in`. */
export type EntraAction =
  /** Without a user: the sign-ins of all users. */
  | { readonly action: 'end-sign-ins'; readonly ending: SignInEnding; readonly user?: string }
  /** Without a user: for the whole organization. */
  | { readonly action: 'grant-consent'; readonly scopes: readonly string[]; readonly user?: string }
  | { readonly action: 'withdraw-consents'; readonly scopes: readonly string[] }
  | { readonly action: 'withdraw-consents'; readonly user: string }
  | { readonly action: 'grant-role' | 'remove-role'; readonly user: string; readonly role: string }
  | { readonly action: 'block-user' | 'unblock-user' | 'expire-password'; readonly user: string }
  | { readonly action: 'sign-all-users-out' | 'rotate-keys' };

interface Action {
  /** The members that the body may have besides `action`. */
  readonly members: readonly string[];
  readonly perform: (authority: Authority, members: Members) => void | Promise<void>;
}

/** What changes a state instead of a switch, by name. */
const actions: Readonly<Record<EntraAction['action'], Action>> = {
  'end-sign-ins': {
    members: ['user', 'ending'],
    perform(authority, members) {
      const ending = requireText(members, 'ending');
      if (!isEnding(ending)) throw unknownName('ending', ending, Object.keys(endings), 'endings');
      endSignIns(authority, ending, readUser(authority, members)?.id);
    },
  },
  'grant-consent': {
    members: ['user', 'scopes'],
    perform(authority, members) {
      const scopes = readScopes(authority, members) ?? [];
      const user = readUser(authority, members);
      for (const { clientId, tenantId } of authority.directory.registrations)
        authority.consents.grant({ clientId, tenantId, scopes, ...(user && { userId: user.id }) });
    },
  },
  'withdraw-consents': {
    members: ['user', 'scopes'],
    perform(authority, members) {
      const user = readUser(authority, members);
      const scopes = readScopes(authority, members);
      if (user !== undefined && scopes !== undefined)
        throw new ControlError('Name a user or scopes, not both.');
      if (user !== undefined) authority.consents.revoke(user.id);
      else if (scopes !== undefined) authority.consents.withdraw(scopes);
      else throw new ControlError('"user" or "scopes" is missing.');
    },
  },
  'grant-role': {
    members: ['user', 'role'],
    perform: (authority, members) => authority.roles.grant(readAssignment(authority, members)),
  },
  'remove-role': {
    members: ['user', 'role'],
    perform: (authority, members) => authority.roles.remove(readAssignment(authority, members)),
  },
  'block-user': {
    members: ['user'],
    perform: (authority, members) => void authority.blockedUsers.add(requireUser(authority, members).id),
  },
  'unblock-user': {
    members: ['user'],
    perform: (authority, members) => void authority.blockedUsers.delete(requireUser(authority, members).id),
  },
  'expire-password': {
    members: ['user'],
    perform: (authority, members) => void authority.expiredPasswords.add(requireUser(authority, members).id),
  },
  'sign-all-users-out': { members: [], perform: ({ browsers }) => browsers.signOut() },
  'rotate-keys': { members: [], perform: ({ keys }) => keys.rotate() },
};

function readAssignment(authority: Authority, members: Members) {
  const role = requireText(members, 'role');
  const roles = authority.directory.registrations.flatMap(({ appRoles }) =>
    appRoles.map(({ value }) => value),
  );
  if (!roles.includes(role)) throw unknownName('role', role, [...new Set(roles)], 'roles');
  return { userId: requireUser(authority, members).id, role };
}

const isAction = (name: string): name is EntraAction['action'] => Object.hasOwn(actions, name);

/** Performs the action that the body names. @throws {ControlError} */
export async function handleAction(authority: Authority, body: unknown): Promise<Reply> {
  const name = requireText(toMembers(body), 'action');
  if (!isAction(name)) throw unknownName('action', name, Object.keys(actions), 'actions');
  const action = actions[name];
  await action.perform(authority, readMembers(body, ['action', ...action.members]));
  return { status: 204 };
}
