import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LogEntry } from './core-types.ts';
import { invoke } from './invoke.ts';
import { listenOnLoopback } from './loopback-server.ts';
import { findRoute, toHttpRoutes, triggerOf, triggerType } from './routes.ts';
import { type ExtraDecodes, parseTarget, readBody, readHeaders, toRpcRequest } from './rpc-request.ts';
import { sendBare, sendRpcResponse } from './rpc-response.ts';
import { timerInput } from './timer-input.ts';
import { startWorker, type Worker } from './worker.ts';

export interface FunctionsHostOptions {
  /** Path of a CommonJS bundle. Every host loads an instance of its own, as every worker in Azure does. */
  bundle: string;
  /** Visible in `process.env` only until the app has started. */
  env?: Readonly<Record<string, string>>;
  /** Called with the bundle's exports before its appStart hooks; tests inject fakes here. */
  prepare?: (exports: unknown) => void | Promise<void>;
  /** 0, the default, chooses a free port. */
  port?: number;
  /** Sees every request first; `true` means that it has answered. */
  frontend?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Percent-decodes of the path in front of the host: deployed front ends decode once more. */
  extraDecodes?: ExtraDecodes;
  /**
   * Makes the storage account of `AzureWebJobsStorage` refuse the host. The host keeps its function keys there
   * unless `AzureWebJobsSecretStorageType` is `files`. It looks them up for every request that has `code` in
   * its query.
   */
  hostStorageRefuses?: boolean;
  /** Takes the lines of functions, library and host; without it they are dropped. */
  log?: (entry: LogEntry) => void;
}

interface HostedFunction {
  name: string;
  route?: string;
  methods?: readonly string[];
  type: 'http' | 'timer';
}

export interface FunctionsHost {
  origin: string;
  port: number;
  functions: readonly HostedFunction[];
  /** Runs a timer function now. Schedules never fire by themselves here. Rejects with what the function threw. */
  runTimer(name: string): Promise<void>;
  close(): Promise<void>;
}

const hostJson = new URL('../../../host.json', import.meta.url);
const defaultBodyLimitBytes = 100 * 1024 * 1024; // the real host's

/**
 * Serves a bundle of Azure Functions on localhost, in the buffered mode of the real host and with its rules.
 * @throws Error what the app threw while it loaded, or what the host refuses
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const log = options.log ?? (() => undefined);
  const worker = await startWorker({
    bundle: options.bundle,
    env: options.env ?? {},
    prepare: options.prepare,
    log,
  });
  const routes = toHttpRoutes(worker.functions.values(), await readRoutePrefix());
  const timers = toTimers(worker);
  const readSetting = (name: string) => options.env?.[name] ?? process.env[name] ?? '';
  const bodyLimitBytes = Number(readSetting('FUNCTIONS_REQUEST_BODY_SIZE_LIMIT') || defaultBodyLimitBytes);

  const lacksKeys =
    options.hostStorageRefuses === true &&
    readSetting('AzureWebJobsStorage') !== '' &&
    readSetting('AzureWebJobsSecretStorageType').toLowerCase() !== 'files';

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const headers = readHeaders(request);
    if (headers === 'too-large') return sendBare(response, 431, { connection: 'close' });
    if (headers === 'invalid') return sendBare(response, 400);
    const target = parseTarget(request.url ?? '', options.extraDecodes ?? 0);
    if (!target || request.headersDistinct['host']?.length !== 1) return sendBare(response, 400);
    // For every route, and without a log entry.
    if (lacksKeys && asksForKey(target.queryText)) return sendBare(response, 500);
    const found = findRoute(routes, request.method ?? '', target.path);
    const registered = found && worker.functions.get(found.route.name);
    if (!found || !registered) {
      request.resume();
      return sendBare(response, 404);
    }
    const body = await readBody(request, bodyLimitBytes);
    if (body === 'too-large') {
      // The rest of the body is never read, so the connection is of no further use.
      return sendBare(response, 413, { connection: 'close' });
    }
    const input = { http: toRpcRequest(request, headers, target, found.params, body) };
    sendRpcResponse(response, await invoke(worker.core, worker.model, registered, input));
  }

  const server = await listenOnLoopback((request, response) => {
    if (options.frontend?.(request, response)) return;
    serve(request, response).catch(() => sendBare(response, 500));
  }, options.port);

  return {
    origin: `http://localhost:${server.port}`,
    port: server.port,
    functions: [
      ...routes.map(({ name, route, methods }) => ({ name, route, methods, type: 'http' as const })),
      ...timers.map((name) => ({ name, type: 'timer' as const })),
    ],
    async runTimer(name) {
      const registered = timers.includes(name) ? worker.functions.get(name) : undefined;
      if (!registered) throw new Error(`There is no timer function "${name}".`);
      await invoke(worker.core, worker.model, registered, timerInput(triggerOf(registered).binding));
    },
    async close() {
      await server.close();
      await worker.core.runHooks('appTerminate', { hookData: {}, appHookData: worker.core.appHookData });
    },
  };
}

/** A function key may arrive as `code`. The host compares names case-insensitively. */
function asksForKey(queryText: string) {
  return [...new URLSearchParams(queryText).keys()].some((name) => name.toLowerCase() === 'code');
}

function toTimers(worker: Worker): string[] {
  return [...worker.functions.values()]
    .filter((registered) => {
      const type = triggerType(registered);
      if (type === 'timertrigger' || type === 'httptrigger') return type === 'timertrigger';
      throw new Error(
        `Function "${registered.metadata.name}" has a ${type}, which this host does not offer.`,
      );
    })
    .map(({ metadata }) => metadata.name)
    .sort();
}

async function readRoutePrefix(): Promise<string> {
  const settings: unknown = JSON.parse(await readFile(hostJson, 'utf8'));
  const prefix = read(read(read(settings, 'extensions'), 'http'), 'routePrefix');
  return typeof prefix === 'string' ? prefix : 'api'; // the real host's default
}

function read(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}
