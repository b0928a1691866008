/**
 * Every way a request can fail, as the caller sees it: the code is the contract, the title is fixed per code.
 * `docs/problems/` has one page per code; a test holds the two equal.
 */
export const problems = {
  request_invalid: { status: 400, title: 'The request is not valid' },
  login_transaction_invalid: { status: 400, title: 'This sign-in cannot be finished' },
  session_required: { status: 401, title: 'Sign in first' },
  interaction_required: { status: 401, title: 'Your attention is needed' },
  authorization_denied: { status: 403, title: 'Sign-in was refused' },
  consent_declined: { status: 403, title: 'Permission was declined' },
  admin_consent_required: { status: 403, title: 'An administrator has to agree first' },
  claim_required: { status: 403, title: 'You do not have access' },
  directory_role_required: { status: 403, title: 'Your roles in Microsoft Entra ID do not allow this' },
  cross_site_request: { status: 403, title: 'The request does not prove that it is ours' },
  path_not_allowed: { status: 403, title: 'The policy does not allow this call' },
  not_found: { status: 404, title: 'There is nothing here' },
  method_not_allowed: { status: 405, title: 'This method is not offered here' },
  session_changed: { status: 409, title: 'Another session is in this browser now' },
  length_required: { status: 411, title: 'The body needs a Content-Length' },
  body_too_large: { status: 413, title: 'The body is too large' },
  content_type_not_allowed: { status: 415, title: 'The policy does not allow this type of body' },
  rate_limited: { status: 429, title: 'Too many calls at the same time' },
  internal_error: { status: 500, title: 'Something went wrong here' },
  upstream_unreachable: { status: 502, title: 'The service behind this one did not answer' },
  upstream_answer_refused: {
    status: 502,
    title: 'The answer of the service behind this one cannot be passed on',
  },
  configuration_invalid: { status: 503, title: 'This service is not configured' },
  sign_in_service_unavailable: { status: 503, title: 'The sign-in service is not available' },
  storage_unavailable: { status: 503, title: 'The session store is not available' },
  upstream_timeout: { status: 504, title: 'The service behind this one took too long' },
} as const satisfies Record<string, { status: number; title: string }>;

/** Why only the person can help. A closed list: it travels in `interaction_required` problems. */
export const interactionReasons = [
  'consent_required',
  'admin_consent_required',
  'two_factor_required',
  'claims_challenge',
  'continuous_access_evaluation',
  'refresh_token_expired',
  'refresh_token_revoked',
  'sign_in_required',
  'recent_sign_in_required',
  'stronger_sign_in_required',
] as const;

/** Why there is no session. A closed list: it travels in `session_required` problems. */
export const sessionEnds = [
  'not_signed_in',
  'session_idle',
  'session_expired',
  'session_ended',
  'cookie_sent_twice',
] as const;

export type ProblemCode = keyof typeof problems;

/** What can refuse a request within one code. Names of the product's own, for the log. */
export const refusingRules = [
  // of `cross_site_request`
  'csrf-header',
  'origin',
  'fetch-site',
  'fetch-destination',
  'form-token',
  // of `path_not_allowed` and `content_type_not_allowed`
  'path',
  'method',
  'query',
  'content-type',
  'body',
  'link',
  // of `request_invalid`
  'header',
  // of `claim_required`
  'tenants',
  'roles',
  'groups',
  'claim',
  // of `rate_limited`
  'calls-of-user',
  'calls-of-worker',
  'renewals-of-user',
  'sign-outs',
] as const;

export type RefusingRule = (typeof refusingRules)[number];

export interface BffErrorOptions {
  /** About this occurrence, for the person or the developer who reads it. Never a token, code, cookie, name or address. */
  detail?: string;
  /** The library's error; logged once, never shown. */
  cause?: unknown;
  /** Which of the rules behind the code refused; logged once, never shown. */
  rules?: readonly RefusingRule[];
  /** Public members of the problem document, in snake_case. */
  extensions?: Readonly<Record<string, unknown>>;
  /** Becomes the Retry-After header. */
  retryAfterSeconds?: number;
  /** What the service behind this one knows the failed call by. Becomes a header, and a member of the document. */
  clientRequestId?: string;
  /** Becomes the Allow header of a 405. */
  allow?: readonly string[];
  /** Asks the browser to delete every cookie of the site, because the cookies cannot be read. */
  clearsCookies?: boolean;
}

/** The one error type: what ends a request, with the code that the caller can act on. */
export class BffError extends Error {
  override readonly name = 'BffError';
  readonly code: ProblemCode;
  readonly status: number;
  readonly detail: string | undefined;
  readonly rules: readonly RefusingRule[];
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds: number | undefined;
  readonly clientRequestId: string | undefined;
  readonly allow: readonly string[] | undefined;
  readonly clearsCookies: boolean;

  constructor(code: ProblemCode, options: BffErrorOptions = {}) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = problems[code].status;
    this.detail = options.detail;
    this.rules = options.rules ?? [];
    this.extensions = options.extensions ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.clientRequestId = options.clientRequestId;
    this.allow = options.allow;
    this.clearsCookies = options.clearsCookies ?? false;
  }
}

/** Entra ID, or the app's own credential there, does not work at the moment. No user is signed out. */
export function signInServiceUnavailable(detail: string, cause?: unknown, retryAfterSeconds = 10): BffError {
  return new BffError('sign_in_service_unavailable', { detail, cause, retryAfterSeconds });
}

/** The problem document of an error (RFC 9457), but for its `instance`. `type` names the page in docs/problems/. */
export function toProblemDocument(error: BffError): Record<string, unknown> {
  return {
    type: `urn:entra-bff:problem:${error.code}`,
    title: problems[error.code].title,
    status: error.status,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    code: error.code,
    ...(error.clientRequestId === undefined ? {} : { client_request_id: error.clientRequestId }),
    ...error.extensions,
  };
}

/** The same in the shape that Graph's clients read. */
export function toGraphError(error: BffError): { code: string; message: string } {
  return { code: error.code, message: error.detail ?? problems[error.code].title };
}
