import { BffError } from '../shared/errors.ts';
import type { EndpointContext, EndpointHandler } from '../shared/http/endpoint.ts';
import type { BffRequest } from '../shared/http/request.ts';
import type { BffResponse } from '../shared/http/response.ts';
import { isJsonType, readMediaType } from '../shared/policy/media-type.ts';
import type { ProxyAnswer } from '../shared/proxy/answer.ts';
import type { ProxyCall, UpstreamProxy } from '../shared/proxy/proxy.ts';
import { type Caller, sessionOf, toCaller } from '../shared/session/caller.ts';

export interface ForwardingFunctionOptions {
  /** The path before the API's own path, such as `/api/graph`. */
  readonly prefix: string;
  readonly proxy: UpstreamProxy;
}

/** Forwards calls that the policy allows to Microsoft Graph or to an API of your own, with the user's access token for it. */
export const forwardToApi =
  ({ prefix, proxy }: ForwardingFunctionOptions): EndpointHandler<Caller> =>
  async (request, { caller, log, extendSession }) =>
    toResponse(await proxy.call(sessionOf(caller), toCall(request, prefix, extendSession), log));

function toCall(
  request: BffRequest,
  prefix: string,
  extendSession: EndpointContext<Caller>['extendSession'],
): ProxyCall {
  const { invocationId, startedMs, method, path, rawQuery, header, body } = request;
  if (!path.startsWith(`${prefix}/`)) {
    // Dot segments lead out of the prefix, or its letters have another case.
    throw new BffError('request_invalid', { detail: `Refused: the path does not begin with ${prefix}/.` });
  }
  return {
    id: invocationId,
    startedMs,
    method,
    path: path.slice(prefix.length),
    routeParameter: request.routeParameter('path'),
    query: rawQuery,
    header,
    body,
    recordUse: async (session) => sessionOf(await extendSession(toCaller(session))),
  };
}

/** A body other than JSON must never become a page of our origin. It is sent as a file with a type that no browser executes. */
function toResponse({ status, headers, body }: ProxyAnswer): BffResponse {
  const contentType = headers['content-type'];
  if (isJsonType(contentType) || (contentType === undefined && body.length === 0)) {
    return { status, headers, body };
  }
  const isMedia = /^(?:image|audio|video)\//.test(readMediaType(contentType ?? '') ?? '');
  return {
    status,
    headers: {
      ...headers,
      ...(isMedia ? {} : { 'content-type': 'application/octet-stream' }),
      ...(body.length === 0 ? {} : { 'content-disposition': 'attachment' }),
    },
    body,
  };
}
