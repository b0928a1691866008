import type { Client } from '../client-api.ts';
import type { Page } from '../page.ts';
import { toText } from '../urls.ts';
import { toErrorResponse } from './failures.ts';
import { fetchElsewhere, followFileUrl } from './file-host.ts';
import { toTarget } from './target.ts';

export interface GraphFetchOptions {
  /** Path of the functions on the page's own origin; default `/api`. */
  readonly basePath?: string;
  /**
   * Whether the client sends a throttled read again; default as in `createClient`. Set it to false below a library that does
   * so itself, or both would wait.
   */
  readonly retry?: boolean;
  /** The window; tests pass their own. */
  readonly page?: Pick<Page, 'fetch' | 'location'>;
}

/** As the global `fetch`. */
export type GraphFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/**
 * Returns a function with the shape of `fetch`, for libraries that call Microsoft Graph.
 * - URLs and paths of Graph, and addresses of this origin, are called through the client.
 * - Every other address, such as that of a file, is called without cookies and without headers of this service.
 * - A call that the service refuses, or for which the user did not do what it needs, resolves with a response that the library
 *   reads like an error of Graph. `problemOf` and `failureOf` find what the client threw.
 * - The address of a file in the response of `…/content` is followed.
 */
export function graphFetch(client: Pick<Client, 'fetch'>, options: GraphFetchOptions = {}): GraphFetch {
  const { basePath = '/api', retry, page = globalThis } = options;
  return async (input, init = {}) => {
    const text = toText(input);
    const target = toTarget(text, page.location.origin, basePath);
    if (target.kind === 'elsewhere') return fetchElsewhere(page, target.url, input, init);
    // A `Request` for another address is read, because it cannot get a new one.
    const isRewritten = input instanceof Request && target.address !== text;
    const call = {
      ...(isRewritten ? await readRequest(input, init) : init),
      ...(retry !== undefined && { retry }),
    };
    const response = await client
      .fetch(input instanceof Request && !isRewritten ? input : target.address, call)
      .catch(toErrorResponse);
    return followFileUrl(page, response, input, init);
  };
}

/** Reads what a call to another address needs of a `Request`. */
async function readRequest(input: Request, init: RequestInit): Promise<RequestInit> {
  const request = new Request(input, init);
  const { method, headers, signal } = request;
  return {
    method,
    headers,
    signal,
    ...(!/^(GET|HEAD)$/.test(method) && { body: await request.blob() }),
  };
}
