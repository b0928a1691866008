import type { TableClient, TableServiceClientOptions } from '@azure/data-tables';
import { withDeadline } from '../network/deadline.ts';
import { MismatchedResponse, storageUnavailable } from './azure-errors.ts';
import type { ObservedTableClock } from './table-clock.ts';

/** Where the table is, and how this service authenticates to the storage service. */
export type TableLocation =
  | { readonly kind: 'connection-string'; readonly connectionString: string; readonly allowInsecure: boolean }
  | { readonly kind: 'managed-identity'; readonly endpoint: string; readonly clientId?: string };

/** Runs one operation of the table within a deadline. */
export type RunOperation = <Result>(
  deadlineMs: number,
  operation: (client: TableClient, abortSignal: AbortSignal) => Promise<Result>,
) => Promise<Result>;

type AdditionalPolicyConfig = NonNullable<TableServiceClientOptions['additionalPolicies']>[number];

const REQUEST_ID = 'x-ms-client-request-id';

/**
 * The SDK reuses a connection immediately, even for another user's row. Table Storage returns the id that the SDK gives each
 * request. Cosmos DB may omit it. A response with another id belongs to another request.
 */
const refuseMismatchedResponses: AdditionalPolicyConfig = {
  position: 'perRetry',
  policy: {
    name: 'refuseMismatchedResponses',
    async sendRequest(request, next) {
      const response = await next(request);
      const returned = response.headers.get(REQUEST_ID)?.toLowerCase();
      const sent = request.headers.get(REQUEST_ID)?.toLowerCase();
      if (returned !== undefined && returned !== sent) throw new MismatchedResponse();
      return response;
    },
  },
};

/** Every response of the table, an error too, has a `Date` by the table's clock. */
function observeClock(clock: ObservedTableClock, now: () => Date): AdditionalPolicyConfig {
  return {
    position: 'perRetry',
    policy: {
      name: 'observeClock',
      async sendRequest(request, next) {
        const sentAt = now();
        const response = await next(request);
        const date = response.headers.get('date');
        if (date !== undefined) clock.observe({ date, sentAt, receivedAt: now() });
        return response;
      },
    },
  };
}

// By default the SDK retries for about five seconds, writes included, and has no timeout (measured).
const retryOptions = { maxRetries: 2, retryDelayInMs: 50, maxRetryDelayInMs: 200 };

/** Connects at the first operation. If that fails, the next operation connects again. */
export function createOperationRunner(
  location: TableLocation,
  tableName: string,
  clock: ObservedTableClock,
  now: () => Date,
): RunOperation {
  const clientOptions: TableServiceClientOptions = {
    retryOptions,
    // The later policy in the list is closer to the network. `observeClock` therefore sees no mismatched response.
    additionalPolicies: [observeClock(clock, now), refuseMismatchedResponses],
  };
  let connecting: Promise<TableClient> | undefined;
  const connect = () => {
    connecting ??= connectTo(location, tableName, clientOptions).catch((error: unknown) => {
      connecting = undefined;
      throw storageUnavailable(error);
    });
    return connecting;
  };
  // The signal aborts a request to the table, but not the request for a managed identity's token (measured).
  return (deadlineMs, operation) =>
    withDeadline(
      connect().then((client) => operation(client, AbortSignal.timeout(deadlineMs))),
      deadlineMs,
    );
}

async function connectTo(
  location: TableLocation,
  tableName: string,
  clientOptions: TableServiceClientOptions,
): Promise<TableClient> {
  const { TableClient: Client } = await import('@azure/data-tables');
  if (location.kind === 'connection-string') {
    return Client.fromConnectionString(location.connectionString, tableName, {
      ...clientOptions,
      allowInsecureConnection: location.allowInsecure,
    });
  }
  // Imported only when needed, because no other library costs as much cold-start time (measured).
  const { ManagedIdentityCredential } = await import('@azure/identity');
  const credential = location.clientId
    ? new ManagedIdentityCredential({ clientId: location.clientId })
    : new ManagedIdentityCredential();
  return new Client(location.endpoint, tableName, credential, clientOptions);
}
