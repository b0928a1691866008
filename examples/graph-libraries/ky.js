import { graphFetch } from 'entra-bff/client/graph';
import ky from 'ky';

/** ky. Its calls go through the service. A call may wait for the user longer than ky's timeout of ten seconds. */
export function createGraph(client) {
  return ky.create({
    prefix: '/api/graph/v1.0',
    fetch: graphFetch(client, { retry: false }),
    timeout: false,
  });
}
