import { AnonymousAuthenticationProvider } from '@microsoft/kiota-abstractions';
import { createGraphServiceClient, GraphRequestAdapter } from '@microsoft/msgraph-sdk';
import { createGraphClientFactory } from '@microsoft/msgraph-sdk-core';
import '@microsoft/msgraph-sdk-users';
import { graphFetch } from 'entra-bff/client/graph';

/** The request adapter of Microsoft's Graph SDK. Its calls go through the service. */
export function createAdapter(client) {
  const send = graphFetch(client, { retry: false });
  const provider = new AnonymousAuthenticationProvider();
  return new GraphRequestAdapter(provider, undefined, undefined, createGraphClientFactory(undefined, send));
}

export const createGraph = (client) => createGraphServiceClient(createAdapter(client));
