import { randomUUID } from 'node:crypto';
import type { Registration } from '@entra-bff/directory';
import { claimsOfPolicy, policyIds } from './conditional-access-policies.ts';

/** An OAuth error of Entra ID, with its AADSTS code. */
export interface EntraError {
  readonly error: string;
  readonly code: number;
  readonly text: string;
  readonly status: number;
  readonly suberror?: string;
  /** A claims challenge, as JSON text. */
  readonly claims?: string;
}

/** Ends a token request with an error response. */
export class EntraRefusal extends Error {
  readonly entraError: EntraError;

  constructor(entraError: EntraError) {
    super(entraError.text);
    this.entraError = entraError;
  }
}

/** Most errors of Entra ID have status 400. */
export function badRequest(error: string, code: number, text: string): EntraError {
  return {
    error,
    code,
    text,
    status: 400,
  };
}
function invalidClient(code: number, text: string): EntraError {
  return {
    error: 'invalid_client',
    code,
    text,
    status: 401,
  };
}

function consentText({ clientId, displayName }: Registration): string {
  return `The user or administrator has not consented to use the application with ID '${clientId}' named '${displayName}'. Send an interactive authorization request for this user and resource.`;
}

/** The errors of Entra ID by their cause. Codes and texts are those of Entra ID. */
export const errors = {
  // The request
  parameterMissing: (name: string) =>
    badRequest(
      'invalid_request',
      900144,
      `The request body must contain the following parameter: '${name}'.`,
    ),
  requestMalformed: (why: string) => badRequest('invalid_request', 9002313, `Invalid request. ${why}`),
  methodNotAllowed: (method: string): EntraError => ({
    ...badRequest(
      'invalid_request',
      900561,
      `The endpoint only accepts POST requests. Received a ${method} request.`,
    ),
    status: 405,
  }),
  tenantUnknown: (tenant: string) =>
    badRequest(
      'invalid_request',
      90002,
      `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`,
    ),
  clientUnknown: (clientId: string) =>
    badRequest(
      'unauthorized_client',
      700016,
      `Application with identifier '${clientId}' was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.`,
    ),
  notMultiTenant: ({ clientId, displayName }: Registration) =>
    badRequest(
      'invalid_request',
      50194,
      `Application '${clientId}'(${displayName}) is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps. Use a tenant-specific endpoint or configure the application to be multi-tenant.`,
    ),
  redirectUriUnknown: (redirectUri: string, clientId: string) =>
    badRequest(
      'invalid_request',
      50011,
      `The redirect URI '${redirectUri}' specified in the request does not match the redirect URIs configured for the application '${clientId}'. Make sure the redirect URI sent in the request matches one added to your application.`,
    ),
  responseTypeUnknown: (responseType: string) =>
    badRequest(
      'unsupported_response_type',
      700051,
      `response_type '${responseType}' is not enabled for the application.`,
    ),
  promptUnknown: (prompt: string) =>
    badRequest('invalid_request', 90023, `Unsupported 'prompt' value: '${prompt}'.`),
  grantTypeUnknown: (grantType: string) =>
    badRequest(
      'unsupported_grant_type',
      70003,
      `The app requested an unsupported grant type '${grantType}'.`,
    ),
  apiUnknown: (uri: string, tenantId: string) =>
    badRequest(
      'invalid_resource',
      500011,
      `The resource principal named ${uri} was not found in the tenant named ${tenantId}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
    ),
  scopeUnknown: (scope: string, { displayName }: Registration) =>
    badRequest(
      'invalid_client',
      650053,
      `The application '${displayName}' asked for scope '${scope}' that doesn't exist on the resource.`,
    ),
  scopeInvalid: (scope: string) =>
    badRequest(
      'invalid_scope',
      70011,
      `The provided value for the input parameter 'scope' is not valid. The scope ${scope} does not exist.`,
    ),
  moreThanOneResource: () =>
    badRequest(
      'invalid_scope',
      28000,
      "Provided value for the input parameter scope isn't valid because it contains more than one resource.",
    ),

  // The app's credential
  clientCredentialMissing: () =>
    invalidClient(
      7000218,
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
  clientSecretWrong: (clientId: string) =>
    invalidClient(
      7000215,
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`,
    ),
  clientSecretExpired: (clientId: string) =>
    invalidClient(
      7000222,
      `The provided client secret keys for app '${clientId}' are expired. Visit the portal to create new keys for your app, or consider using certificate credentials for added security.`,
    ),
  assertionInvalid: () => invalidClient(700027, 'Client assertion failed signature validation.'),

  // The user
  notSignedIn: () =>
    badRequest('login_required', 50058, 'A silent sign-in request was sent but no user is signed in.'),
  multipleAccounts: () =>
    badRequest(
      'interaction_required',
      16000,
      'Either multiple user identities are available for the current request or selected account is not supported for the scenario.',
    ),
  userUnknown: (username: string) =>
    badRequest(
      'invalid_request',
      50034,
      `The user account ${username} does not exist in this directory. To sign into this application, the account must be added to the directory.`,
    ),
  userDisabled: () => badRequest('invalid_grant', 50057, 'The user account is disabled.'),
  userNotInTenant: (username: string, tenant: string, { clientId, displayName }: Registration) =>
    badRequest(
      'access_denied',
      50020,
      `User account '${username}' does not exist in tenant '${tenant}' and cannot access the application '${clientId}'(${displayName}) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different account.`,
    ),
  signInCanceled: () =>
    badRequest('access_denied', 500121, 'Authentication failed during strong authentication request.'),
  consentDeclined: () => badRequest('access_denied', 65004, 'User declined to consent to access the app.'),
  administratorMustConsent: () =>
    badRequest(
      'access_denied',
      90094,
      'The grant requires administrator permission. An administrator of the organization has to consent first.',
    ),
  /** The number is documented. The text of Entra ID is not. */
  approvalMustBeRequested: () =>
    badRequest(
      'access_denied',
      90095,
      'Admin consent is required. The user has been told to request it from an administrator.',
    ),
  /** From the admin consent endpoint, with the text of its documentation. */
  administratorDeclined: () =>
    badRequest('consent_required', 65004, 'The resource owner or authorization server denied the request.'),
  consentMissing: (registration: Registration): EntraError => ({
    ...badRequest('invalid_grant', 65001, consentText(registration)),
    suberror: 'consent_required',
  }),
  consentMissingSilently: (registration: Registration) =>
    badRequest('interaction_required', 65001, consentText(registration)),
  /** On a silent request the app gets the claims that its next sign-in must send. */
  secondFactorMissing: (): EntraError => ({
    ...badRequest(
      'interaction_required',
      50076,
      'Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.',
    ),
    suberror: 'basic_action',
    claims: claimsOfPolicy(policyIds.secondFactor),
  }),

  // The code or refresh token
  grantInvalid: (what: string) => badRequest('invalid_grant', 70000, what),
  codeAlreadyRedeemed: () =>
    badRequest(
      'invalid_grant',
      54005,
      'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
    ),
  codeExpired: () =>
    badRequest(
      'invalid_grant',
      70008,
      'The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.',
    ),
  codeRedirectUriDiffers: (received: string, expected: string) =>
    badRequest(
      'invalid_grant',
      500112,
      `The reply address '${received}' does not match the reply address '${expected}' provided when requesting Authorization code.`,
    ),
  codeVerifierWrong: () =>
    badRequest(
      'invalid_grant',
      501481,
      'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
    ),
  refreshTokenExpired: (issuedAt: Date) =>
    badRequest(
      'invalid_grant',
      700082,
      `The refresh token has expired due to inactivity. The token was issued on ${issuedAt.toISOString()} and was inactive for 90.00:00:00.`,
    ),
  signInTooOld: (signedInAt: Date, maximumSeconds: number) =>
    badRequest(
      'invalid_grant',
      70043,
      `The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was issued on ${signedInAt.toISOString()} and the maximum allowed lifetime for this request is ${maximumSeconds}.`,
    ),
  sessionTooOld: (error: 'invalid_grant' | 'login_required') =>
    badRequest(
      error,
      70044,
      'The session has expired or is invalid due to sign-in frequency checks by conditional access.',
    ),
  sessionRevoked: () =>
    badRequest(
      'invalid_grant',
      50133,
      'The session is not valid due to password expiration or recent password change.',
    ),
  passwordExpired: (): EntraError => ({
    ...badRequest('invalid_grant', 50055, 'The password is expired.'),
    suberror: 'user_password_expired',
  }),
  passwordChanged: () =>
    badRequest(
      'invalid_grant',
      50173,
      'The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.',
    ),

  // The service
  temporarilyUnavailable: (): EntraError => ({
    ...badRequest('temporarily_unavailable', 90033, 'A transient error has occurred. Please try again.'),
    status: 503,
  }),
  throttled: (): EntraError => ({
    ...badRequest('temporarily_unavailable', 90055, 'The request was throttled. Wait before you try again.'),
    status: 429,
  }),
} as const;

/** The error with the ids that support asks for. */
export interface ErrorReport {
  readonly description: string;
  readonly traceId: string;
  readonly correlationId: string;
  /** In the format of Entra ID: `2026-01-31 12:00:00Z`. */
  readonly timestamp: string;
}

export function reportError(error: EntraError, now: Date, correlationId: string = randomUUID()): ErrorReport {
  const traceId = randomUUID();
  const timestamp = `${now.toISOString().slice(0, 19).replace('T', ' ')}Z`;
  return {
    description: `AADSTS${error.code}: ${error.text} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
    traceId,
    correlationId,
    timestamp,
  };
}

/** The JSON body of a failed token request. */
export function toErrorBody(error: EntraError, now: Date, correlationId?: string): Record<string, unknown> {
  const report = reportError(error, now, correlationId);
  return {
    error: error.error,
    error_description: report.description,
    error_codes: [error.code],
    timestamp: report.timestamp,
    trace_id: report.traceId,
    correlation_id: report.correlationId,
    ...(error.suberror === undefined ? {} : { suberror: error.suberror }),
    ...(error.claims === undefined ? {} : { claims: error.claims }),
  };
}
