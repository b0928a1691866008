import { objectIdIn, type Permission, type User } from '../directory.ts';
import { type Authority, findUserByName } from './authority.ts';
import type { AuthorizeRequest } from './authorize-request.ts';
import type { Browser, SignedInAccount } from './browsers.ts';
import { signIn } from './browsers.ts';
import { type EntraError, errors, secondFactorMissing } from './errors.ts';
import { type RequestedScope, scopeKey } from './scopes.ts';
import { usernameOfHint } from './tokens.ts';

/** What the person has answered so far on the pages of this sign-in. */
export type Answers = {
  readonly account: string | undefined;
  readonly username: string | undefined;
  readonly factor: string | undefined;
  readonly decision: string | undefined;
  readonly forOrganization: boolean;
};

/** The page to show next, or how the sign-in ended. */
export type Step =
  | { readonly kind: 'pick-account'; readonly users: readonly User[]; readonly problem?: EntraError }
  | { readonly kind: 'second-factor'; readonly user: User; readonly wasDenied: boolean }
  | {
      readonly kind: 'consent';
      readonly user: User;
      readonly permissions: readonly Permission[];
      readonly mayDecideForOrganization: boolean;
    }
  | {
      readonly kind: 'administrator-needed';
      readonly user: User;
      readonly permissions: readonly Permission[];
    }
  | { readonly kind: 'wrong-tenant'; readonly user: User; readonly error: EntraError }
  | { readonly kind: 'refused'; readonly error: EntraError; readonly subcode?: string }
  | { readonly kind: 'signed-in'; readonly account: SignedInAccount; readonly tenantId: string };

/**
 * Decides the next step from what was asked, who is signed in in this browser and what was answered so far.
 * Signs the account in at the emulator itself as soon as it is known, before consent, as Entra does.
 */
export const nextStep = (
  authority: Authority,
  request: AuthorizeRequest,
  browser: Browser,
  answers: Answers,
): Step => {
  const chosen = chooseUser(authority, request, browser, answers);
  if ('kind' in chosen) return chosen;
  const { user } = chosen;

  const tenantId = request.tenant.kind === 'one' ? request.tenant.tenant.id : user.homeTenantId;
  if (objectIdIn(user, tenantId) === undefined)
    return { kind: 'wrong-tenant', user, error: notInTenant(user, request) };

  const isFresh = answers.account !== undefined && request.prompt === 'login';
  const before = isFresh ? undefined : browser.accounts.get(user.id);
  const withSecondFactor = answers.factor === 'approve' || before?.withSecondFactor === true;
  if (isSecondFactorNeeded(authority, request, user) && !withSecondFactor) {
    if (request.prompt === 'none') return { kind: 'refused', error: secondFactorMissing() };
    if (answers.factor === 'cancel')
      return {
        kind: 'refused',
        error: errors.consentDeclined('The user canceled the sign-in.'),
        subcode: 'cancel',
      };
    return { kind: 'second-factor', user, wasDenied: answers.factor === 'deny' };
  }
  if (before === undefined || before.withSecondFactor !== withSecondFactor)
    signIn(browser, user, { now: authority.now(), withSecondFactor });
  const account = browser.accounts.get(user.id);
  if (account === undefined) throw new Error('The account was just signed in.');

  return askForConsent(authority, request, answers, account, tenantId);
};

const chooseUser = (
  authority: Authority,
  request: AuthorizeRequest,
  browser: Browser,
  answers: Answers,
): { user: User } | Step => {
  const { users } = authority.directory;
  const picker: Step = { kind: 'pick-account', users: usersInOrder(users, request, browser) };

  if (answers.username !== undefined) {
    const user = findUserByName(authority, answers.username);
    if (user !== undefined) return { user };
    return {
      ...picker,
      problem: errors.userUnknown(
        `The user account ${answers.username} does not exist in this directory. To sign into this application, the account must be added to the directory.`,
      ),
    };
  }
  if (answers.account !== undefined) {
    const user = users.find((known) => known.id === answers.account);
    return user === undefined ? picker : { user };
  }
  if (request.prompt === 'login' || request.prompt === 'select_account') return picker;

  const hinted = hintedUsername(request);
  const accounts = [...browser.accounts.values()].map((account) => account.user);
  const candidates = accounts.filter((user) => hinted === undefined || user.username === hinted);
  const [only, second] = candidates;
  if (only !== undefined && second === undefined) return { user: only };
  if (request.prompt !== 'none') return picker;
  return {
    kind: 'refused',
    error:
      only === undefined
        ? errors.notSignedIn('A silent sign-in request was sent but no user is signed in.')
        : errors.multipleAccounts(
            'Either multiple user identities are available for the current request or selected account is not supported for the scenario.',
          ),
  };
};

