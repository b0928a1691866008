import { basename } from 'node:path';
import { type CoreApi, createCoreApi, type RegisteredFunction } from './core-api.ts';
import type { LogEntry, ProgrammingModel } from './core-types.ts';
import { loadBundle } from './load-bundle.ts';

export interface Worker {
  core: CoreApi;
  model: ProgrammingModel;
  functions: ReadonlyMap<string, RegisteredFunction>;
}

interface WorkerOptions {
  bundle: string;
  /** Passed to the appStart hooks; default the current directory. */
  appDirectory?: string;
  env: Readonly<Record<string, string>>;
  prepare?: ((exports: unknown) => void | Promise<void>) | undefined;
  log: (entry: LogEntry) => void;
}

/** The bundle threw while it was loaded. The real host then has no functions, and its own log has no entry about it. */
export class EntryPointError extends Error {
  constructor(bundle: string, cause: unknown) {
    const message = cause instanceof Error ? cause.message : String(cause);
    super(`Worker was unable to load entry point "${basename(bundle)}": ${message}`, { cause });
    this.name = 'EntryPointError';
  }
}

let previousStart: Promise<unknown> = Promise.resolve();

/**
 * Loads one app. Only one app loads at a time, because `process.env` is shared by the whole process.
 * @throws {EntryPointError}
 */
export function startWorker(options: WorkerOptions): Promise<Worker> {
  const start = previousStart.then(() => withEnv(options.env, () => loadApp(options)));
  previousStart = start.catch(() => undefined);
  return start;
}

async function loadApp({
  bundle,
  appDirectory = process.cwd(),
  prepare,
  log,
}: WorkerOptions): Promise<Worker> {
  const core = createCoreApi(log);
  const exports = loadEntryPoint(bundle, core);
  await prepare?.(exports);
  await core.runHooks('appStart', {
    hookData: {},
    appHookData: core.appHookData,
    functionAppDirectory: appDirectory,
  });
  const model = core.programmingModel();
  if (!model) throw new Error(`${bundle} registered no function with @azure/functions.`);
  const capabilities = await model.getCapabilities({});
  if (capabilities['HttpUri'] !== undefined) {
    throw new Error('The app has enabled HTTP streaming. This host supports only the buffered mode.');
  }
  core.lock();
  return { core, model, functions: core.functions };
}

function loadEntryPoint(bundle: string, core: CoreApi): unknown {
  try {
    return loadBundle(bundle, core.module);
  } catch (error) {
    throw new EntryPointError(bundle, error);
  }
}

async function withEnv<Result>(
  env: Readonly<Record<string, string>>,
  action: () => Promise<Result>,
): Promise<Result> {
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  try {
    return await action();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
