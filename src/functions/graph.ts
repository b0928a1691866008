import { BffError } from '../shared/errors.ts';
import type { Handler, RecordUse } from '../shared/http/endpoint.ts';
import type { BffRequest } from '../shared/http/request.ts';
import type { BffResponse } from '../shared/http/response.ts';
import { isJsonType, readMediaType } from '../shared/policy/media-type.ts';
import type { ProxyAnswer } from '../shared/proxy/answer.ts';
import type { ProxyCall, UpstreamProxy } from '../shared/proxy/proxy.ts';
import type { Session } from '../shared/session/store.ts';

export interface UpstreamFunctionNeeds {
  /** `/api/graph`: what stands before the upstream's own path. */
  readonly prefix: string;
  readonly proxy: UpstreamProxy;
}

/** Forwards a call that the policy allows to an upstream API, with the signed-in person's access token for it. */
export const upstream =
  ({ prefix, proxy }: UpstreamFunctionNeeds): Handler<Session> =>
  async (request, session, recordUse) =>
    toResponse(await proxy.call(session, toCall(request, prefix, recordUse), request.log));

function toCall(request: BffRequest, prefix: string, recordUse: RecordUse): ProxyCall {
  const { invocationId, startedMs, method, path, rawQuery, header, body } = request;
  if (!path.startsWith(`${prefix}/`)) {
    // Dot segments took the path out of our prefix, or its letters were written in another case.
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
    recordUse,
  };
}

/**
 * A body that is not JSON is offered as a file of a type that the browser does not execute. It must never
 * become a page of our origin.
 */
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
