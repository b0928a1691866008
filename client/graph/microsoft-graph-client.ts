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

/** Returns the last middleware of a client of `@microsoft/microsoft-graph-client`: it sends the call through the service. */
export function graphClientMiddleware(
  client: Pick<Client, 'fetch'>,
  options?: GraphFetchOptions,
): GraphClientMiddleware {
  const send = graphFetch(client, options);
  return {
    async execute(context) {
      const { request } = context;
      // The library puts its base URL before an absolute address that is http, as in development.
      const input = typeof request === 'string' ? request.replace(/^.*?\/v1\.0\/(?=http:\/\/)/, '') : request;
      context.response = await send(input, context.options);
    },
  };
}
