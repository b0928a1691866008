import type { Client } from '../client-api.ts';
import { readMember } from '../read-untrusted.ts';
import { type GraphFetch, type GraphFetchOptions, graphFetch } from './graph-fetch.ts';

/** The part of a PnPjs object that a behavior changes. */
interface Queryable {
  readonly on: {
    readonly send: { replace(send: (url: URL, init: RequestInit) => Promise<Response>): unknown };
  };
}

/** Returns a behavior for PnPjs: calls go through the service. It takes the place of `BrowserFetch`. */
export function pnpBehavior(client: Pick<Client, 'fetch'>, options?: GraphFetchOptions) {
  const send = graphFetch(client, options);
  return <Instance extends Queryable>(instance: Instance): Instance => {
    instance.on.send.replace((url, init) => sendSettling(send, String(url), init));
    return instance;
  };
}

/**
 * PnPjs never settles the calls of a batch whose request fails as a whole. Each of them gets the refusal as its own response
 * instead, so that it rejects.
 */
async function sendSettling(send: GraphFetch, url: string, init: RequestInit): Promise<Response> {
  const ids = url.endsWith('/$batch') ? readIds(init.body) : undefined;
  if (ids === undefined) return send(url, init);
  const response = await send(url, init).catch(toLostResponse);
  if (response.ok) return response;
  const { status } = response;
  const headers = Object.fromEntries(response.headers);
  const body: unknown = await response.json().catch(() => ({}));
  return Response.json({ responses: ids.map((id) => ({ id, status, headers, body })) });
}

function readIds(body: unknown): readonly unknown[] | undefined {
  if (typeof body !== 'string') return undefined;
  const requests = readMember(JSON.parse(body), 'requests');
  return Array.isArray(requests) ? requests.map(({ id }) => id) : undefined;
}

/** The network was lost, or the call was aborted. */
function toLostResponse(error: unknown): Response {
  const { name, message } = Object(error);
  return Response.json({ error: { code: name, message } }, { status: 503 });
}
