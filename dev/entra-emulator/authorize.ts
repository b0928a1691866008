import type { Authority } from './authority.ts';
import { type AuthorizeRequest, parseAuthorizeRequest, type ReturnAddress } from './authorize-request.ts';
import { type Browser, browserCookie } from './browsers.ts';
import { type EntraError, errors, reportError } from './errors.ts';
import { html } from './html.ts';
import { type EmulatorRequest, isFromForeignPage, type Reply, redirectTo } from './http.ts';
import { pageReply } from './page.ts';
import { nextStep, type Step } from './sign-in.ts';
import {
  administratorNeededPage,
  consentPage,
  errorPage,
  pickAccountPage,
  type SignInPage,
  secondFactorPage,
  wrongTenantPage,
} from './sign-in-pages.ts';
import { createClientInfo } from './tokens.ts';

const codeLifetimeMs = 10 * 60 * 1000; // Entra's 10 minutes

/** The authorize endpoint. A GET is the app's request, a POST an answer given on one of the pages. */
export const handleAuthorize = (
  authority: Authority,
  tenantSegment: string,
  request: EmulatorRequest,
): Reply => {
  const isAnswer = request.method === 'POST' && request.form.has('request');
  if (isAnswer && isFromForeignPage(request, authority.origin))
    return errorPage(
      authority,
      errors.requestMalformed('Invalid request. The form was sent by another site.'),
    );
  const parameters = isAnswer
    ? new URLSearchParams(request.form.get('request') ?? '')
    : request.method === 'POST'
      ? request.form
      : request.query;

  const parsed = parseAuthorizeRequest(authority, tenantSegment, parameters);
  if (parsed.kind === 'page') return errorPage(authority, parsed.error);
  if (parsed.kind === 'redirect') return returnError(authority, parsed.to, parsed.error);

  const browser = authority.browsers.open(request.headers);
  const get = (name: string): string | undefined =>
    isAnswer ? request.form.get(name) || undefined : undefined;
  const answers = {
    account: get('account'),
    username: get('username'),
    factor: get('factor'),
    decision: get('decision'),
    forOrganization: get('organization') === 'yes',
  };
  const page: SignInPage = {
    authority,
    request: parsed.request,
    browser,
    answers,
    action: request.path,
    query: parameters.toString(),
  };
  const reply = show(page, nextStep(authority, parsed.request, browser, answers));
  return { ...reply, headers: { ...reply.headers, 'set-cookie': browserCookie(browser), ...isolation } };
};

// Entra isolates its pages: a popup's opener loses sight of it as soon as it gets here.
const isolation = { 'cross-origin-opener-policy': 'same-origin' };

const show = (page: SignInPage, step: Step): Reply => {
  switch (step.kind) {
    case 'pick-account':
      return pickAccountPage(page, step);
    case 'second-factor':
      return secondFactorPage(page, step);
    case 'consent':
      return consentPage(page, step);
    case 'administrator-needed':
      return administratorNeededPage(page, step);
    case 'wrong-tenant':
      return wrongTenantPage(page, step);
    case 'refused':
      return returnError(page.authority, page.request, step.error, step.subcode);
    case 'signed-in':
      return returnCode(page.authority, page.request, page.browser, step);
  }
};

const returnCode = (
  authority: Authority,
  request: AuthorizeRequest,
  browser: Browser,
  { account, tenantId }: Extract<Step, { kind: 'signed-in' }>,
): Reply => {
  const { registration, redirectUri } = request;
  const appOrigin = new URL(redirectUri).origin;
  account.apps.set(`${registration.clientId} ${appOrigin}`, { clientId: registration.clientId, appOrigin });
  const grant = {
    registration,
    tenantId,
    user: account.user,
    sid: account.sid,
    signedInAt: account.signedInAt,
    withSecondFactor: account.withSecondFactor,
    scope: request.scope,
    isRevoked: false,
  };
  const code = authority.grants.addCode({
    grant,
    redirectUri,
    nonce: request.nonce,
    codeChallenge: request.codeChallenge,
    claims: request.claims,
    expiresAt: new Date(authority.now().getTime() + codeLifetimeMs),
  });
  return returnTo(authority, request, {
    code,
    ...(request.asksForClientInfo ? { client_info: createClientInfo(grant) } : {}),
    state: request.state,
    session_state: browser.accounts.get(account.user.id)?.sid,
  });
};

const returnError = (authority: Authority, to: ReturnAddress, error: EntraError, subcode?: string): Reply =>
  returnTo(authority, to, {
    error: error.error,
    error_subcode: subcode,
    error_description: reportError(error, authority.now()).description,
    error_uri: `${authority.origin}/error?code=${error.code}`,
    state: to.state,
  });

const returnTo = (
  authority: Authority,
  to: ReturnAddress,
  values: Record<string, string | undefined>,
): Reply => {
  const honest = new URL(to.redirectUri);
  for (const [name, value] of Object.entries(values))
    if (value !== undefined) honest.searchParams.set(name, value);
  const url = authority.intercept.authorizeRedirect?.(honest) ?? honest;
  if (to.responseMode === 'query') return redirectTo(url.href);
  if (to.responseMode === 'fragment') {
    const parameters = url.search.slice(1);
    url.search = '';
    url.hash = parameters;
    return redirectTo(url.href);
  }
  return formPostPage(url);
};

const formPostPage = (url: URL): Reply => {
  const fields = [...url.searchParams].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  return pageReply({
    title: 'Working',
    script: 'document.forms[0].submit()',
    content: html`
<h1>Working…</h1>
<form method="post" action="${url.origin}${url.pathname}">
${fields}
<p class="quiet">You are being sent back to the app.</p>
<div class="actions"><button class="primary">Continue</button></div>
</form>`,
  });
};
