import type { HttpHandler, HttpMethod, HttpRequest, InvocationContext } from '@azure/functions';
import type { Access, Authorize, FoundCaller } from '../access/access.ts';
import type { Authorization } from '../access/authorize.ts';
import type { ExtendSession } from '../access/extend-session.ts';
import { BffError, type ProblemCode, type RateLimitedArea } from '../errors.ts';
import { loginPath, sessionRequired } from '../interaction/interaction.ts';
import type { ReadClientAddress } from '../limits/client-address.ts';
import type { RateLimits } from '../limits/rate-limits.ts';
import { bouncePage, withoutBounce } from '../pages/bounce-page.ts';
import type { Present } from '../pages/presentation.ts';
import { type Caller, sessionOf } from '../session/caller.ts';
import { auditPseudonym } from '../session/user-hash.ts';
import { audit } from '../telemetry/audit.ts';
import { rememberLog } from '../telemetry/call-log.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { type Log, toLogLine, withFields } from '../telemetry/log.ts';
import { type CookieToSet, duplicateCookies } from './cookies.ts';
import { type CsrfProtection, isForm, readEmbed, requireOwnRequest, requireWindow } from './cross-site.ts';
import { documentResponse } from './document.ts';
import { errorResponse } from './error-response.ts';
import { createFindCaller, type FindCaller, type FindCallerDependencies } from './find-caller.ts';
import { type ErrorFormat, type ProblemOptions, problemResponse } from './problem.ts';
import { requireQuery } from './query.ts';
import {
  type BffRequest,
  canDropBounce,
  invocationLog,
  isNavigation,
  mayBounce,
  toBffRequest,
} from './request.ts';
import { type BffResponse, redirectResponse, toHttpResponse } from './response.ts';
import { extractSessionTags, requireTaggedSession } from './session-tag.ts';

/** The requests and callers that an endpoint accepts. Checked before the handler runs. */
export interface EndpointRules<AllowedCaller> {
  /** Default: GET. Any other method gets a 405. */
  readonly methods?: readonly HttpMethod[];
  /** Who may call the endpoint. It has no default, so that no endpoint is public by omission. */
  readonly access: Access<AllowedCaller>;
  /** Replaces `access` for every method except GET. Default: `access`. */
  readonly accessToChange?: Access<AllowedCaller>;
  /** Default: `required`. */
  readonly csrf?: CsrfProtection;
  /**
   * Accepts only top-level navigations, which load a window or tab. Without this rule, another site's page can load an
   * endpoint with `csrf: 'none'` as an image, in a frame or with `fetch`. Default: false.
   */
  readonly windowOnly?: boolean;
  /** Default: `problem`. */
  readonly errorFormat?: ErrorFormat;
  /**
   * The endpoint starts or completes a sign-in, or signs out. A call that sends one of this service's cookies twice is
   * refused, because the request does not show which of the two is genuine. Default: false.
   */
  readonly changesCookies?: boolean;
  /** A call that `access` allows extends the session's idle limit. Default: false. */
  readonly extendsSession?: boolean;
}

/** Rules of this service's own endpoints. */
export interface InternalEndpointRules<AllowedCaller> extends EndpointRules<AllowedCaller> {
  /**
   * Accepts POSTs of this service's form without the CSRF header. The handler must check their Origin and hidden token.
   * Default: false.
   */
  readonly acceptsForm?: boolean;
  /**
   * Accepts GETs of plain HTML of this origin without the CSRF header: images, audio, video and downloads. The handler must
   * decide whether the response may be used like that. An error of a navigation is a page, and nothing bounces.
   * Default: false.
   */
  readonly acceptsEmbed?: boolean;
  /**
   * Calls other than GET end sessions. The session of the caller is then read even while the table is busy, and the client
   * address does not count. Default: false.
   */
  readonly endsSessions?: boolean;
  /** A problem with this code leaves no audit record, because nothing was refused. Default: none. */
  readonly unrecorded?: ProblemCode;
  /** Limits the rate of calls by session and by client address, together with the other routes of this area. Default: none. */
  readonly rateLimit?: RateLimitedArea;
}

/** The handler's second argument. */
export interface CallContext<AllowedCaller = Caller> {
  /** The signed-in user. Undefined with `allowAnonymous`, or if no user is signed in and `access` allows that. */
  readonly caller: AllowedCaller;
  /** Writes records that carry the invocation id and a pseudonym of the user. */
  readonly log: Log;
  /**
   * Aborts 220 seconds after the call arrived. Azure closes a call without a response after 230 seconds, and does not
   * report that a browser has closed its connection.
   */
  readonly signal: AbortSignal;
}

/**
 * Handles a call that the endpoint's rules allow. A thrown `BffError` becomes the error response (`errorFormat`). Any
 * other error becomes `internal_error`.
 */
export type Handler<AllowedCaller = Caller> = (
  request: BffRequest,
  context: CallContext<AllowedCaller>,
) => Promise<BffResponse> | BffResponse;

