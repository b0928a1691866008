import { Client } from '@microsoft/microsoft-graph-client';
import type { Client as BffClient } from 'entra-bff/client';

/** Microsoft's Graph client, with the service's address and the browser client's `fetch`. */
export function createGraphClient(client: Pick<BffClient, 'fetch'>): Client {
  return Client.initWithMiddleware({
    baseUrl: `${location.origin}/api/graph/`,
    middleware: {
      async execute(context) {
        // Over plain http, the library puts its base URL before the absolute address of a next page.
        const url = String(context.request).replace(/^.*\/v1\.0\/(?=http:\/\/)/, '');
        context.response = await client.fetch(url, context.options);
      },
    },
  });
}
