import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogEntry } from './core-types.ts';
import { answerReservedPath, answerUnhandled, type HostAnswer } from './host-endpoints.ts';
import { invoke } from './invoke.ts';
import { listenOnLoopback } from './loopback-server.ts';
import type { RequestHead } from './request-head.ts';
import { findRoute, type HttpRoute, toHttpRoutes, triggerOf, triggerType } from './routes.ts';
import { type ExtraDecodes, parseTarget, readBody, toRpcRequest, toUrl } from './rpc-request.ts';
import { send, sendBare, sendRpcResponse } from './rpc-response.ts';
import { timerInput } from './timer-input.ts';
import { EntryPointError, startWorker, type Worker } from './worker.ts';

export interface FunctionsHostOptions {
  /**
   * Path of a CommonJS bundle, or of a file that requires others. Each host loads a separate instance, as each worker in Azure
   * does, except for ES modules.
   */
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
   * How the storage account of `AzureWebJobsStorage` fails. The host keeps its keys there unless
   * `AzureWebJobsSecretStorageType` is `files`, and looks them up for every request that seems to have one. Default: it
   * works.
   */
  hostStorage?: 'refuses' | 'unreachable' | 'frozen';
  /** After which time the host gives up on an unreachable account. Default: what was observed. */
  hostStorageTimeoutMs?: number;
  /** Opens the host's own endpoints, as `x-functions-key`. Default: nothing does. */
  masterKey?: string;
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
  /** Set if the bundle threw while it was loaded. The host then has no functions. The real host does not report this. */
  loadError?: Error;
  /** Runs a timer function now. Schedules never start it here. Rejects with the error of the function. */
  runTimer(name: string): Promise<void>;
  close(): Promise<void>;
}

const DEFAULT_BODY_LIMIT_BYTES = 104_857_600;
const STORAGE_TIMEOUT_MS = 43_600;

/**
 * Serves a bundle of Azure Functions on localhost, with the rules of the real host in its buffered mode. An app that
 * throws while it loads starts without functions, and the log has the error.
 * @throws {Error} if an appStart hook fails, or if the host does not support the app
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const { log = () => undefined, appDirectory = process.cwd() } = options;
  const { env = {}, bundle, prepare } = options;
  const started = await startWorker({ bundle, appDirectory, env, prepare, log }).catch(toLoadError);
  const worker = started instanceof EntryPointError ? undefined : started;
  const routes = toHttpRoutes(worker?.functions.values() ?? [], await readRoutePrefix(appDirectory));
  const timers = toTimers(worker);
  const serve = createServe(worker, routes, timers, options);

  const server = await listenOnLoopback((request, response, head) => {
    if (options.frontend?.(request, response)) return;
    serve(request, response, head).catch(() => sendBare(response, 500));
  }, options.port);

  return {
    origin: `http://localhost:${server.port}`,
    port: server.port,
    functions: [
      ...routes.map(({ name, route, methods }) => ({ name, route, methods, type: 'http' as const })),
      ...timers.map((name) => ({ name, type: 'timer' as const })),
    ],
    ...(started instanceof EntryPointError && { loadError: started }),
    runTimer: (name) => runTimer(worker, timers, name),
    async close() {
      await server.close();
      await worker?.core.runHooks('appTerminate', { hookData: {}, appHookData: worker.core.appHookData });
    },
  };
}

function toLoadError(error: unknown): EntryPointError {
  if (error instanceof EntryPointError) return error;
  throw error;
}

type Serve = (request: IncomingMessage, response: ServerResponse, head: RequestHead) => Promise<void>;

function createServe(
  worker: Worker | undefined,
  routes: readonly HttpRoute[],
  timers: readonly string[],
  options: FunctionsHostOptions,
): Serve {
  const readSetting = (name: string) => options.env?.[name] ?? process.env[name] ?? '';
  const bodyLimitBytes = Number(readSetting('FUNCTIONS_REQUEST_BODY_SIZE_LIMIT') || DEFAULT_BODY_LIMIT_BYTES);
  const isHomePageDisabled = readSetting('AzureWebJobsDisableHomepage').toLowerCase() === 'true';
  const lookUpKeys = createKeyLookUp(options, readSetting);

  const answer = (response: ServerResponse, { status, body, starts }: HostAnswer) => {
    if (starts !== undefined && !timers.includes(starts)) return sendBare(response, 404);
    // The log has the error of the function. The client does not learn of it.
    if (starts !== undefined) runTimer(worker, timers, starts).catch(() => undefined);
    send(response, status, body, body === undefined ? {} : { 'content-type': 'text/html' });
  };

  return async (request, response, head) => {
    if (head.method === 'CONNECT') return sendBare(response, 500);
    const target = parseTarget(head.target, options.extraDecodes ?? 0);
    if (!target) return sendBare(response, 400);
    const url = toUrl(head, target);
    if (url === undefined) return sendBare(response, 500);
    const key = head.headers.find(([name]) => name === 'x-functions-key')?.[1];
    // The real host does so for every route, without a log entry.
    if (key !== undefined || hasCode(target.queryText)) await lookUpKeys();
    const reserved = answerReservedPath({ method: head.method, path: target.path, key }, options.masterKey);
    const found = reserved ? undefined : findRoute(routes, head.method, target.path);
    const registered = found && worker?.functions.get(found.route.name);
    if (!worker || !found || !registered) {
      request.resume();
      return answer(response, reserved ?? answerUnhandled(target.path, isHomePageDisabled));
    }
    const body = await readBody(request, head, bodyLimitBytes);
    // The rest of the body is not read, so the connection cannot be reused.
    if (body === 'too-large') return sendBare(response, 500, { connection: 'close' });
    const input = { http: toRpcRequest(head, url, target, found.params, body) };
    sendRpcResponse(response, await invoke(worker.core, worker.model, registered, input));
  };
}

/** Returns a function that fails as the storage account of the keys does. */
function createKeyLookUp(
  { hostStorage, hostStorageTimeoutMs = STORAGE_TIMEOUT_MS }: FunctionsHostOptions,
  readSetting: (name: string) => string,
): () => Promise<void> {
  const usesStorage =
    readSetting('AzureWebJobsStorage') !== '' &&
    readSetting('AzureWebJobsSecretStorageType').toLowerCase() !== 'files';
  return async () => {
    if (!usesStorage || hostStorage === undefined) return;
    if (hostStorage === 'frozen') await new Promise(() => undefined);
    if (hostStorage === 'unreachable') await delay(hostStorageTimeoutMs, undefined, { ref: false });
    throw new Error('The host cannot read its keys.');
  };
}

/** A function key may arrive as `code`. The host compares names case-insensitively. */
function hasCode(queryText: string) {
  return [...new URLSearchParams(queryText).keys()].some((name) => name.toLowerCase() === 'code');
}

async function runTimer(worker: Worker | undefined, timers: readonly string[], name: string): Promise<void> {
  const registered = timers.includes(name) ? worker?.functions.get(name) : undefined;
  if (!worker || !registered) throw new Error(`There is no timer function "${name}".`);
  await invoke(worker.core, worker.model, registered, timerInput(triggerOf(registered).binding));
}

function toTimers(worker: Worker | undefined): string[] {
  return [...(worker?.functions.values() ?? [])]
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
