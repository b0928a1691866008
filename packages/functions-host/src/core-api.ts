import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  HookName,
  LogCategory,
  LogEntry,
  LogLevel,
  ProgrammingModel,
} from './core-types.ts';

export interface RegisteredFunction {
  metadata: FunctionMetadata;
  callback: FunctionCallback;
}

const hookNames: readonly string[] = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'];

/** Disposes once, as the class of the worker does. */
class Disposable {
  #dispose: (() => void) | undefined;

  constructor(dispose: () => void) {
    this.#dispose = dispose;
  }

  dispose(): void {
    this.#dispose?.();
    this.#dispose = undefined;
  }
}

/** The functions and hooks of one app, and its `@azure/functions-core` module. */
export type CoreApi = ReturnType<typeof createCoreApi>;

/** Creates the API of the Functions worker for one app. */
export function createCoreApi(sink: (entry: LogEntry) => void) {
  const functions = new Map<string, RegisteredFunction>();
  const hooks = new Map<HookName, Set<HookCallback>>();
  const appHookData: Record<string, unknown> = {};
  let programmingModel: ProgrammingModel | undefined;
  let started = false;

  function registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
    if (started) throw new Error('A function can only be registered during app startup.');
    if (functions.has(metadata.name)) {
      throw new Error(`A function with id "${metadata.name}" has already been registered.`);
    }
    functions.set(metadata.name, { metadata, callback });
    return new Disposable(() => functions.delete(metadata.name));
  }

  function registerHook(name: string, callback: HookCallback): Disposable {
    if (!isHookName(name)) throw new RangeError(`Unrecognized hook "${name}"`);
    const callbacks = hooks.get(name) ?? new Set();
    hooks.set(name, callbacks.add(callback));
    return new Disposable(() => callbacks.delete(callback));
  }

  /** Runs the hooks one after the other, in the order of registration. */
  async function runHooks<Context extends Record<string, unknown>>(name: HookName, context: Context) {
    for (const callback of hooks.get(name) ?? []) await callback(context);
    return context;
  }

  /** Log hooks run synchronously and may change level and message. */
  function log(
    level: LogLevel,
    category: LogCategory,
    message: string,
    from: { functionName?: string; invocationId?: string; invocationContext?: unknown } = {},
  ): void {
    const { invocationContext, ...names } = from;
    const context = { level, category, message, hookData: {}, appHookData, invocationContext };
    for (const callback of hooks.get('log') ?? []) void callback(context);
    sink({ level: context.level, message: context.message, ...names });
  }

  return {
    functions: functions as ReadonlyMap<string, RegisteredFunction>,
    /** Shared by all hooks of this app. */
    appHookData,
    runHooks,
    log,
    programmingModel: () => programmingModel,
    /** Ends the registration. */
    lock: () => {
      started = true;
    },
    /** The module that the app gets from `require('@azure/functions-core')`. */
    module: {
      version: '3.14.0',
      hostVersion: '4.1052.0',
      registerFunction,
      registerHook,
      setProgrammingModel: (model: ProgrammingModel) => {
        programmingModel = model;
      },
      getProgrammingModel: () => programmingModel,
      log: (level: LogLevel, category: LogCategory, message: string) => log(level, category, message),
      Disposable,
    },
  };
}

const isHookName = (name: string): name is HookName => hookNames.includes(name);
