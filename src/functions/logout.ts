import type { Logout } from '../shared/auth/logout.ts';
import { BffError } from '../shared/errors.ts';
import type { CookieNames } from '../shared/http/cookies.ts';
import { isForm, requireOwnForm } from '../shared/http/cross-site.ts';
import { documentResponse } from '../shared/http/document.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { requireQuery } from '../shared/http/query.ts';
import { type BffRequest, canDropBounce, mayBounce } from '../shared/http/request.ts';
import { type BffResponse, jsonResponse, redirectResponse } from '../shared/http/response.ts';
import { signedOutCookies } from '../shared/http/transaction-cookies.ts';
import { bouncePage, withoutBounce } from '../shared/pages/bounce-page.ts';
import { logoutPage, logoutPendingPage, signedOutPage } from '../shared/pages/logout-page.ts';
import type { Present, Presentation } from '../shared/pages/presentation.ts';
import type { Caller } from '../shared/session/caller.ts';

export interface LogoutFunctionDependencies {
  readonly flow: Logout;
  readonly names: CookieNames;
  readonly origin: string;
  readonly entraOrigin: string;
  /** Lifetime of the cookie with which a sign-out is completed later. */
  readonly pendingSeconds: number;
  readonly present: Present;
}

/** GET shows a page with a form, or that the user is signed out. POST, from the form or a script, ends the session. */
export const logout =
  ({
    flow,
    names,
    origin,
    entraOrigin,
    pendingSeconds,
    present,
  }: LogoutFunctionDependencies): Handler<Caller | undefined> =>
  async (request, { caller, log }) => {
    const cookieValue = request.cookies.get(names.session);
    const presentation = present(request.header('accept-language'));
    if (request.method === 'GET') {
      requireQuery(request.query);
      // The marker `bounced=1` is removed only if the page cannot bounce again. Otherwise it would bounce without end.
      const cannotBounce = cookieValue !== undefined || request.header('sec-fetch-site') === 'same-origin';
      if (cannotBounce && canDropBounce(request))
        return redirectResponse(withoutBounce(request.routePath, request.rawQuery));
      // A navigation from another site carries no Strict cookie, so the page is loaded once more to get the cookie.
      if (cookieValue === undefined && mayBounce(request))
        return documentResponse(bouncePage(presentation, request.routePath, request.rawQuery));
      return documentResponse(
        cookieValue !== undefined && flow.isOwnCookie(cookieValue)
          ? logoutPage(presentation, {
              name: caller?.name,
              formToken: flow.formToken(cookieValue),
              entraOrigin,
            })
          : signedOutPage(presentation),
      );
    }
    const byForm = isForm(request);
    if (byForm) {
      requireOwnForm(request, origin);
      if (cookieValue !== undefined) requireFormToken(flow, await readFormToken(request), cookieValue);
    }
    const outcome = await flow.end(cookieValue, caller, log);
    const cookies = signedOutCookies(names);
    if (outcome.kind === 'done') {
      return {
        ...(byForm ? redirectResponse(outcome.logoutUrl) : jsonResponse({ logout_url: outcome.logoutUrl })),
        cookies,
      };
    }
    cookies.push({
      name: names.logoutPending,
      value: outcome.pendingCookieValue,
      maxAgeSeconds: pendingSeconds,
    });
    return {
      ...(byForm ? pendingPage(presentation, outcome.logoutUrl) : pendingJson(outcome.logoutUrl)),
      cookies,
    };
  };

const MAX_FORM_BYTES = 4096;

async function readFormToken(request: BffRequest): Promise<string> {
  const body = await request.body(MAX_FORM_BYTES);
  if (body === undefined) throw new BffError('body_too_large', { detail: 'The form is too large.' });
  return new URLSearchParams(Buffer.from(body).toString('utf8')).get('form_token') ?? '';
}

/** @throws {BffError} cross_site_request */
function requireFormToken(flow: Logout, formToken: string, cookieValue: string): void {
  if (flow.isFormToken(formToken, cookieValue)) return;
  throw new BffError('cross_site_request', {
    rules: ['form-token'],
    detail: 'This form is not for the session of this browser. Load it again.',
  });
}

function pendingPage(presentation: Presentation, logoutUrl: string): BffResponse {
  return documentResponse(logoutPendingPage(presentation, logoutUrl), { 'retry-after': '30' });
}

/** The browser is signed out, but the session's row is not deleted yet. */
function pendingJson(logoutUrl: string): BffResponse {
  return jsonResponse({ logout_url: logoutUrl, complete: false });
}
