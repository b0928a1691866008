import {
  Client,
  RetryHandler,
  RetryHandlerOptions,
  type ShouldRetry,
} from '@microsoft/microsoft-graph-client';
import type { Client as BffClient } from 'entra-bff/client';
import { graphClientMiddleware } from 'entra-bff/client/graph';

/** A write that timed out may have been done, so only reads are sent again after 503 and 504. */
const shouldRetry: ShouldRetry = (_delay, _attempt, _request, options, response) =>
  response.status === 429 || options?.method === 'GET';

/** Microsoft's Graph client. Its calls go through the service. */
export function createGraphClient(client: Pick<BffClient, 'fetch'>): Client {
  return Client.initWithMiddleware({
    middleware: [
      new RetryHandler(new RetryHandlerOptions(3, 3, shouldRetry)),
      graphClientMiddleware(client, { retry: false }),
    ],
  });
}
