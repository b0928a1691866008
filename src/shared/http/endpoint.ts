import type { HttpHandler, HttpMethod, HttpRequest, InvocationContext } from '@azure/functions';
import type { Access, Authorize, FoundCaller } from '../access/access.ts';
import type { Authorization } from '../access/authorize.ts';
import type { ExtendSession } from '../access/extend-session.ts';
import { BffError } from '../errors.ts';
import { loginPath, sessionRequired } from '../interaction/interaction.ts';
import { bouncePage, removeBouncedParameter } from '../pages/bounce-page.ts';
import { type Caller, sessionOf } from '../session/caller.ts';
import { auditPseudonym } from '../session/user-hash.ts';
import { audit } from '../telemetry/audit.ts';
import { rememberLog } from '../telemetry/call-log.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { type Log, toLogLine, withFields } from '../telemetry/log.ts';
import { type CookieToSet, duplicateCookies } from './cookies.ts';
import { type CsrfProtection, isForm, requireOwnRequest, requireWindow } from './cross-site.ts';
import { documentResponse } from './document.ts';
import { errorResponse } from './error-response.ts';
import { createFindCaller, type FindCaller, type FindCallerDependencies } from './find-caller.ts';
import { type ErrorFormat, problemResponse } from './problem.ts';
import { requireQuery } from './query.ts';
import { type BffRequest, invocationLog, isBounced, isNavigation, toBffRequest } from './request.ts';
import { type BffResponse, redirectResponse, toHttpResponse } from './response.ts';
import { extractSessionTags, requireTaggedSession } from './session-tag.ts';

/** The requests that an endpoint accepts, and their callers. Checked before the handler runs. */
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
   * Accepts only loads into a window or tab. Without it, another site's page can load the endpoint as an image, in a frame or
   * with `fetch`. Default: false.
   */
  readonly windowOnly?: boolean;
  /** Default: `problem`. */
  readonly errorFormat?: ErrorFormat;
  /**
   * The endpoint starts or ends a sign-in. If a cookie of this service was sent twice, the call is refused, because
   * setting or clearing one would be a guess. Default: false.
   */
  readonly changesCookies?: boolean;
  /** A call that `access` allows moves the idle limit of the session. Default: false. */
  readonly extendsSession?: boolean;
}

/** Rules of this product's own endpoints. */
export interface InternalEndpointRules<AllowedCaller> extends EndpointRules<AllowedCaller> {
  /**
   * Accepts POSTs of this service's form without the CSRF header. The handler checks their Origin and hidden token.
   * Default: false.
   */
  readonly acceptsForm?: boolean;
}

/** The handler's second argument. */
export interface CallContext<AllowedCaller = Caller> {
  /** The signed-in user. Undefined if no user is signed in and `access` allows that. */
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
 * Handles a call that the endpoint's rules allow. A `BffError` that it throws becomes its problem document, and any
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
  readonly monotonicMs: () => number;
}

/** All methods that the host offers a function. For a method that is not registered, the host itself returns a bare 404. */
export const allMethods: HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Azure's load balancer closes a call without a response after 230 seconds. The remaining seconds are for handing over
 * the response.
 */
const CALL_MS = 220_000;

/** One call on its way through {@link createEndpoint}. */
interface Call<AllowedCaller> {
  /** Without session tags. */
  readonly request: BffRequest;
  readonly rules: InternalEndpointRules<AllowedCaller>;
  readonly handle: Handler<AllowedCaller>;
  readonly tags: readonly string[];
  /** The query with session tags, as the browser sent it. */
  readonly rawQueryAsSent: string;
  readonly log: Log;
  /** Fields that `log` adds to each record. */
  readonly logFields: { user?: string };
  /** Cookies that the response deletes, unless the handler sets them. */
  readonly clearedCookies: CookieToSet[];
}

/** The wrapper of every handler. It checks method, origin, session and access, and turns errors into responses. */
export function createEndpoint(dependencies: EndpointDependencies): Endpoint {
  const { cookieNames, monotonicMs } = dependencies;
  const findCaller = createFindCaller(dependencies);
  return (rules, handle) => async (httpRequest, context) => {
    const clearedCookies: CookieToSet[] = [];
    let response: BffResponse;
    try {
      const startedMs = monotonicMs();
      const call = toCall(httpRequest, context, { rules, handle, clearedCookies }, startedMs);
      response = await respond(call, dependencies, findCaller).catch((error: unknown) =>
        errorResponse(error, call.request, rules.errorFormat ?? 'problem', call.log),
      );
    } catch (error) {
      // Nothing may escape: the host would respond instead, or the call would hang.
      context.warn(toLogLine({ event: 'unreadable-request', cause: describeError(error) }));
      response = unreadableResponse(error, context.invocationId);
    }
    const cookies = response.cookies ?? [];
    const cleared = clearedCookies.filter(({ name }) => !cookies.some((cookie) => cookie.name === name));
    return toHttpResponse({ ...response, cookies: [...cleared, ...cookies] }, cookieNames.secure);
  };
}

