import { DefaultHeaders, DefaultInit, graphfi } from '@pnp/graph';
import { DefaultParse } from '@pnp/queryable';

/** PnPjs, with the service's address and the browser client's `fetch`. */
export function createGraph(client) {
  return graphfi().using(
    DefaultHeaders(),
    DefaultInit(`${location.origin}/api/graph/v1.0`),
    DefaultParse(),
    (instance) => {
      instance.on.send.replace((url, init) => client.fetch(url, init));
      return instance;
    },
  );
}
