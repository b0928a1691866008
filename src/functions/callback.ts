import type { Callback } from '../shared/auth/callback.ts';
import type { LoginRequest, TransactionCookie } from '../shared/auth/login-transaction.ts';
import { ADMIN_CONSENT_STATE } from '../shared/entra/authority.ts';
import { BffError } from '../shared/errors.ts';
import type { CookieNames, CookieToSet } from '../shared/http/cookies.ts';
import { refuseSpeculation } from '../shared/http/cross-site.ts';
import { readDeviceLabel } from '../shared/http/device-label.ts';
import { documentResponse } from '../shared/http/document.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { problemHeaders, problemResponse } from '../shared/http/problem.ts';
import { type Query, requireQuery } from '../shared/http/query.ts';
import { type BffRequest, isBounced, prefersHtml } from '../shared/http/request.ts';
import { type BffResponse, redirectResponse } from '../shared/http/response.ts';
import { readTransactionCookies, transactionCookie } from '../shared/http/transaction-cookies.ts';
import { adminConsentPage } from '../shared/pages/admin-consent-page.ts';
import { bouncePage } from '../shared/pages/bounce-page.ts';
import { errorPage } from '../shared/pages/error-page.ts';
import { html } from '../shared/pages/html.ts';
import { popupPage } from '../shared/pages/popup-page.ts';
import type { Present, Presentation } from '../shared/pages/presentation.ts';
import {
  describeCompletedSignIn,
  describeSignInFailure,
  type SignInFailureView,
  signInFailurePopup,
} from '../shared/pages/sign-in-failure.ts';
import type { Caller } from '../shared/session/caller.ts';

/** Shows that the user is signed out, or asks before signing out. */
const logoutPath = '/api/auth/logout';

export interface CallbackFunctionDependencies {
  readonly flow: Callback;
  readonly names: CookieNames;
  /** URL at which an administrator can grant the permissions that this sign-in requests. */
  readonly adminConsentUrl: (request: LoginRequest) => string;
  readonly present: Present;
}

/** The redirect URI, to which Microsoft Entra ID returns the browser. Completes the sign-in, or shows why it failed. */
export const callback =
  ({ flow, names, adminConsentUrl, present }: CallbackFunctionDependencies): Handler<Caller | undefined> =>
  async (request, { caller, log }) => {
    refuseSpeculation(request);
    const query = requireQuery(request.query);
    requireCodeResponse(query);
    // Entra ID returns the browser here without parameters after a sign-out.
    if (query.size === 0) return redirectResponse(logoutPath);
    const presentation = present(request.header('accept-language'));
    if (query.get('state') === ADMIN_CONSENT_STATE) {
      const isApproved = query.get('admin_consent') === 'True' && !query.has('error');
      return documentResponse(adminConsentPage(presentation, isApproved));
    }
    const outcome = await flow.finish(
      {
        query: {
          state: query.get('state'),
          code: query.get('code'),
          error: query.get('error'),
          errorDescription: query.get('error_description'),
          errorSubcode: query.get('error_subcode'),
          issuer: query.get('iss'),
          bounced: isBounced(request),
        },
        caller,
        cookies: readTransactionCookies(request.cookies, names),
        device: await readDeviceLabel(request.header('user-agent')),
      },
      log,
    );
    if (outcome.kind === 'bounce') {
      return documentResponse(bouncePage(presentation, request.routePath, request.rawQuery));
    }
    const setCookies = (...cookies: readonly (TransactionCookie | undefined)[]) =>
      cookies.flatMap((cookie) => (cookie === undefined ? [] : [transactionCookie(cookie, names)]));
    switch (outcome.kind) {
      case 'signed-in': {
        const { cookieValue, maxAgeSeconds, finished } = outcome;
        return returnToApp(presentation, outcome.loginRequest, [
          { name: names.session, value: cookieValue, maxAgeSeconds },
          ...setCookies(finished),
        ]);
      }
      case 'already-signed-in':
        return returnToApp(presentation, outcome.loginRequest, setCookies(outcome.finished));
      case 'restarted': {
        const { finished, login } = outcome;
        const isOverwritten = finished.slot === login.started.slot;
        return redirectResponse(
          login.location,
          setCookies(isOverwritten ? undefined : finished, login.started),
        );
      }
      case 'no-longer-signed-in': {
        const view = describeCompletedSignIn(outcome.loginRequest);
        return failureResponse(presentation, request, view, undefined);
      }
      case 'failed': {
        const { loginRequest, failure, finished } = outcome;
        const view = describeSignInFailure(failure, loginRequest, {
          adminConsentUrl: adminConsentUrl(loginRequest),
          hasSession: caller !== undefined,
        });
        return {
          ...failureResponse(presentation, request, view, loginRequest.popupId),
          cookies: setCookies(finished),
        };
      }
    }
  };

/** After a sign-in, returns to the page that the user came from. A popup reports the result to the app that opened it. */
function returnToApp(
  presentation: Presentation,
  { popupId, feature, returnPath }: LoginRequest,
  cookies: readonly CookieToSet[],
): BffResponse {
  if (popupId === undefined) return redirectResponse(returnPath, cookies);
  const message = { id: popupId, outcome: 'signed_in', ...(feature === undefined ? {} : { feature }) };
  const { text } = presentation;
  const page = popupPage(presentation, message, {
    title: text('popup.title'),
    detail: html`<p>${text('popup.text')}</p>`,
    backHref: returnPath,
  });
  return { ...documentResponse(page), cookies };
}

/**
 * In a popup, the response is a page that sends a message to the app. Otherwise it is an error page, or a problem document
 * if the client does not prefer HTML.
 */
function failureResponse(
  presentation: Presentation,
  request: BffRequest,
  failure: SignInFailureView,
  popupId: string | undefined,
): BffResponse {
  const { error } = failure;
  const { invocationId } = request;
  if (popupId !== undefined) {
    return documentResponse(signInFailurePopup(presentation, failure, popupId, invocationId));
  }
  if (!prefersHtml(request.header('accept'))) return problemResponse(error, invocationId);
  return documentResponse(errorPage(presentation, error, invocationId, failure), problemHeaders(error));
}

/** Accepts at most one code or one error, and no tokens. @throws {BffError} request_invalid */
function requireCodeResponse(query: Query): void {
  // A server in front of the app may join repeated parameters with a comma. Entra ID's `code` and `error` never contain
  // a comma.
  if (`${query.get('code') ?? ''}${query.get('error') ?? ''}`.includes(',')) {
    throw new BffError('request_invalid', { detail: 'The response contains more than one code or error.' });
  }
  if (query.has('code') && query.has('error')) {
    throw new BffError('request_invalid', { detail: 'The response contains both a code and an error.' });
  }
  if (query.has('id_token') || query.has('access_token')) {
    throw new BffError('request_invalid', { detail: 'Tokens are not accepted in a URL.' });
  }
}
