import { type EmulatorRequest, isFromForeignPage, type Reply } from '@entra-bff/emulator-kit';
import { approvalNeededPage, approvalRequestedPage } from './approval-pages.ts';
import type { Authority } from './authority.ts';
import { parseAuthorizeRequest } from './authorize-request.ts';
import { administratorNeededPage, consentPage } from './consent-pages.ts';
import { nextStep, type Step } from './consent-step.ts';
import { errors } from './errors.ts';
import type { IdentityStep } from './identity-step.ts';
import {
  blockedByPolicyPage,
  externalChallengePage,
  passwordExpiredPage,
  secondFactorPage,
} from './proof-pages.ts';
import { returnCanceled, returnCode, returnError } from './return-to-app.ts';
import { findForm, isFormAnswer, parametersOf, readAnswers, redirectToNextPage } from './sign-in-form.ts';
import { errorPage, pickAccountPage, type SignInPage, unusableAccountPage } from './sign-in-pages.ts';

/**
 * The authorize endpoint. Each form of its pages carries the app's request and the answers so far. A form is answered by a
 * redirect to the next page, so that the user can reload that page and go back to it.
 */
export function handleAuthorize(
  authority: Authority,
  tenantSegment: string,
  request: EmulatorRequest,
): Reply {
  if (isFormAnswer(request) && isFromForeignPage(request, authority.origin))
    return errorPage(authority, errors.requestMalformed('The form was sent by another site.'));

  const form = findForm(authority, request);
  const parameters = parametersOf(request, form);
  const parsed = parseAuthorizeRequest(authority, tenantSegment, parameters);
  if (parsed.kind === 'page') return errorPage(authority, parsed.error, parameters);
  if (parsed.kind === 'redirect') return returnError(authority, parsed.to, parsed.error);

  const page: SignInPage = {
    authority,
    request: parsed.request,
    browser: authority.browsers.open(request.headers),
    answers: readAnswers(form),
    action: request.path,
    query: parameters.toString(),
  };
  const step = nextStep(authority, page.request, page.browser, page.answers);
  const isNextPage = isFormAnswer(request) && !returnsToApp(step);
  const reply = isNextPage ? redirectToNextPage(authority, request) : show(page, step);
  return { ...reply, headers: { ...reply.headers, ...authority.browsers.keep(page.browser) } };
}

function returnsToApp({ kind }: Step): boolean {
  return kind === 'signed-in' || kind === 'canceled' || kind === 'refused';
}

function show(page: SignInPage, step: Step): Reply {
  switch (step.kind) {
    case 'consent':
      return consentPage(page, step);
    case 'administrator-needed':
      return administratorNeededPage(page, step);
    case 'approval-needed':
      return approvalNeededPage(page, step);
    case 'approval-requested':
      return approvalRequestedPage(page, step);
    case 'signed-in':
      return returnCode(page.authority, page.request, step.account, step.tenantId);
    default:
      return showIdentityStep(page, step);
  }
}

/** Shows the steps that identify the user. */
export function showIdentityStep(page: SignInPage, step: IdentityStep): Reply {
  switch (step.kind) {
    case 'pick-account':
      return pickAccountPage(page, step);
    case 'unusable-account':
      return unusableAccountPage(page, step);
    case 'blocked-by-policy':
      return blockedByPolicyPage(page, step);
    case 'password-expired':
      return passwordExpiredPage(page, step);
    case 'second-factor':
      return secondFactorPage(page, step);
    case 'external-challenge':
      return externalChallengePage(page, step);
    case 'canceled':
      return returnCanceled(page.authority, page.request);
    case 'refused':
      return returnError(page.authority, page.request, step.error, step.subcode);
  }
}