function toCall<AllowedCaller>(
  httpRequest: HttpRequest,
  context: InvocationContext,
  endpoint: Pick<Call<AllowedCaller>, 'rules' | 'handle' | 'clearedCookies'>,
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

function unreadableResponse(error: unknown, invocationId: string): BffResponse {
  const unreadable = new BffError('request_invalid', { detail: 'The request cannot be read.' });
  return problemResponse(error instanceof BffError ? error : unreadable, invocationId);
}

async function respond<AllowedCaller>(
  call: Call<AllowedCaller>,
  dependencies: EndpointDependencies,
  findCaller: FindCaller,
): Promise<BffResponse> {
  const { request, rules, tags, log, clearedCookies } = call;
  requireAcceptable(request, rules, dependencies.origin);
  const access = request.method === 'GET' ? rules.access : (rules.accessToChange ?? rules.access);
  const use = trackUse(call, dependencies);
  const run = async (found: FoundCaller) => {
    const caller = await access.decide(found, use.authorize);
    if (found.kind === 'caller') await use.extendOnce(found.caller);
    return call.handle(request, toContext(call, caller, dependencies.monotonicMs));
  };

  const { cookieNames } = dependencies;
  const twice = access.session === 'ignored' ? [] : duplicateCookies(request.cookies, cookieNames);
  if (twice.length > 0) {
    // Another host of this site set one of the two cookies. They cannot be distinguished, and the genuine one must
    // outlive this call.
    audit(log, { event: 'cookie-sent-twice', cookies: twice.join(' ') });
    if (rules.changesCookies) throw sessionRequired('cookie_sent_twice');
    return { ...(await run({ kind: 'none', reason: 'cookie_sent_twice' })), cookies: [] };
  }
  const found = await findCaller(request, access.session, clearedCookies, log);
  if (found.kind === 'caller') {
    const session = sessionOf(found.caller);
    call.logFields.user = auditPseudonym(session.locator);
    rememberLog(found.caller, log);
    // Checked before anything is renewed, extended or changed.
    requireTaggedSession(tags, session);
  } else if (rules.errorFormat === 'html' && access.session === 'required' && isNavigation(request)) {
    return bounceOrSignIn(request, call.rawQueryAsSent);
  }
  return run(found);
}

/** @throws {BffError} method_not_allowed, cross_site_request */
function requireAcceptable(
  request: BffRequest,
  { methods = ['GET'], windowOnly, acceptsForm, csrf = 'required' }: InternalEndpointRules<unknown>,
  origin: string,
): void {
  if (!methods.some((method) => method === request.method)) {
    throw new BffError('method_not_allowed', { allow: methods });
  }
  if (windowOnly) requireWindow(request);
  if (!acceptsForm || !isForm(request)) requireOwnRequest(request, csrf, origin);
}

/** Only an allowed call extends the session, and only once. A refused call does not keep it alive. */
function trackUse(
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
    // Most handlers need none, so that no timer is started for them.
    get signal() {
      const remainingMs = request.startedMs + CALL_MS - monotonicMs();
      // AbortSignal.timeout() takes whole milliseconds only.
      signal ??= AbortSignal.timeout(Math.max(0, Math.ceil(remainingMs)));
      return signal;
    },
  };
}

/**
 * A link from another site brings no Strict cookie, so the user may well be signed in. The page is loaded once more
 * before the user is sent to sign in.
 */
function bounceOrSignIn(request: BffRequest, rawQueryAsSent: string): BffResponse {
  requireQuery(request.query); // if the query cannot be read, the second load would not be recognized
  if (!isBounced(request)) return documentResponse(bouncePage(request.routePath, rawQueryAsSent));
  // Without the session tag, because the next sign-in creates another one.
  const query = removeBouncedParameter(request.rawQuery);
  const returnTo = query === '' ? request.routePath : `${request.routePath}?${query}`;
  // After the second load the request looks like one of this service's pages. `via` marks that a link may have started it.
  return redirectResponse(`${loginPath}?${new URLSearchParams({ return_to: returnTo, via: 'page' })}`);
}
