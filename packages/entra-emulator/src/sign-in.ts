import { objectIdIn, type User } from '@entra-bff/directory';
import type { Authority } from './authority.ts';
import type { AuthorizeRequest } from './authorize-request.ts';
import { type Browser, type SignedInAccount, signIn } from './browsers.ts';
import { chooseUser } from './choose-user.ts';
import { refusalOf, unmetPolicy } from './conditional-access.ts';
import { isOlderThanAsked, isTooOld } from './ended-sign-ins.ts';
import { type EntraError, errors } from './errors.ts';
import type { IdentityStep } from './identity-step.ts';
import type { Answers } from './sign-in-form.ts';

interface Identified {
  readonly kind: 'identified';
  readonly account: SignedInAccount;
  readonly tenantId: string;
}

/**
 * Identifies the user from the app's request, the accounts signed in in this browser, and the answers so far. Signs the
 * account in at the emulator as soon as it is known, before consent, as Entra ID does.
 */
export function identify(
  authority: Authority,
  request: AuthorizeRequest,
  browser: Browser,
  answers: Answers,
): IdentityStep | Identified {
  if (answers.wentBack) return { kind: 'canceled' };
  const choice = chooseUser(authority, request, browser, answers);
  if (choice.kind !== 'user') return choice;
  const { user } = choice;
  const isSilent = request.prompt === 'none';
  const refuse = (error: EntraError): IdentityStep => ({ kind: 'refused', error });

  const tenantId = request.tenant.kind === 'one' ? request.tenant.tenant.id : user.homeTenantId;
  const problem = problemWith(authority, request, user, tenantId);
  if (problem !== undefined) return isSilent ? refuse(problem) : { kind: 'unusable-account', user, problem };
  if (authority.expiredPasswords.has(user.id)) {
    if (isSilent) return refuse(errors.passwordExpired());
    if (answers.password !== 'update') return { kind: 'password-expired', user };
    authority.expiredPasswords.delete(user.id);
  }

  const before = accountBefore(authority, request, browser, answers, user);
  const withSecondFactor = answers.factor === 'approve' || before?.withSecondFactor === true;
  if (isSecondFactorNeeded(authority, request, user) && !withSecondFactor) {
    if (isSilent) return refuse(errors.secondFactorMissing());
    if (answers.factor === 'cancel')
      return { kind: 'refused', error: errors.signInCanceled(), subcode: 'cancel' };
    return { kind: 'second-factor', user, wasDenied: answers.factor === 'deny' };
  }
  const withExternalChallenge =
    answers.externalChallenge === 'accept' || before?.withExternalChallenge === true;
  const policy = request.claimsRequest.demandsExternalChallenge
    ? 'external-challenge'
    : unmetPolicy(authority, { withExternalChallenge });
  if (policy !== undefined && !(policy === 'external-challenge' && withExternalChallenge)) {
    if (isSilent) return refuse(refusalOf(policy));
    if (answers.externalChallenge === 'cancel') return { kind: 'canceled' };
    return policy === 'external-challenge'
      ? { kind: 'external-challenge', user }
      : { kind: 'blocked-by-policy', user, problem: refusalOf(policy) };
  }

  const isUnchanged =
    before?.withSecondFactor === withSecondFactor && before.withExternalChallenge === withExternalChallenge;
  const account = isUnchanged
    ? before
    : signIn(browser, user, { now: authority.now(), withSecondFactor, withExternalChallenge });
  return { kind: 'identified', account, tenantId };
}

/** Returns the account that is signed in in this browser, unless it may not be used for this request. */
function accountBefore(
  authority: Authority,
  request: AuthorizeRequest,
  browser: Browser,
  answers: Answers,
  user: User,
): SignedInAccount | undefined {
  const hasPicked = answers.account !== undefined || answers.username !== undefined;
  if (hasPicked && request.prompt === 'login') return undefined;
  const account = browser.accounts.get(user.id);
  if (account === undefined || isTooOld(authority, account.signedInAt)) return undefined;
  return isOlderThanAsked(authority, request, account.signedInAt) ? undefined : account;
}

function problemWith(
  authority: Authority,
  { tenant, registration }: AuthorizeRequest,
  user: User,
  tenantId: string,
): EntraError | undefined {
  if (authority.blockedUsers.has(user.id)) return errors.userDisabled();
  if (tenant.kind === 'one' && objectIdIn(user, tenantId) === undefined)
    return errors.userNotInTenant(user.username, tenant.tenant.name, registration);
  return undefined;
}

function isSecondFactorNeeded(authority: Authority, request: AuthorizeRequest, user: User): boolean {
  return (
    user.asksForSecondFactor ||
    authority.switches.secondFactorDemanded ||
    request.claimsRequest.demandsSecondFactor
  );
}
