import type { Registration } from '@entra-bff/directory';
import {
  type Authority,
  findRegistration,
  issuerFor,
  parseTenant,
  type TenantChoice,
  tenantName,
} from './authority.ts';
import { type ClaimsRequest, parseClaimsRequest } from './claims-request.ts';
import { type EntraError, errors } from './errors.ts';
import { parseScopes, type RequestedScope } from './scopes.ts';

type ResponseMode = 'query' | 'fragment' | 'form_post';
type Prompt = 'login' | 'select_account' | 'consent' | 'none';

/** Where the response goes. The address is registered for the app. */
export interface ReturnAddress {
  readonly redirectUri: string;
  readonly responseMode: ResponseMode;
  readonly state: string | undefined;
  /** The issuer of the response, before the user's tenant is known. */
  readonly issuer: string;
}

/** A valid authorize request. */
export type AuthorizeRequest = ReturnAddress & {
  readonly tenant: TenantChoice;
  readonly registration: Registration;
  readonly scope: string;
  readonly scopes: readonly RequestedScope[];
  readonly nonce: string | undefined;
  readonly codeChallenge: string | undefined;
  readonly prompt: Prompt | undefined;
  /** The maximum age of the sign-in. */
  readonly maxAgeSeconds: number | undefined;
  readonly loginHint: string | undefined;
  readonly domainHint: string | undefined;
  readonly claims: string | undefined;
  readonly claimsRequest: ClaimsRequest;
  readonly asksForClientInfo: boolean;
};

export type ParsedAuthorizeRequest =
  | { readonly kind: 'valid'; readonly request: AuthorizeRequest }
  /** No redirect is safe, because the app or its address is unknown. */
  | { readonly kind: 'page'; readonly error: EntraError }
  | { readonly kind: 'redirect'; readonly to: ReturnAddress; readonly error: EntraError };

const prompts: readonly string[] = ['login', 'select_account', 'consent', 'none'] satisfies Prompt[];
const isPrompt = (value: string): value is Prompt => prompts.includes(value);

const responseModes: readonly string[] = ['query', 'fragment', 'form_post'] satisfies ResponseMode[];
const isResponseMode = (value: string): value is ResponseMode => responseModes.includes(value);

export function parseAuthorizeRequest(
  authority: Authority,
  tenantSegment: string,
  parameters: URLSearchParams,
): ParsedAuthorizeRequest {
  const get = (name: string): string | undefined => parameters.get(name) || undefined;
  const onPage = (error: EntraError): ParsedAuthorizeRequest => ({ kind: 'page', error });

  const tenant = parseTenant(authority, tenantSegment);
  if (tenant === undefined) return onPage(errors.tenantUnknown(tenantSegment));
  const clientId = get('client_id');
  if (clientId === undefined) return onPage(errors.parameterMissing('client_id'));
  const registration = findRegistration(authority, clientId);
  if (registration === undefined || !isAvailableIn(registration, tenant))
    return onPage(errors.clientUnknown(clientId));
  if (tenant.kind === 'any' && registration.accounts === 'this-tenant')
    return onPage(errors.notMultiTenant(registration));
  const redirectUri = get('redirect_uri') ?? '';
  if (!registration.redirectUris.some((registered) => isSameAddress(registered, redirectUri)))
    return onPage(errors.redirectUriUnknown(redirectUri, clientId));

  const responseMode = get('response_mode') ?? 'query';
  const to: ReturnAddress = {
    redirectUri,
    responseMode: isResponseMode(responseMode) ? responseMode : 'query',
    state: get('state'),
    issuer: issuerFor(authority, tenant),
  };
  const onRedirect = (error: EntraError): ParsedAuthorizeRequest => ({ kind: 'redirect', to, error });

  const responseType = get('response_type') ?? '';
  if (responseType !== 'code') return onRedirect(errors.responseTypeUnknown(responseType));
  if (!isResponseMode(responseMode))
    return onRedirect(errors.requestMalformed(`The response_mode '${responseMode}' is not supported.`));
  const prompt = get('prompt');
  if (prompt !== undefined && !isPrompt(prompt)) return onRedirect(errors.promptUnknown(prompt));
  const maxAge = get('max_age');
  if (maxAge !== undefined && !/^\d{1,9}$/.test(maxAge))
    return onRedirect(errors.requestMalformed('The max_age must be a number of seconds.'));
  const scope = get('scope');
  if (scope === undefined) return onRedirect(errors.parameterMissing('scope'));
  const { scopes, unknown, unknownApi } = parseScopes(authority.directory, scope);
  if (unknownApi !== undefined) return onRedirect(errors.apiUnknown(unknownApi, tenantName(tenant)));
  if (unknown.length > 0) return onRedirect(errors.scopeUnknown(unknown.join(' '), registration));
  const codeChallenge = get('code_challenge');
  if (codeChallenge !== undefined && get('code_challenge_method') !== 'S256')
    return onRedirect(errors.requestMalformed('The code_challenge_method must be S256.'));
  const claims = get('claims');
  const claimsRequest = parseClaimsRequest(claims);
  if (claimsRequest === undefined)
    return onRedirect(errors.requestMalformed('The claims parameter is not a JSON object.'));

  return {
    kind: 'valid',
    request: {
      ...to,
      tenant,
      registration,
      scope,
      scopes,
      nonce: get('nonce'),
      codeChallenge,
      prompt,
      maxAgeSeconds: maxAge === undefined ? undefined : Number(maxAge),
      loginHint: get('login_hint'),
      domainHint: get('domain_hint'),
      claims,
      claimsRequest,
      asksForClientInfo: get('client_info') === '1',
    },
  };
}

export function isAvailableIn(registration: Registration, tenant: TenantChoice): boolean {
  return (
    tenant.kind === 'any' ||
    registration.accounts === 'any-tenant' ||
    registration.tenantId === tenant.tenant.id
  );
}

/** Compares exactly, but ignores the port of `http://localhost`, as Entra ID does. */
export function isSameAddress(registered: string, requested: string): boolean {
  return (
    requested === registered ||
    requested.replace(/^http:\/\/localhost:\d{1,5}\//, 'http://localhost/') === registered
  );
}
