import type { Client } from '../client-api.ts';
import { type GraphFetchOptions, graphFetch } from './graph-fetch.ts';

/** What `@microsoft/microsoft-graph-client` passes through its middleware. */
interface Context {
  readonly request: string | Request;
  readonly options?: RequestInit;
  response?: Response;
}

/** The middleware that sends. */
export interface GraphClientMiddleware {
  execute(context: Context): Promise<void>;
}

/**
 * The library's base URL, which it puts before an absolute address that is http, as in development. An address further behind
 * is a part of the call, such as a text to search for.
 */
const baseUrl = /^(?:(?!\/v1\.0\/)[^?])*\/v1\.0\/(?=http:\/\/)/;

/** Returns the last middleware of a client of `@microsoft/microsoft-graph-client`: it sends the call through the service. */
export function graphClientMiddleware(
  client: Pick<Client, 'fetch'>,
  options?: GraphFetchOptions,
): GraphClientMiddleware {
  const send = graphFetch(client, options);
  return {
    async execute(context) {
      const { request } = context;
      const input = typeof request === 'string' ? request.replace(baseUrl, '') : request;
      context.response = await send(input, context.options);
    },
  };
}
