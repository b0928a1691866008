import { BffError } from '../shared/errors.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import type { BffRequest } from '../shared/http/request.ts';
import type { BffResponse } from '../shared/http/response.ts';
import { isJsonType, readMediaType } from '../shared/policy/media-type.ts';
import type { ApiResponse } from '../shared/proxy/api-response.ts';
import type { ApiProxy } from '../shared/proxy/custom-api.ts';
import type { ApiRequest } from '../shared/proxy/forward.ts';

export interface ForwardingFunctionOptions {
  /** The beginning of the request's path, such as `/api/graph`. The rest is the path that is sent to the API. */
  readonly prefix: string;
  readonly proxy: ApiProxy;
}

/** Forwards allowed calls to Microsoft Graph or to a custom API, with the user's access token for that API. */
export const forwardToApi =
  ({ prefix, proxy }: ForwardingFunctionOptions): Handler =>
  async (request, { caller, log }) =>
    toResponse(await proxy.call(caller, toApiRequest(request, prefix), log));

function toApiRequest(request: BffRequest, prefix: string): ApiRequest {
  const { invocationId, startedMs, method, path, rawQuery, header, body } = request;
  if (!path.startsWith(`${prefix}/`)) {
    // Dot segments left the prefix, or its letter case differs.
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
  };
}

/**
 * A body other than JSON must never become a page of this origin, so it is sent as a download. Only images, audio and
 * video keep their type.
 */
function toResponse({ status, headers, body }: ApiResponse): BffResponse {
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
      ...(body.length === 0 ? {} : { 'content-disposition': headers['content-disposition'] ?? 'attachment' }),
    },
    body,
  };
}
