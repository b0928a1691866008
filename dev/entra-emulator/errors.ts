import { randomUUID } from 'node:crypto';

/** What Entra answers instead of what was asked: an OAuth error with an AADSTS code. */
export type EntraError = {
  readonly error: string;
  readonly code: number;
  readonly text: string;
  readonly status: number;
  readonly suberror?: string;
  /** A claims challenge, as JSON text. */
  readonly claims?: string;
};

const entraError =
  (error: string, code: number, status = 400, more: Pick<EntraError, 'suberror' | 'claims'> = {}) =>
  (text: string): EntraError => ({ error, code, text, status, ...more });

/** Entra's errors by what went wrong; codes and wording follow Entra's. */
export const errors = {
  multipleAccounts: entraError('interaction_required', 16000),
  moreThanOneResource: entraError('invalid_scope', 28000),
  redirectUriUnknown: entraError('invalid_request', 50011),
  userNotInTenant: entraError('access_denied', 50020),
  userUnknown: entraError('invalid_request', 50034),
  userDisabled: entraError('invalid_grant', 50057),
  notSignedIn: entraError('login_required', 50058),
  passwordChanged: entraError('invalid_grant', 50173),
  notMultiTenant: entraError('invalid_request', 50194),
  codeAlreadyRedeemed: entraError('invalid_grant', 54005),
  consentMissingSilently: entraError('interaction_required', 65001),
  consentMissing: entraError('invalid_grant', 65001, 400, { suberror: 'consent_required' }),
  consentDeclined: entraError('access_denied', 65004),
  grantInvalid: entraError('invalid_grant', 70000),
  grantTypeUnknown: entraError('unsupported_grant_type', 70003),
  codeExpired: entraError('invalid_grant', 70008),
  scopeInvalid: entraError('invalid_scope', 70011),
  tenantUnknown: entraError('invalid_request', 90002),
  temporarilyUnavailable: entraError('temporarily_unavailable', 90033, 503),
  throttled: entraError('temporarily_unavailable', 90055, 429),
  promptUnknown: entraError('invalid_request', 90023),
  administratorMustConsent: entraError('access_denied', 90094),
  codeRedirectUriDiffers: entraError('invalid_grant', 500112),
  codeVerifierWrong: entraError('invalid_grant', 501481),
  scopeUnknown: entraError('invalid_client', 650053),
  clientUnknown: entraError('unauthorized_client', 700016),
  assertionInvalid: entraError('invalid_client', 700027, 401),
  responseTypeUnknown: entraError('unsupported_response_type', 700051),
  refreshTokenExpired: entraError('invalid_grant', 700082),
  parameterMissing: entraError('invalid_request', 900144),
  methodNotAllowed: entraError('invalid_request', 900561),
  clientSecretWrong: entraError('invalid_client', 7000215, 401),
  clientCredentialMissing: entraError('invalid_client', 7000218, 401),
  clientSecretExpired: entraError('invalid_client', 7000222, 401),
  requestMalformed: entraError('invalid_request', 9002313),
} as const;

/** The second factor is missing: on a silent call the app gets the claims that its next sign-in has to carry. */
export const secondFactorMissing = (): EntraError => ({
  error: 'interaction_required',
  code: 50076,
  status: 400,
  suberror: 'basic_action',
  claims: JSON.stringify({ access_token: { capolids: { essential: true, values: [secondFactorPolicyId] } } }),
  text: 'Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.',
});

/** Id of the only conditional access policy there is. */
const secondFactorPolicyId = '2f9d5c1a-7b3e-4f60-8a94-d1c6e0b7f530';

/** The error as Entra spells it, with the ids that its support asks for. */
export type ErrorReport = {
  readonly description: string;
  readonly traceId: string;
  readonly correlationId: string;
  /** `2026-01-31 12:00:00Z`, Entra's own form. */
  readonly timestamp: string;
};

export const reportError = (
  error: EntraError,
  now: Date,
  correlationId: string = randomUUID(),
): ErrorReport => {
  const traceId = randomUUID();
  const timestamp = `${now.toISOString().slice(0, 19).replace('T', ' ')}Z`;
  return {
    description: `AADSTS${error.code}: ${error.text} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
    traceId,
    correlationId,
    timestamp,
  };
};

/** The JSON body of a failed token request. */
export const toErrorBody = (
  error: EntraError,
  now: Date,
  correlationId?: string,
): Record<string, unknown> => {
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
};
