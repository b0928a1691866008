import { DefaultHeaders, DefaultInit, graphfi } from '@pnp/graph';
import { DefaultParse } from '@pnp/queryable';
import { pnpBehavior } from 'entra-bff/client/graph';

/** PnPjs. Its calls go through the service. */
export function createGraph(client) {
  return graphfi().using(DefaultHeaders(), DefaultInit(), pnpBehavior(client), DefaultParse());
}
