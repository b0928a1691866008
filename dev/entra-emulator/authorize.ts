import type { Authority } from './authority.ts';
import { parseAuthorizeRequest } from './authorize-request.ts';
import { errors } from './errors.ts';
import { type EmulatorRequest, isFromForeignPage, type Reply } from './http.ts';
import { returnCode, returnError } from './return-to-app.ts';
import { nextStep, type Step } from './sign-in.ts';
import {
  administratorNeededPage,
  consentPage,
  errorPage,
  pickAccountPage,
  type SignInPage,
  secondFactorPage,
  unusableAccountPage,
} from './sign-in-pages.ts';

/** True for an answer given on one of the sign-in pages, false for an app's request. */
export const isAnswer = (request: EmulatorRequest): boolean =>
  request.method === 'POST' && request.form.has('request');

/** The authorize endpoint. Nothing is kept between its pages: each form carries the app's request and the answers. */
export const handleAuthorize = (
  authority: Authority,
  tenantSegment: string,
  request: EmulatorRequest,
): Reply => {
  const form = isAnswer(request) ? request.form : new URLSearchParams();
  if (isAnswer(request) && isFromForeignPage(request, authority.origin))
    return errorPage(authority, errors.requestMalformed('The form was sent by another site.'));

  const parameters = parametersOf(request);
  const parsed = parseAuthorizeRequest(authority, tenantSegment, parameters);
  if (parsed.kind === 'page') return errorPage(authority, parsed.error);
  if (parsed.kind === 'redirect') return returnError(authority, parsed.to, parsed.error);

  const get = (name: string): string | undefined => form.get(name) || undefined;
  const page: SignInPage = {
    authority,
    request: parsed.request,
    browser: authority.browsers.open(request.headers),
    answers: {
      account: get('account'),
      username: get('username'),
      factor: get('factor'),
      decision: get('decision'),
      forOrganization: get('organization') === 'yes',
    },
    action: request.path,
    query: parameters.toString(),
  };
  const reply = show(page, nextStep(authority, page.request, page.browser, page.answers));
  return {
    ...reply,
    headers: {
      ...reply.headers,
      ...authority.browsers.keep(page.browser),
      // Entra isolates its pages: a popup's opener loses sight of it as soon as it gets here.
      'cross-origin-opener-policy': 'same-origin',
    },
  };
};

const parametersOf = (request: EmulatorRequest): URLSearchParams => {
  if (isAnswer(request)) return new URLSearchParams(request.form.get('request') ?? '');
  return request.method === 'POST' ? request.form : request.query;
};

const show = (page: SignInPage, step: Step): Reply => {
  switch (step.kind) {
    case 'pick-account':
      return pickAccountPage(page, step);
    case 'unusable-account':
      return unusableAccountPage(page, step);
    case 'second-factor':
      return secondFactorPage(page, step);
    case 'consent':
      return consentPage(page, step);
    case 'administrator-needed':
      return administratorNeededPage(page, step);
    case 'refused':
      return returnError(page.authority, page.request, step.error, step.subcode);
    case 'signed-in':
      return returnCode(page.authority, page.request, step.account, step.tenantId);
  }
};
