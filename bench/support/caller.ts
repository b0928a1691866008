import type { RpcHttpRequest } from '@entra-bff/functions-host';
import { invoke, startWorker } from '@entra-bff/functions-host';
import type { SendHttp } from '../../src/shared/network/http-request.ts';
import type { Table } from '../../src/shared/storage/table.ts';
import type { System } from '../../src/system.ts';
import type * as WorkerBundle from '../../test/support/worker.ts';
import type { MeasuredProduct } from './product.ts';

/** Runs one function for one request; gives the status. A request with a body is a PUT. */
export type Caller = (functionName: string, path: string, body?: Uint8Array) => Promise<string | undefined>;

/** A worker in this process, without a host: its functions are called as the Functions worker calls them. */
export async function startCaller(
  {
    bundle,
    settings,
    tableConnectionString,
  }: Pick<MeasuredProduct, 'bundle' | 'settings' | 'tableConnectionString'>,
  cookie: string,
  options: {
    cacheSeconds: number;
    withTable?: (table: Table) => Table;
    /** Asks Graph indeed; else it answers at once. */
    asksGraph?: boolean;
  },
): Promise<Caller> {
  const { withTable = (table) => table, asksGraph = false } = options;
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
        table: withTable(system.table),
        ...(asksGraph ? {} : { sendHttp: answerAtOnce }),
      }));
    },
  });
  return async (functionName, path, body) => {
    const registered = functions.get(functionName);
    if (registered === undefined) throw new Error(`There is no function "${functionName}".`);
    const answer = await invoke(core, model, registered, { http: rpcRequest(path, cookie, body) });
    return answer?.statusCode;
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

const person = Buffer.from(
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

/** Graph alone is asked here: tokens and keys come from the row. */
const answerAtOnce: SendHttp = async () => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: person,
});
