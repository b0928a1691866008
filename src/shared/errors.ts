/**
 * Every way in which a request can fail, as clients see it. Clients act on the code. Each code has a fixed title.
 * `docs/problems/` has one page per code, and a test compares the two.
 */
export const problems = {
  request_invalid: { status: 400, title: 'Invalid request' },
  login_transaction_invalid: { status: 400, title: 'This sign-in cannot be completed' },
  session_required: { status: 401, title: 'Sign-in required' },
  interaction_required: { status: 401, title: 'Action required' },
  authorization_denied: { status: 403, title: 'Sign-in denied' },
  consent_declined: { status: 403, title: 'Permission declined' },
  admin_consent_required: { status: 403, title: 'Administrator approval required' },
  claim_required: { status: 403, title: 'You do not have access' },
  directory_role_required: { status: 403, title: 'Your roles in Microsoft Entra ID do not allow this' },
  cross_site_request: { status: 403, title: 'Cross-site request blocked' },
  path_not_allowed: { status: 403, title: 'The policy does not allow this call' },
  not_found: { status: 404, title: 'Page not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  session_changed: { status: 409, title: 'This browser has another session now' },
  length_required: { status: 411, title: 'Content-Length required' },
  body_too_large: { status: 413, title: 'Request body too large' },
  content_type_not_allowed: { status: 415, title: 'The policy does not allow this content type' },
  content_encoding_not_allowed: { status: 415, title: 'Send the body without compression' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'Something went wrong' },
  upstream_unreachable: { status: 502, title: 'The API could not be reached' },
  upstream_answer_refused: { status: 502, title: "The API's response was rejected" },
  configuration_invalid: { status: 503, title: 'This service is not configured correctly' },
  registration_invalid: { status: 503, title: 'This app is not set up correctly' },
  sign_in_service_unavailable: { status: 503, title: 'The sign-in service is unavailable' },
  storage_unavailable: { status: 503, title: 'The session store is unavailable' },
  upstream_unavailable: { status: 503, title: 'The API is unavailable' },
  upstream_timeout: { status: 504, title: 'The API took too long to respond' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problems;

export const problemCodes = Object.keys(problems) as readonly ProblemCode[];

/** Why a call needs the user: the `reason` of `interaction_required`. */
export const interactionReasons = [
  'consent_required',
  'admin_consent_required',
  'two_factor_required',
  'password_expired',
  'account_disabled',
  'device_not_compliant',
  'blocked_by_policy',
  'not_assigned',
  'claims_challenge',
  'continuous_access_evaluation',
  'refresh_token_expired',
  'refresh_token_revoked',
  'sign_in_required',
  'recent_sign_in_required',
  'stronger_sign_in_required',
] as const;

export type InteractionReason = (typeof interactionReasons)[number];

/** Why a call has no session: the `reason` of `session_required`. */
export const noSessionReasons = [
  'not_signed_in',
  'session_idle',
  'session_expired',
  'session_ended',
  'cookie_sent_twice',
] as const;

export type NoSessionReason = (typeof noSessionReasons)[number];

/** What a user lacks to satisfy a guard. Of each list, one value would be enough. */
export interface MissingClaims {
  readonly required_tenants?: readonly string[];
  readonly required_roles?: readonly string[];
  readonly required_groups?: readonly string[];
  /** An optional claim that the ID token lacks, because the app registration does not list it. */
  readonly required_claim?: string;
}

/** Extension members of problem documents (RFC 9457, section 3.2), spelled as they are sent. */
export interface ExtensionMembers extends MissingClaims {
  readonly reason?: InteractionReason | NoSessionReason;
  readonly feature?: string;
  readonly scopes?: readonly string[];
  /** Path where the user can resolve the problem. */
  readonly login_url?: string;
  readonly admin_consent_url?: string;
  /** ISO instant. Before it, the service repeats this response and does not ask Entra ID. */
  readonly ask_again_at?: string;
  /** How a failed sign-in ended. */
  readonly outcome?: string;
  /** Entra ID's id of the refused request. */
  readonly correlation_id?: string;
  /** The AADSTS number of Entra ID's refusal. */
  readonly entra_error_code?: number;
  /** Who can resolve the problem. `administrator`: the user cannot do so alone, so a page asks only after a click. */
  readonly resolved_by?: 'user' | 'administrator';
  /** Alternatives, each of which would be enough. */
  readonly any_of?: readonly MissingClaims[];
  /** Entra ID has revoked the user's sign-ins, but the user's sessions could not be ended. */
  readonly sign_ins_revoked?: true;
}

type Members<Required extends keyof ExtensionMembers, Optional extends keyof ExtensionMembers = never> = {
  readonly [Name in Required]-?: Exclude<ExtensionMembers[Name], undefined>;
} & Pick<ExtensionMembers, Optional>;

/** The extension members of each code. A code that is not listed has none. */
export interface ProblemExtensions {
  session_required: Members<'login_url'> & { readonly reason: NoSessionReason };
  interaction_required: Members<
    'scopes' | 'login_url',
    'feature' | 'correlation_id' | 'entra_error_code' | 'resolved_by'
  > & {
    readonly reason: InteractionReason;
  };
  consent_declined: Members<
    'login_url',
    'feature' | 'scopes' | 'ask_again_at' | 'outcome' | 'entra_error_code'
  >;
  admin_consent_required: Members<
    'login_url' | 'admin_consent_url',
    'feature' | 'scopes' | 'ask_again_at' | 'outcome' | 'entra_error_code'
  >;
  authorization_denied: Members<'outcome' | 'login_url', 'feature' | 'entra_error_code' | 'resolved_by'> & {
    readonly reason?: InteractionReason;
  };
  registration_invalid: Members<
    'scopes',
    'feature' | 'outcome' | 'login_url' | 'correlation_id' | 'entra_error_code'
  >;
  login_transaction_invalid: Members<never, 'outcome' | 'login_url' | 'feature'>;
  sign_in_service_unavailable: Members<never, 'outcome' | 'login_url' | 'feature'>;
  claim_required: Members<never, keyof MissingClaims | 'any_of'>;
  storage_unavailable: Members<never, 'sign_ins_revoked'>;
}

/** Which rule refused a request, if several rules lead to the same code. Only logged. */
export const refusingRules = [
  // cross_site_request
  'csrf-header',
  'origin',
  'fetch-site',
  'fetch-destination',
  'form-token',
  // path_not_allowed, content_type_not_allowed
  'path',
  'method',
  'query',
  'content-type',
  'body',
  'link',
  // request_invalid
  'header',
  // claim_required
  'tenants',
  'roles',
  'groups',
  'claim',
  // rate_limited
  'calls-of-user',
  'calls-of-worker',
  'throttled-by-api',
  'renewals-of-user',
  'sign-outs',
  'rate-of-session',
  'rate-of-address',
] as const;

export type RefusingRule = (typeof refusingRules)[number];

/** The routes that share a rate limit. */
export const rateLimitedAreas = ['login', 'callback', 'front-channel-logout', 'proxy', 'admin'] as const;

export type RateLimitedArea = (typeof rateLimitedAreas)[number];

export interface BffErrorOptions {
  /**
   * Describes this occurrence to the user or the developer. Never contains a token, authorization code, cookie, name or
   * email address.
   */
  readonly detail?: string;
  /** The underlying error. Logged once, never sent. */
  readonly cause?: unknown;
  readonly rules?: readonly RefusingRule[];
  /** Becomes the header `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** The `client-request-id` that was sent to the API with the call. Becomes a header and a member of the response. */
  readonly clientRequestId?: string;
  /** The methods of a 405, for the header `Allow`. */
  readonly allow?: readonly string[];
  /** Asks the browser to delete all cookies of the site (`Clear-Site-Data`), because they are too long to be read. */
  readonly clearsCookies?: boolean;
  /** If the problem is about one request of a batch: the `id` of that request. */
  readonly batchId?: string;
}

/** A code, and options with the extension members of that code. */
type BffErrorArguments = {
  [Code in ProblemCode]: Code extends keyof ProblemExtensions
    ? Record<never, never> extends ProblemExtensions[Code]
      ? [code: Code, options?: BffErrorOptions & { readonly extensions?: ProblemExtensions[Code] }]
      : [code: Code, options: BffErrorOptions & { readonly extensions: ProblemExtensions[Code] }]
    : [code: Code, options?: BffErrorOptions & { readonly extensions?: undefined }];
}[ProblemCode];

/** An error whose code is known to the type checker. */
export type BffErrorOf<Code extends ProblemCode> = BffError & {
  readonly code: Code;
  readonly extensions: Code extends keyof ProblemExtensions ? ProblemExtensions[Code] : Record<never, never>;
};

/** Ends a request with a code on which the client can act. Any other error becomes `internal_error`. */
export class BffError extends Error {
  override readonly name = 'BffError';
  readonly code: ProblemCode;
  readonly status: number;
  readonly detail: string | undefined;
  readonly rules: readonly RefusingRule[];
  readonly extensions: ExtensionMembers;
  readonly retryAfterSeconds: number | undefined;
  readonly clientRequestId: string | undefined;
  readonly allow: readonly string[] | undefined;
  readonly clearsCookies: boolean;
  readonly batchId: string | undefined;

  constructor(...[code, options = {}]: BffErrorArguments) {
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
    this.batchId = options.batchId;
  }

  /** True if the error has this code. Narrows `extensions` to the members of that code. */
  is<Code extends ProblemCode>(code: Code): this is BffErrorOf<Code> {
    return this.code === code;
  }

  /** Returns the same problem for one request of a batch. */
  inBatchRequest(batchId: string): BffError {
    const text = this.detail ?? `${problems[this.code].title}.`;
    const detail = `In request ${JSON.stringify(batchId)} of the batch: ${text}`;
    const { rules, extensions, cause, retryAfterSeconds } = this;
    const options = {
      detail,
      rules,
      extensions,
      batchId,
      ...(cause === undefined ? {} : { cause }),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    };
    // The code and its extension members come from one error, so they fit together.
    return new BffError(...([this.code, options] as BffErrorArguments));
  }
}

/** A call that was not sent, because the API is down or has asked the user to wait. Not all of them have an audit record. */
export class HeldBackError extends BffError {
  /** Whether it has an audit record. */
  readonly isRecorded: boolean;

  constructor(isRecorded: boolean, ...problem: BffErrorArguments) {
    super(...problem);
    this.isRecorded = isRecorded;
  }
}

/** A refusal by a rate limit. Such refusals would fill the log, so one audit record stands for many of them. */
export class RateLimitError extends BffError {
  readonly area: RateLimitedArea;
  /** How many refusals the audit record of this one stands for. 0: it has no audit record. */
  readonly refusalsToRecord: number;

  constructor(
    area: RateLimitedArea,
    refusalsToRecord: number,
    options: Required<Pick<BffErrorOptions, 'rules' | 'detail' | 'retryAfterSeconds'>>,
  ) {
    super('rate_limited', options);
    this.area = area;
    this.refusalsToRecord = refusalsToRecord;
  }
}

/** Entra ID, or this app's credential there, does not work at the moment. No user is signed out. */
export function signInServiceUnavailable(detail: string, cause?: unknown, retryAfterSeconds = 10): BffError {
  return new BffError('sign_in_service_unavailable', { detail, cause, retryAfterSeconds });
}

/**
 * The problem document of an error (RFC 9457), without `instance`. The code in `type` names the page in docs/problems/.
 */
export function toProblemDocument(error: BffError): Record<string, unknown> {
  return {
    type: `urn:entra-bff:problem:${error.code}`,
    title: problems[error.code].title,
    status: error.status,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    code: error.code,
    ...(error.clientRequestId === undefined ? {} : { client_request_id: error.clientRequestId }),
    ...error.extensions,
    ...(error.batchId === undefined ? {} : { batch_id: error.batchId }),
  };
}

/** An error in the form that Graph's client libraries read. */
export interface GraphError {
  readonly code: string;
  readonly message: string;
  readonly innerError?: Readonly<Record<string, unknown>>;
}

/**
 * The header of every problem that is not a page. Its value is the code. Clients recognize the problems of this service
 * by it, because no header of that name passes from an API: every body that this service could send, an API could send
 * too.
 */
export const problemHeader = 'bff-problem';

/** The problem as an error of Graph. Microsoft's client keeps nothing else of a document, so it has the members too. */
export function toGraphError(error: BffError, invocationId: string): GraphError {
  const { code, detail, clientRequestId, extensions } = error;
  return {
    code,
    message: detail ?? problems[code].title,
    innerError: {
      'request-id': invocationId,
      ...(clientRequestId === undefined ? {} : { 'client-request-id': clientRequestId }),
      ...extensions,
    },
  };
}
