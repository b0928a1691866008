import type { RpcHttpRequest } from '@entra-bff/functions-host';
import { invoke, startWorker } from '@entra-bff/functions-host';
import type { SendHttp } from '../../src/shared/network/http-request.ts';
import type { Table } from '../../src/shared/storage/table.ts';
import type { System } from '../../src/system.ts';
import type * as WorkerBundle from '../../test/support/worker.ts';
import type { MeasuredProduct } from './product.ts';

/** Runs one function for one request and returns the status. A request with a body is a PUT. */
export type InvokeFunction = (
  functionName: string,
  path: string,
  body?: Uint8Array,
  /** Of another user. */
  otherCookie?: string,
) => Promise<string | undefined>;

/** Starts a worker in this process, without a host. Its functions are called in the same way as by the Functions worker. */
export async function startInProcessWorker(
  {
    bundle,
    settings,
    tableConnectionString,
  }: Pick<MeasuredProduct, 'bundle' | 'settings' | 'tableConnectionString'>,
  cookie: string,
  options: {
    cacheSeconds: number;
    withTable?: (table: Table) => Table;
    /** The worker's elapsed time. Default: that of this process. */
    monotonicMs?: () => number;
    /** Sends calls to the Graph emulator. Default: false, and Graph's response is a constant. */
    sendsToGraph?: boolean;
  },
): Promise<InvokeFunction> {
  const {
    withTable = (table) => table,
    monotonicMs = () => performance.now(),
    sendsToGraph = false,
  } = options;
  const { core, model, functions } = await startWorker({
    bundle,
    env: {},
    log: () => undefined,
    prepare(exports) {
      const worker = exports as typeof WorkerBundle;
      const environment = {
        ...settings,
        SESSION_TABLE_CONNECTION_STRING: tableConnectionString,
        SESSION_CACHE_SECONDS: String(options.cacheSeconds),
      };
      worker.register(environment, (system: System) => ({
        ...system,
        monotonicMs,
        table: withTable(system.table),
        ...(sendsToGraph ? {} : { sendHttp: respondImmediately }),
      }));
    },
  });
  return async (functionName, path, body, otherCookie = cookie) => {
    const registered = functions.get(functionName);
    if (registered === undefined) throw new Error(`The bundle has no function "${functionName}".`);
    const response = await invoke(core, model, registered, { http: rpcRequest(path, otherCookie, body) });
    return response?.statusCode;
  };
}

function rpcRequest(path: string, cookie: string, body: Uint8Array | undefined): RpcHttpRequest {
  const headers = {
    ...(body && { 'content-type': 'image/jpeg', 'content-length': String(body.length) }),
    host: 'localhost',
    cookie,
    accept: 'application/json',
    'accept-language': 'en',
    'user-agent': 'Mozilla/5.0',
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'cors',
    'sec-fetch-dest': 'empty',
    'x-csrf': '1',
  };
  const values = Object.entries(headers).map(([name, value]) => [name, { value }] as const);
  return {
    method: body ? 'PUT' : 'GET',
    url: `http://localhost${path}`,
    nullableHeaders: Object.fromEntries(values),
    nullableQuery: {},
    nullableParams: { path: { value: path.replace(/^\/api\/graph\//, '') } },
    ...(body && { body: { bytes: body } }),
  };
}

const user = Buffer.from(
  JSON.stringify({
    '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#users/$entity',
    businessPhones: ['+44 20 7946 0100'],
    displayName: 'Alice Adams',
    jobTitle: 'Head of Platform',
    mail: 'alice.adams@contoso.example',
    userPrincipalName: 'alice@contoso.example',
    id: 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01',
  }),
);

/** Only calls of Graph arrive here, because tokens and keys come from the row. */
const respondImmediately: SendHttp = async () => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: user,
});