export type Endpoint = <AllowedCaller>(
  rules: InternalEndpointRules<AllowedCaller>,
  handle: Handler<AllowedCaller>,
) => HttpHandler;

export interface EndpointDependencies extends FindCallerDependencies {
  /** Origin of this service, as in PUBLIC_BASE_URL. */
  readonly origin: string;
  readonly authorization: Authorization;
  readonly extendSession: ExtendSession;
  readonly rateLimits: RateLimits;
  readonly readClientAddress: ReadClientAddress;
  readonly present: Present;
  readonly monotonicMs: () => number;
}

/** All methods for which a function can be registered. For any other method, the host itself returns a bare 404. */
export const allMethods: HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Azure's load balancer closes a call without a response after 230 seconds. The remaining 10 seconds are for sending the
 * response.
 */
const CALL_MS = 220_000;

/** A call while {@link createEndpoint} handles it. */
interface Call<AllowedCaller> {
  /** Its query has no session tag. */
  readonly request: BffRequest;
  readonly rules: InternalEndpointRules<AllowedCaller>;
  readonly handle: Handler<AllowedCaller>;
  readonly sessionTags: readonly string[];
  /** The query with its session tag, as the browser sent it. */
  readonly rawQueryAsSent: string;
  readonly log: Log;
  /** Fields that `log` adds to each record. */
  readonly logFields: { user?: string };
  /** Cookies that the response clears, unless the handler sets them. */
  readonly cookiesToClear: CookieToSet[];
}

/** Wraps every handler: checks method, origin, session and access, and turns errors into responses. */
export function createEndpoint(dependencies: EndpointDependencies): Endpoint {
  const { cookieNames, present, monotonicMs } = dependencies;
  const findCaller = createFindCaller(dependencies);
  return (givenRules, handle) => {
    // Without a prototype, so that a polluted `Object.prototype` cannot add a rule such as `csrf: 'none'`.
    const rules = { __proto__: null, ...givenRules };
    return async (httpRequest, context) => {
      const cookiesToClear: CookieToSet[] = [];
      let response: BffResponse;
      try {
        const startedMs = monotonicMs();
        const call = toCall(httpRequest, context, { rules, handle, cookiesToClear }, startedMs);
        response = await respond(call, dependencies, findCaller).catch((error: unknown) =>
          errorResponse(error, { request: call.request, rules, present }, call.log),
        );
      } catch (error) {
        // No error may leave this function: the host would respond instead, or the call would hang.
        context.warn(toLogLine({ event: 'unreadable-request', cause: describeError(error) }));
        response = unreadableResponse(error, context.invocationId, {
          format: rules.errorFormat,
          accept: httpRequest.headers.get('accept') ?? undefined,
        });
      }
      const cookies = response.cookies ?? [];
      const cleared = cookiesToClear.filter(({ name }) => !cookies.some((cookie) => cookie.name === name));
      return toHttpResponse({ ...response, cookies: [...cleared, ...cookies] }, cookieNames.secure);
    };
  };
}

function toCall<AllowedCaller>(
  httpRequest: HttpRequest,
  context: InvocationContext,
  endpoint: Pick<Call<AllowedCaller>, 'rules' | 'handle' | 'cookiesToClear'>,
  startedMs: number,
): Call<AllowedCaller> {
  const allowsLongCookieHeader = endpoint.rules.access.session === 'best-effort';
  const asSent = toBffRequest(httpRequest, context, { startedMs, allowsLongCookieHeader });
  const logFields = {};
  return {
    ...endpoint,
    ...extractSessionTags(asSent),
    rawQueryAsSent: asSent.rawQuery,
    log: withFields(invocationLog(context), logFields),
    logFields,
  };
}

function unreadableResponse(error: unknown, invocationId: string, options: ProblemOptions): BffResponse {
  const unreadable = new BffError('request_invalid', { detail: 'The request cannot be read.' });
  return problemResponse(error instanceof BffError ? error : unreadable, invocationId, options);
}

