import { html, pageReply, type Reply, redirectTo } from '@entra-bff/emulator-kit';
import { type Authority, issuerOf } from './authority.ts';
import type { AuthorizeRequest, ReturnAddress } from './authorize-request.ts';
import type { SignedInAccount } from './browsers.ts';
import { type EntraError, reportError } from './errors.ts';
import type { Grant } from './grants.ts';
import { createClientInfo } from './tokens.ts';

const codeLifetimeMs = 10 * 60 * 1000; // Entra's 10 minutes

/** Returns to the app with an authorization code. */
export function returnCode(
  authority: Authority,
  request: AuthorizeRequest,
  account: SignedInAccount,
  tenantId: string,
): Reply {
  const { registration, redirectUri } = request;
  const appOrigin = new URL(redirectUri).origin;
  account.apps.set(`${registration.clientId} ${appOrigin}`, { clientId: registration.clientId, appOrigin });
  const grant: Grant = {
    registration,
    tenantId,
    user: account.user,
    sid: account.sid,
    signedInAt: account.signedInAt,
    withSecondFactor: account.withSecondFactor,
    withExternalChallenge: account.withExternalChallenge,
    idTokenContexts: request.claimsRequest.idTokenContexts,
    scope: request.scope,
    ending: undefined,
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
    client_info: request.asksForClientInfo ? createClientInfo(grant) : undefined,
    state: request.state,
    session_state: account.sid,
    iss: issuerInResponse(authority, issuerOf(authority, tenantId)),
  });
}

/** Returns to the app with an error. */
export function returnError(
  authority: Authority,
  to: ReturnAddress,
  error: EntraError,
  subcode?: string,
): Reply {
  return returnTo(authority, to, {
    error: error.error,
    error_subcode: subcode,
    error_description: reportError(error, authority.now()).description,
    state: to.state,
    iss: issuerInResponse(authority, to.issuer),
  });
}

/** Returns to the app as Entra ID does after "Back": with a subcode, but without number and text. */
export function returnCanceled(authority: Authority, to: ReturnAddress): Reply {
  return returnTo(authority, to, {
    error: 'access_denied',
    error_subcode: 'cancel',
    state: to.state,
    iss: issuerInResponse(authority, to.issuer),
  });
}

/** Entra ID sends no `iss`. @see RFC 9207 */
function issuerInResponse(authority: Authority, issuer: string): string | undefined {
  switch (authority.switches.issuerInResponse) {
    case 'absent':
      return undefined;
    case 'right':
      return issuer;
    case 'wrong':
      return issuerOf(authority, '00000000-0000-0000-0000-000000000000');
  }
}

/** Returns to the app with these parameters, in the requested response mode. */
export function returnTo(
  authority: Authority,
  to: ReturnAddress,
  values: Record<string, string | undefined>,
): Reply {
  const honest = new URL(to.redirectUri);
  for (const [name, value] of Object.entries(values))
    if (value !== undefined) honest.searchParams.set(name, value);
  const url = authority.intercept.authorizeRedirect?.(honest) ?? honest;
  switch (to.responseMode) {
    case 'query':
      return redirectTo(url.href);
    case 'fragment':
      return redirectTo(`${url.origin}${url.pathname}#${url.searchParams}`);
    case 'form_post':
      return formPostPage(url);
  }
}

function formPostPage(url: URL): Reply {
  const fields = [...url.searchParams].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  return pageReply({
    title: 'Working',
    script: 'document.forms[0].submit()',
    content: html`
<h1>Working…</h1>
<p class="quiet">Returning to the app.</p>
<form method="post" action="${url.origin}${url.pathname}">
${fields}
<div class="actions"><button class="primary">Continue</button></div>
</form>`,
  });
}
