import type { ExtendSession } from '../access/extend-session.ts';
import { BffError } from '../errors.ts';
import { requireBodyFields } from '../policy/body-fields.ts';
import type { AllowedCall, RequestedCall } from '../policy/match.ts';
import { hasBody } from '../policy/methods.ts';
import { requireAllowedHeaders } from '../policy/request-headers.ts';
import type { Caller } from '../session/caller.ts';
import type { Log } from '../telemetry/log.ts';
import { type AuthorizeDependencies, authorizeCall } from './authorize-call.ts';
import type { CallLimits } from './call-limits.ts';
import { type Embed, requireEmbeddable } from './embed.ts';
import { toRequestHeaders } from './headers.ts';
import { declaredLength, readRequestBody, type UnreadRequest } from './request-body.ts';
import type { Exchange, SendWithToken } from './send-with-token.ts';
import type { UpstreamBreaker } from './upstream-breaker.ts';

/** A call to an API, as the browser made it. */
export interface ApiRequest extends UnreadRequest {
  /** Identifies this call, also in the log. */
  readonly id: string;
  /** When the invocation began, in monotonic time. */
  readonly startedMs: number;
  /** The URL's path after `/api/graph`, or after the prefix of the custom API. */
  readonly path: string;
  /** The same path as the host's router decoded it, without the first slash. */
  readonly routeParameter: string;
  /** Without the question mark. */
  readonly query: string;
  /** How plain HTML uses the response. Undefined if a script of this origin made the call and proved it with `X-CSRF`. */
  readonly embed: Embed | undefined;
}

/** The part of a request that is compared with the policy. */
export function toRequestedCall({ method, path, routeParameter, query, header }: ApiRequest): RequestedCall {
  return { method, path, routeParameter, query, contentType: header('content-type') };
}

export interface ForwardDependencies extends AuthorizeDependencies {
  readonly sendWithToken: SendWithToken;
  /** Of the same API. */
  readonly upstreamBreaker: UpstreamBreaker;
  readonly callLimits: CallLimits;
  readonly extendSession: ExtendSession;
  /** Maximum size of a request's body. */
  readonly bodyLimitBytes: number;
}

/**
 * What happens to a body with DELETE, GET or HEAD, to which HTTP gives no meaning. `drop`: nor does the API, and the call is
 * sent without it. `refuse`: the API could do more without it, such as delete everything instead of what the body names.
 */
export type StrayBody = 'drop' | 'refuse';

/**
 * Forwards one call that the policy allows: checks whether it may come from plain HTML, its headers, the user's rights and
 * its body, then sends it.
 * @throws {BffError} all codes of a refused or failed call
 */
export type Forward = (caller: Caller, request: ApiRequest, call: AllowedCall, log: Log) => Promise<Exchange>;

function withoutContentType(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (headers['content-type'] === undefined) return headers;
  const { 'content-type': _, ...others } = headers;
  return others;
}

export function createForward(dependencies: ForwardDependencies, strayBody: StrayBody): Forward {
  const { sendWithToken, upstreamBreaker, callLimits, extendSession, bodyLimitBytes } = dependencies;
  return async (caller, request, { method, path, query, rule }, log) => {
    const { id, startedMs, header, embed } = request;
    requireEmbeddable(embed, rule);
    requireAllowedHeaders(method, header, rule);
    const checked = toRequestHeaders(header, id, rule.headers);
    const headers = hasBody(method) ? checked : withoutContentType(checked);
    const authorized = await authorizeCall(caller, rule, log, dependencies);
    const bodyLength = declaredLength(request, bodyLimitBytes);
    if (bodyLength !== undefined && !hasBody(method) && strayBody === 'refuse')
      throw new BffError('request_invalid', { detail: 'This method has no body.' });
    using _permit = callLimits.acquire(authorized, bodyLength ?? 0);
    const body = await readRequestBody(request, bodyLimitBytes);
    requireBodyFields(rule.bodyFields, body, header('content-type'));
    using attempt = upstreamBreaker.start(authorized, rule.feature);
    return await sendWithToken(
      {
        // After the last check, because a refused call does not extend the session. Nor does a call of plain HTML, which
        // a navigation that another site has caused could resemble.
        caller: embed === undefined ? await extendSession(authorized, log) : authorized,
        request: {
          method,
          path: query === '' ? path : `${path}?${query}`,
          headers,
          ...(body === undefined ? {} : { body }),
        },
        need: rule,
        attempt,
        startedMs,
      },
      log,
    );
  };
}