async function respond<AllowedCaller>(
  call: Call<AllowedCaller>,
  dependencies: EndpointDependencies,
  findCaller: FindCaller,
): Promise<BffResponse> {
  const { request, rules, sessionTags, log, cookiesToClear } = call;
  // First, so that pages of other sites, whose requests it refuses, cannot use up the budget of a visitor's address.
  requireAcceptable(request, rules, dependencies.origin);
  const { rateLimits, readClientAddress } = dependencies;
  const isEnding = rules.endsSessions === true && request.method !== 'GET';
  // Otherwise anyone at an administrator's address could keep the administrator from ending sessions.
  if (rules.rateLimit !== undefined && !isEnding) {
    rateLimits.countForAddress(rules.rateLimit, readClientAddress(request.header));
  }
  const access = request.method === 'GET' ? rules.access : (rules.accessToChange ?? rules.access);
  const extender = createSessionExtender(call, dependencies);
  const run = async (found: FoundCaller) => {
    const caller = await access.decide(found, extender.authorize);
    // Does nothing if `authorize` has already extended the session.
    if (found.kind === 'caller') await extender.extendOnce(found.caller);
    return call.handle(request, toContext(call, caller, dependencies.monotonicMs));
  };

  const { cookieNames } = dependencies;
  const duplicates = access.session === 'ignored' ? [] : duplicateCookies(request.cookies, cookieNames);
  if (duplicates.length > 0) {
    // A sibling host set one of the two cookies, and the service cannot tell which one is genuine. The response therefore
    // sets and clears no cookie.
    audit(log, { event: 'cookie-sent-twice', cookies: duplicates.join(' ') });
    if (rules.changesCookies) throw sessionRequired('cookie_sent_twice');
    return { ...(await run({ kind: 'none', reason: 'cookie_sent_twice' })), cookies: [] };
  }
  const found = await findCaller(request, { session: access.session, isEnding }, cookiesToClear, log);
  if (found.kind === 'caller') {
    const session = sessionOf(found.caller);
    call.logFields.user = auditPseudonym(session.locator);
    rememberLog(found.caller, log);
    // The tags are checked before the session is renewed or extended, and before the handler runs.
    requireTaggedSession(sessionTags, session);
    if (rules.rateLimit !== undefined) {
      rateLimits.countForSession(rules.rateLimit, session.facts.sessionChainId);
    }
    if (rules.errorFormat === 'html' && access.session === 'required' && canDropBounce(request)) {
      return redirectResponse(withoutBounce(request.routePath, call.rawQueryAsSent));
    }
  } else if (rules.errorFormat === 'html' && access.session === 'required' && isNavigation(request)) {
    return bounceOrSignIn(request, call.rawQueryAsSent, dependencies.present);
  }
  return run(found);
}

/** @throws {BffError} method_not_allowed, cross_site_request */
function requireAcceptable(
  request: BffRequest,
  {
    methods = ['GET'],
    windowOnly,
    acceptsForm,
    acceptsEmbed,
    csrf = 'required',
  }: InternalEndpointRules<unknown>,
  origin: string,
): void {
  if (!methods.some((method) => method === request.method)) {
    throw new BffError('method_not_allowed', { allow: methods });
  }
  if (windowOnly) requireWindow(request);
  if (acceptsForm && isForm(request)) return;
  if (acceptsEmbed && readEmbed(request, origin) !== undefined) return;
  requireOwnRequest(request, csrf, origin);
}

/** Extends the session at most once per call, and only after `authorize` or `access` has allowed the caller. */
function createSessionExtender(
  { rules, log }: Pick<Call<unknown>, 'rules' | 'log'>,
  { authorization, extendSession }: Pick<EndpointDependencies, 'authorization' | 'extendSession'>,
) {
  let isExtended = !rules.extendsSession;
  const extendOnce = async (caller: Caller): Promise<Caller> => {
    if (isExtended) return caller;
    isExtended = true;
    return extendSession(caller, log);
  };
  const authorize: Authorize = async (caller, guard) => {
    const allowed = await extendOnce(await authorization.forCall(log)(caller, guard));
    rememberLog(allowed, log);
    return allowed;
  };
  return { authorize, extendOnce };
}

function toContext<AllowedCaller>(
  { log, request }: Call<AllowedCaller>,
  caller: AllowedCaller,
  monotonicMs: () => number,
): CallContext<AllowedCaller> {
  let signal: AbortSignal | undefined;
  return {
    caller,
    log,
    // Created on first use, because most handlers never need the signal and its timer.
    get signal() {
      const remainingMs = request.startedMs + CALL_MS - monotonicMs();
      // AbortSignal.timeout() takes whole milliseconds only.
      signal ??= AbortSignal.timeout(Math.max(0, Math.ceil(remainingMs)));
      return signal;
    },
  };
}

/**
 * A navigation from another site carries no SameSite=Strict cookies, so the user may be signed in after all. The page is
 * loaded a second time, with these cookies, before the user is sent to sign in.
 */
function bounceOrSignIn(request: BffRequest, rawQueryAsSent: string, present: Present): BffResponse {
  requireQuery(request.query); // in an invalid query, the parameter that marks the second load cannot be read
  if (mayBounce(request)) {
    const presentation = present(request.header('accept-language'));
    return documentResponse(bouncePage(presentation, request.routePath, rawQueryAsSent));
  }
  // `request.rawQuery` no longer has the session tag, which the next sign-in may make invalid.
  const returnTo = withoutBounce(request.routePath, request.rawQuery);
  // Because of the reload, the browser reports the sign-in as started by a page of this service. `via` records that a link
  // may have started it.
  return redirectResponse(`${loginPath}?${new URLSearchParams({ return_to: returnTo, via: 'page' })}`);
}
