export { type Failure, failureOf, problemOf, problemsOf } from './graph/failures.ts';
export { type GraphFetch, type GraphFetchOptions, graphFetch } from './graph/graph-fetch.ts';
export { type GraphClientMiddleware, graphClientMiddleware } from './graph/microsoft-graph-client.ts';
export { pnpBehavior } from './graph/pnp.ts';