export const hintedUsername = (request: AuthorizeRequest): string | undefined =>
  request.loginHint === undefined ? undefined : usernameOfHint(request.loginHint).toLowerCase();

/** Hinted accounts first, then those that are signed in, then the hinted organization's. */
const usersInOrder = (users: readonly User[], request: AuthorizeRequest, browser: Browser): User[] => {
  const hinted = hintedUsername(request);
  const rank = (user: User): number => {
    if (user.username === hinted) return 0;
    if (browser.accounts.has(user.id)) return 1;
    return user.username.endsWith(`@${request.domainHint ?? ''}`) ? 2 : 3;
  };
  return [...users].sort((one, other) => rank(one) - rank(other));
};

const isSecondFactorNeeded = (authority: Authority, request: AuthorizeRequest, user: User): boolean =>
  user.asksForSecondFactor ||
  authority.switches.secondFactorDemanded ||
  request.claimsRequest.demandsSecondFactor;

const askForConsent = (
  authority: Authority,
  request: AuthorizeRequest,
  answers: Answers,
  account: SignedInAccount,
  tenantId: string,
): Step => {
  const { user } = account;
  const { registration } = request;
  const missing = missingConsents(authority, request, tenantId, user);
  const signedIn: Step = { kind: 'signed-in', account, tenantId };
  if (missing.length === 0 && request.prompt !== 'consent') return signedIn;
  if (request.prompt === 'none')
    return {
      kind: 'refused',
      error: errors.consentMissingSilently(
        `The user or administrator has not consented to use the application with ID '${registration.clientId}' named '${registration.displayName}'. Send an interactive authorization request for this user and resource.`,
      ),
    };

  const isAdministrator = user.isTenantAdministrator && user.homeTenantId === tenantId;
  const permissions = (request.prompt === 'consent' ? request.scopes : missing).map(
    (scope) => scope.permission,
  );
  if (!isAdministrator && missing.some((scope) => scope.permission.administratorMustConsent))
    return answers.decision === undefined
      ? { kind: 'administrator-needed', user, permissions }
      : {
          kind: 'refused',
          error: errors.administratorMustConsent(
            'The grant requires administrator permission. An administrator of the organization has to consent first.',
          ),
        };
  if (answers.decision === 'decline')
    return { kind: 'refused', error: errors.consentDeclined('User declined to consent to access the app.') };
  if (answers.decision !== 'accept')
    return { kind: 'consent', user, permissions, mayDecideForOrganization: isAdministrator };

  authority.consents.grant({
    tenantId,
    clientId: registration.clientId,
    scopes: request.scopes.map(scopeKey),
    ...(isAdministrator && answers.forOrganization ? {} : { userId: user.id }),
  });
  return signedIn;
};

const missingConsents = (
  authority: Authority,
  request: AuthorizeRequest,
  tenantId: string,
  user: User,
): RequestedScope[] => {
  if (authority.switches.consentWithdrawn) return [...request.scopes];
  const consented = authority.consents.grantedTo({
    tenantId,
    clientId: request.registration.clientId,
    userId: user.id,
  });
  return request.scopes.filter((scope) => !consented.has(scopeKey(scope)));
};

const notInTenant = (user: User, request: AuthorizeRequest): EntraError => {
  const tenant = request.tenant.kind === 'one' ? request.tenant.tenant.name : 'the organization';
  return errors.userNotInTenant(
    `User account '${user.username}' does not exist in tenant '${tenant}' and cannot access the application '${request.registration.clientId}'(${request.registration.displayName}) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different account.`,
  );
};
