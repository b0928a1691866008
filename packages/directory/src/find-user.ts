import type { Directory, User } from './directory.ts';

/**
 * Finds a user by the username, by the part of it before the at sign if no other username has it, or by the object id.
 * Letter case does not count.
 */
export function findUserByName({ users }: Directory, name: string): User | undefined {
  const text = name.toLowerCase();
  const whole = users.find(({ id, username }) => username === text || id === text);
  if (whole !== undefined) return whole;
  const [only, ...others] = users.filter(({ username }) => username.split('@')[0] === text);
  return others.length === 0 ? only : undefined;
}
