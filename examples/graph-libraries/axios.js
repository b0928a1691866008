import axios from 'axios';
import { graphFetch } from 'entra-bff/client/graph';

/** axios. Its calls go through the service. */
export function createGraph(client) {
  return axios.create({
    baseURL: '/api/graph/v1.0',
    adapter: 'fetch',
    env: { fetch: graphFetch(client) },
  });
}
