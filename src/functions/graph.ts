import { signedIn } from '../shared/access/guard.ts';
import { BffError } from '../shared/errors.ts';
import type { Endpoint } from '../shared/http/endpoint.ts';
import type { BffRequest } from '../shared/http/request.ts';
import type { BffResponse } from '../shared/http/response.ts';
import type { ProxyCall, UpstreamProxy } from '../shared/proxy/proxy.ts';
import type { ProxyAnswer } from '../shared/proxy/upstream-answer.ts';

const prefix = '/api/graph';

/** Forwards a call that the policy allows to Microsoft Graph, with the signed-in user's access token. */
export const graph = (endpoint: Endpoint, proxy: UpstreamProxy) =>
  endpoint(
    {
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      caller: 'script',
      access: signedIn,
      likeGraph: true,
      countsAsUse: true,
    },
    async (request, session) => toResponse(await proxy.call(session, toCall(request), request.log)),
  );

function toCall(request: BffRequest): ProxyCall {
  const { method, path, rawQuery, header, body } = request;
  if (!path.startsWith(`${prefix}/`)) {
    // Dot segments took the path out of our prefix, or its letters were written in another case.
    throw new BffError('request_invalid', { detail: 'Refused: the path does not begin with /api/graph/.' });
  }
  return {
    method,
    path: path.slice(prefix.length),
    routeParameter: request.routeParameter('path'),
    query: rawQuery,
    header,
    body,
  };
}

function toResponse({ status, headers, body }: ProxyAnswer): BffResponse {
  const isJson = /^application\/(?:[\w.-]+\+)?json\b/i.test(headers['content-type'] ?? '');
  return {
    status,
    // What is not JSON is offered as a file: it must never run as a page of our origin (PX-13).
    headers: { ...headers, ...(isJson || body.length === 0 ? {} : { 'content-disposition': 'attachment' }) },
    body,
  };
}
