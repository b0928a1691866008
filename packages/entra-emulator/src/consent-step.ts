import { isAdministratorOf, type Permission, type User } from '@entra-bff/directory';
import type { Authority } from './authority.ts';
import type { AuthorizeRequest } from './authorize-request.ts';
import type { Browser, SignedInAccount } from './browsers.ts';
import { type EntraError, errors } from './errors.ts';
import type { IdentityStep } from './identity-step.ts';
import { type RequestedScope, scopeKey } from './scopes.ts';
import { identify } from './sign-in.ts';
import type { Answers } from './sign-in-form.ts';

interface Asked {
  readonly user: User;
  readonly permissions: readonly Permission[];
}

/** The page to show next, or how the sign-in ended. */
export type Step =
  | IdentityStep
  | (Asked & { readonly kind: 'consent'; readonly mayDecideForOrganization: boolean })
  | (Asked & { readonly kind: 'administrator-needed' })
  /** Like `administrator-needed`, if the organization accepts requests. */
  | (Asked & { readonly kind: 'approval-needed' })
  | (Asked & { readonly kind: 'approval-requested' })
  | { readonly kind: 'signed-in'; readonly account: SignedInAccount; readonly tenantId: string };

/** Decides the next step of a sign-in: first identify the user, then ask for consent. */
export function nextStep(
  authority: Authority,
  request: AuthorizeRequest,
  browser: Browser,
  answers: Answers,
): Step {
  const step = identify(authority, request, browser, answers);
  return step.kind === 'identified'
    ? askForConsent(authority, request, answers, step.account, step.tenantId)
    : step;
}

function askForConsent(
  authority: Authority,
  request: AuthorizeRequest,
  answers: Answers,
  account: SignedInAccount,
  tenantId: string,
): Step {
  const { user } = account;
  const { registration, prompt } = request;
  const signedIn: Step = { kind: 'signed-in', account, tenantId };
  const missing = missingConsents(authority, request, tenantId, user);
  // A user who declines declines, even if consent was given in another tab in the meantime.
  if (missing.length === 0 && prompt !== 'consent' && answers.decision !== 'decline') return signedIn;
  if (prompt === 'none') return { kind: 'refused', error: errors.consentMissingSilently(registration) };

  const isAdministrator = isAdministratorOf(user, tenantId);
  const permissions = (prompt === 'consent' ? request.scopes : missing).map((scope) => scope.permission);
  const isReserved = ({ permission }: RequestedScope): boolean =>
    permission.administratorMustConsent || authority.switches.onlyAdministratorsConsent;
  if (!isAdministrator && missing.some(isReserved))
    return askAdministrator(authority, answers, {
      user,
      permissions,
      tenantId,
      clientId: registration.clientId,
      scopes: request.scopes.map(scopeKey),
    });
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
}

/** This user cannot consent. The user returns to the app without consent or requests approval from an administrator. */
function askAdministrator(
  { switches, approvals }: Authority,
  answers: Answers,
  asked: Asked & { tenantId: string; clientId: string; scopes: readonly string[] },
): Step {
  const { user, permissions, tenantId, clientId, scopes } = asked;
  const { approvalCanBeRequested } = switches;
  if (approvalCanBeRequested && answers.decision === 'request') {
    const { justification } = answers;
    approvals.add({ tenantId, clientId, userId: user.id, scopes, justification });
    return { kind: 'approval-requested', user, permissions };
  }
  if (answers.decision === undefined)
    return { kind: approvalCanBeRequested ? 'approval-needed' : 'administrator-needed', user, permissions };
  if (switches.administratorNeededAnswer === 'cancel') return { kind: 'canceled' };
  const error: EntraError = approvalCanBeRequested
    ? errors.approvalMustBeRequested()
    : errors.administratorMustConsent();
  return { kind: 'refused', error };
}

function missingConsents(
  authority: Authority,
  { registration, scopes }: AuthorizeRequest,
  tenantId: string,
  user: User,
): RequestedScope[] {
  if (authority.switches.consentWithdrawn) return [...scopes];
  const consented = authority.consents.grantedTo({
    tenantId,
    clientId: registration.clientId,
    userId: user.id,
  });
  return scopes.filter((scope) => !consented.has(scopeKey(scope)));
}
