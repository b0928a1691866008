import { findUserByName, type User } from '@entra-bff/directory';
import {
  ControlError,
  type Members,
  readText,
  readTexts,
  requireText,
  unknownName,
} from '@entra-bff/emulator-kit';
import type { Authority } from './authority.ts';
import { parseScopes } from './scopes.ts';

/** @throws {ControlError} if the member `user` names no user, or more than one */
export function requireUser({ directory }: Authority, members: Members): User {
  const name = requireText(members, 'user');
  const user = findUserByName(directory, name);
  if (user !== undefined) return user;
  const usernames = directory.users.map(({ username }) => username);
  throw unknownName('user', name, usernames, 'users');
}

/** @returns undefined if the member `user` is missing. @throws {ControlError} */
export function readUser(authority: Authority, members: Members): User | undefined {
  return readText(members, 'user') === undefined ? undefined : requireUser(authority, members);
}

/** @throws {ControlError} if a scope is not in the directory */
export function readScopes({ directory }: Authority, members: Members): readonly string[] | undefined {
  const scopes = readTexts(members, 'scopes');
  const { unknown } = parseScopes(directory, (scopes ?? []).join(' '));
  if (unknown.length > 0) throw new ControlError(`No API has the scope "${unknown[0]}".`);
  return scopes;
}
