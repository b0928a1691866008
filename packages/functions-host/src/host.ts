import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { LogEntry } from './core-types.ts';
import { invoke } from './invoke.ts';
import { listenOnLoopback } from './loopback-server.ts';
import { findRoute, toHttpRoutes, triggerOf, triggerType } from './routes.ts';
import { type ExtraDecodes, parseTarget, readBody, readHeaders, toRpcRequest } from './rpc-request.ts';
import { sendBare, sendRpcResponse } from './rpc-response.ts';
import { timerInput } from './timer-input.ts';
import { startWorker, type Worker } from './worker.ts';

export interface FunctionsHostOptions {
  /** Path of a CommonJS bundle. Each host loads a separate instance, as each worker in Azure does. */
  bundle: string;
  /** The folder of `host.json`; default the current directory, as with `func start`. */
  appDirectory?: string;
  /** Environment variables. They are set only until the app has started. */
  env?: Readonly<Record<string, string>>;
  /** Called with the exports of the bundle before its appStart hooks. Tests inject fakes here. */
  prepare?: (exports: unknown) => void | Promise<void>;
  /** 0, the default, takes a free port. */
  port?: number;
  /** Handles requests before the host does. Returns true if it has handled the request. */
  frontend?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** How often front ends before the host decode the path. Deployed front ends decode it once. */
  extraDecodes?: ExtraDecodes;
  /**
   * Makes the storage account of `AzureWebJobsStorage` refuse the host. The host keeps its function keys there
   * unless `AzureWebJobsSecretStorageType` is `files`. It looks them up for every request that has `code` in
   * its query.
   */
  hostStorageRefuses?: boolean;
  /** Receives the log of functions, library and host. Default: the log is dropped. */
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
  /** Runs a timer function now. Schedules never start it here. Rejects with the error of the function. */
  runTimer(name: string): Promise<void>;
  close(): Promise<void>;
}

const defaultBodyLimitBytes = 100 * 1024 * 1024; // the default of the real host

/**
 * Serves a bundle of Azure Functions on localhost, with the rules of the real host in its buffered mode.
 * @throws {Error} if the app fails to load, or if the host does not support it
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const { log = () => undefined, appDirectory = process.cwd() } = options;
  const worker = await startWorker({
    bundle: options.bundle,
    appDirectory,
    env: options.env ?? {},
    prepare: options.prepare,
    log,
  });
  const routes = toHttpRoutes(worker.functions.values(), await readRoutePrefix(appDirectory));
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
    // The real host does so for every route, without a log entry.
    if (lacksKeys && asksForKey(target.queryText)) return sendBare(response, 500);
    const found = findRoute(routes, request.method ?? '', target.path);
    const registered = found && worker.functions.get(found.route.name);
    if (!found || !registered) {
      request.resume();
      return sendBare(response, 404);
    }
    const body = await readBody(request, bodyLimitBytes);
    if (body === 'too-large') {
      // The rest of the body is not read, so the connection cannot be reused.
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
        `Function "${registered.metadata.name}" has a ${type}, which this host does not support.`,
      );
    })
    .map(({ metadata }) => metadata.name)
    .sort();
}

async function readRoutePrefix(appDirectory: string): Promise<string> {
  const settings: unknown = JSON.parse(await readFile(join(appDirectory, 'host.json'), 'utf8'));
  const prefix = read(read(read(settings, 'extensions'), 'http'), 'routePrefix');
  return typeof prefix === 'string' ? prefix : 'api'; // the default of the real host
}

function read(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}
