export type { LogEntry, RpcCookie, RpcHttpRequest, RpcHttpResponse } from './core-types.ts';
export { type FunctionsHost, type FunctionsHostOptions, startFunctionsHost } from './host.ts';
export { invoke } from './invoke.ts';
export { decodeAtHost, encodePath } from './request-path.ts';
export { parseTarget } from './rpc-request.ts';
export { startWorker } from './worker.ts';
