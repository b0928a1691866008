import { isAdministratorOf } from '@entra-bff/directory';
import { type EmulatorRequest, isFromForeignPage, type Reply } from '@entra-bff/emulator-kit';
import { type Authority, findRegistration, issuerFor, parseTenant, tenantName } from './authority.ts';
import { showIdentityStep } from './authorize.ts';
import { type AuthorizeRequest, isAvailableIn, isSameAddress } from './authorize-request.ts';
import { parseClaimsRequest } from './claims-request.ts';
import { administratorNeededPage, organizationConsentPage } from './consent-pages.ts';
import { type EntraError, errors, reportError } from './errors.ts';
import { returnError, returnTo } from './return-to-app.ts';
import { parseScopes, scopeKey } from './scopes.ts';
import { identify } from './sign-in.ts';
import { findForm, isFormAnswer, parametersOf, readAnswers } from './sign-in-form.ts';
import { errorPage, type SignInPage } from './sign-in-pages.ts';

/**
 * The admin consent endpoint: an administrator grants permissions to an app for the whole organization.
 * @see https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
 */
export function handleAdminConsent(
  authority: Authority,
  tenantSegment: string,
  request: EmulatorRequest,
): Reply {
  if (isFormAnswer(request) && isFromForeignPage(request, authority.origin))
    return errorPage(authority, errors.requestMalformed('The form was sent by another site.'));
  const form = findForm(authority, request);
  const parameters = parametersOf(request, form);
  const parsed = parseAdminConsentRequest(authority, tenantSegment, parameters);
  if ('code' in parsed) return errorPage(authority, parsed, parameters);

  const page: SignInPage = {
    authority,
    request: parsed,
    browser: authority.browsers.open(request.headers),
    answers: readAnswers(form),
    action: request.path,
    query: parameters.toString(),
  };
  const reply = answer(page);
  return { ...reply, headers: { ...reply.headers, ...authority.browsers.keep(page.browser) } };
}

function answer(page: SignInPage): Reply {
  const { authority, request, browser, answers } = page;
  const step = identify(authority, request, browser, answers);
  if (step.kind !== 'identified') return showIdentityStep(page, step);
  const { tenantId } = step;
  const { user } = step.account;
  const permissions = request.scopes.map((scope) => scope.permission);

  if (!isAdministratorOf(user, tenantId))
    return answers.decision === undefined
      ? administratorNeededPage(page, { user, permissions })
      : returnError(authority, request, errors.administratorMustConsent());
  // Entra ID sends `admin_consent=True` with an error too, so the parameter alone proves nothing.
  const outcome = { admin_consent: 'True', tenant: tenantId, state: request.state };
  if (answers.decision === 'decline') {
    const { error } = errors.administratorDeclined();
    const { description } = reportError(errors.administratorDeclined(), authority.now());
    return returnTo(authority, request, { error, error_description: description, ...outcome });
  }
  if (answers.decision !== 'accept') return organizationConsentPage(page, { user, permissions });

  const scopes = request.scopes.map(scopeKey);
  authority.consents.grant({ tenantId, clientId: request.registration.clientId, scopes });
  return returnTo(authority, request, { ...outcome, scope: scopes.join(' ') });
}

/** Returns the request in the shape that the sign-in pages use. Errors are shown on a page, because no address may be redirected to. */
function parseAdminConsentRequest(
  authority: Authority,
  tenantSegment: string,
  parameters: URLSearchParams,
): AuthorizeRequest | EntraError {
  const tenant = parseTenant(authority, tenantSegment);
  if (tenant === undefined) return errors.tenantUnknown(tenantSegment);
  const clientId = parameters.get('client_id') ?? '';
  if (clientId === '') return errors.parameterMissing('client_id');
  const registration = findRegistration(authority, clientId);
  if (registration === undefined || !isAvailableIn(registration, tenant))
    return errors.clientUnknown(clientId);
  const redirectUri = parameters.get('redirect_uri') ?? '';
  if (!registration.redirectUris.some((registered) => isSameAddress(registered, redirectUri)))
    return errors.redirectUriUnknown(redirectUri, clientId);
  const scope = parameters.get('scope') ?? '';
  if (scope === '') return errors.parameterMissing('scope');
  const { scopes, unknown, unknownApi } = parseScopes(authority.directory, scope);
  if (unknownApi !== undefined) return errors.apiUnknown(unknownApi, tenantName(tenant));
  if (unknown.length > 0) return errors.scopeUnknown(unknown.join(' '), registration);
  const claimsRequest = parseClaimsRequest(undefined);
  if (claimsRequest === undefined) throw new Error('No claims are a claims request.');
  return {
    tenant,
    registration,
    redirectUri,
    responseMode: 'query',
    state: parameters.get('state') ?? undefined,
    issuer: issuerFor(authority, tenant),
    scope,
    scopes,
    claimsRequest,
    nonce: undefined,
    codeChallenge: undefined,
    prompt: undefined,
    maxAgeSeconds: undefined,
    loginHint: parameters.get('login_hint') ?? undefined,
    domainHint: undefined,
    claims: undefined,
    asksForClientInfo: false,
  };
}
