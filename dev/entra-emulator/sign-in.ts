import { objectIdIn, type Permission, type User } from '../directory.ts';
import type { Authority } from './authority.ts';
import type { AuthorizeRequest } from './authorize-request.ts';
import { type Browser, type SignedInAccount, signIn } from './browsers.ts';
import { chooseUser } from './choose-user.ts';
import { type EntraError, errors } from './errors.ts';
import { type RequestedScope, scopeKey } from './scopes.ts';

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
  | { readonly kind: 'unusable-account'; readonly user: User; readonly problem: EntraError }
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
  const choice = chooseUser(authority, request, browser, answers);
  if (choice.kind !== 'user') return choice;
  const { user } = choice;

  const tenantId = request.tenant.kind === 'one' ? request.tenant.tenant.id : user.homeTenantId;
  const problem = problemWith(authority, request, user, tenantId);
  if (problem !== undefined)
    return request.prompt === 'none'
      ? { kind: 'refused', error: problem }
      : { kind: 'unusable-account', user, problem };

  const isFresh = answers.account !== undefined && request.prompt === 'login';
  const before = isFresh ? undefined : browser.accounts.get(user.id);
  const withSecondFactor = answers.factor === 'approve' || before?.withSecondFactor === true;
  if (isSecondFactorNeeded(authority, request, user) && !withSecondFactor) {
    if (request.prompt === 'none') return { kind: 'refused', error: errors.secondFactorMissing() };
    if (answers.factor === 'cancel')
      return { kind: 'refused', error: errors.signInCanceled(), subcode: 'cancel' };
    return { kind: 'second-factor', user, wasDenied: answers.factor === 'deny' };
  }
  const account =
    before?.withSecondFactor === withSecondFactor
      ? before
      : signIn(browser, user, { now: authority.now(), withSecondFactor });

  return askForConsent(authority, request, answers, account, tenantId);
};

const problemWith = (
  authority: Authority,
  { tenant, registration }: AuthorizeRequest,
  user: User,
  tenantId: string,
): EntraError | undefined => {
  if (authority.blockedUsers.has(user.id)) return errors.userDisabled();
  if (tenant.kind === 'one' && objectIdIn(user, tenantId) === undefined)
    return errors.userNotInTenant(user.username, tenant.tenant.name, registration);
  return undefined;
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
  const { registration, prompt } = request;
  const signedIn: Step = { kind: 'signed-in', account, tenantId };
  const missing = missingConsents(authority, request, tenantId, user);
  if (missing.length === 0 && prompt !== 'consent') return signedIn;
  if (prompt === 'none') return { kind: 'refused', error: errors.consentMissingSilently(registration) };

  const isAdministrator = user.isTenantAdministrator && user.homeTenantId === tenantId;
  const permissions = (prompt === 'consent' ? request.scopes : missing).map((scope) => scope.permission);
  if (!isAdministrator && missing.some((scope) => scope.permission.administratorMustConsent))
    return answers.decision === undefined
      ? { kind: 'administrator-needed', user, permissions }
      : { kind: 'refused', error: errors.administratorMustConsent() };
  if (answers.decision === 'decline') return { kind: 'refused', error: errors.consentDeclined() };
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
  { registration, scopes }: AuthorizeRequest,
  tenantId: string,
  user: User,
): RequestedScope[] => {
  if (authority.switches.consentWithdrawn) return [...scopes];
  const consented = authority.consents.grantedTo({
    tenantId,
    clientId: registration.clientId,
    userId: user.id,
  });
  return scopes.filter((scope) => !consented.has(scopeKey(scope)));
};
