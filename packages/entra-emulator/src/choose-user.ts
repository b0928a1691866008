import type { User } from '@entra-bff/directory';
import { type Authority, findUserByName } from './authority.ts';
import type { AuthorizeRequest } from './authorize-request.ts';
import type { Browser } from './browsers.ts';
import { isOlderThanAsked, isTooOld } from './ended-sign-ins.ts';
import { errors } from './errors.ts';
import type { IdentityStep } from './identity-step.ts';
import type { Answers } from './sign-in-form.ts';
import { usernameOfHint } from './tokens.ts';

type Choice =
  | { readonly kind: 'user'; readonly user: User }
  | Extract<IdentityStep, { kind: 'pick-account' | 'refused' }>;

/** Returns the user who signs in, or the page that asks for one. If exactly one matching account is signed in, it is used. */
export function chooseUser(
  authority: Authority,
  request: AuthorizeRequest,
  browser: Browser,
  answers: Answers,
): Choice {
  const { users } = authority.directory;
  const picker: Choice = { kind: 'pick-account', users: usersInOrder(users, request, browser) };

  if (answers.wantsOtherAccount) return picker;
  if (answers.username !== undefined) {
    const user = findUserByName(authority, answers.username);
    return user === undefined
      ? { ...picker, problem: errors.userUnknown(answers.username) }
      : { kind: 'user', user };
  }
  if (answers.account !== undefined) {
    const user = users.find((known) => known.id === answers.account);
    return user === undefined ? picker : { kind: 'user', user };
  }
  if (request.prompt === 'login' || request.prompt === 'select_account') return picker;

  const hinted = hintedUsername(request);
  const fitting = [...browser.accounts.values()].filter(
    ({ user }) => hinted === undefined || user.username === hinted,
  );
  const young = fitting.filter(({ signedInAt }) => !isTooOld(authority, signedInAt));
  const [only, ...others] = young
    .filter(({ signedInAt }) => !isOlderThanAsked(authority, request, signedInAt))
    .map(({ user }) => user);
  if (only !== undefined && others.length === 0) return { kind: 'user', user: only };
  if (request.prompt !== 'none') return picker;
  if (only !== undefined) return { kind: 'refused', error: errors.multipleAccounts() };
  const isEndedByPolicy = fitting.length > 0 && young.length === 0;
  const error = isEndedByPolicy ? errors.sessionTooOld('login_required') : errors.notSignedIn();
  return { kind: 'refused', error };
}

export function hintedUsername(request: AuthorizeRequest): string | undefined {
  return request.loginHint === undefined ? undefined : usernameOfHint(request.loginHint).toLowerCase();
}

/** Sorts the hinted account first, then accounts that are signed in, then those of the hinted organization. */
function usersInOrder(users: readonly User[], request: AuthorizeRequest, browser: Browser): User[] {
  const hinted = hintedUsername(request);
  const rank = (user: User): number => {
    if (user.username === hinted) return 0;
    if (browser.accounts.has(user.id)) return 1;
    return user.username.endsWith(`@${request.domainHint}`) ? 2 : 3;
  };
  return [...users].sort((one, other) => rank(one) - rank(other));
}
