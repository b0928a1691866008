import { BffError } from '../shared/errors.ts';
import { readEmbed } from '../shared/http/cross-site.ts';
import { documentResponse } from '../shared/http/document.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import type { BffRequest } from '../shared/http/request.ts';
import type { BffResponse } from '../shared/http/response.ts';
import type { PageDocument } from '../shared/pages/document.ts';
import { downloadFailedPage } from '../shared/pages/download-failed-page.ts';
import type { Present } from '../shared/pages/presentation.ts';
import { isJsonType, readMediaType } from '../shared/policy/media-type.ts';
import type { ApiResponse } from '../shared/proxy/api-response.ts';
import type { ApiProxy } from '../shared/proxy/custom-api.ts';
import { type Embed, toEmbeddedResponse } from '../shared/proxy/embed.ts';
import type { ApiRequest } from '../shared/proxy/forward.ts';

export interface ForwardingFunctionOptions {
  /** The beginning of the request's path, such as `/api/graph`. The rest is the path that is sent to the API. */
  readonly prefix: string;
  readonly proxy: ApiProxy;
  /** The origin that browsers see. */
  readonly origin: string;
  readonly present: Present;
}

/** Forwards allowed calls to Microsoft Graph or to a custom API, with the user's access token for that API. */
export const forwardToApi =
  ({ prefix, proxy, origin, present }: ForwardingFunctionOptions): Handler =>
  async (request, { caller, log }) => {
    const embed = readEmbed(request, origin);
    const response = await proxy.call(caller, toApiRequest(request, prefix, embed), log);
    if (embed === undefined) return toResponse(response);
    return toResponseOfHtml(response, embed, (status) =>
      downloadFailedPage(present(request.header('accept-language')), status, request.invocationId),
    );
  };

function toApiRequest(request: BffRequest, prefix: string, embed: Embed | undefined): ApiRequest {
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
    embed,
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

/** Plain HTML gets a picture, a sound or a film that fits, or saves the file, JSON too. The user sees no error of the API. */
function toResponseOfHtml(
  response: ApiResponse,
  embed: Embed,
  failurePage: (status: number) => PageDocument,
): BffResponse {
  const { status, headers, body } = toResponse(toEmbeddedResponse(embed, response));
  if (embed === 'download' && status >= 400) {
    return documentResponse(failurePage(status), headers);
  }
  return {
    status,
    headers: { 'content-disposition': 'attachment', ...headers },
    ...(body === undefined ? {} : { body }),
  };
}
