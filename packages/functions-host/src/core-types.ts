/**
 * The part of `@azure/functions-core` that `@azure/functions` 4 uses. The real module and its types exist only inside the
 * Functions worker.
 */

export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none';
export type LogCategory = 'user' | 'system' | 'customMetric';

/** A log entry of a function, of the library or of the host. */
export interface LogEntry {
  level: LogLevel;
  message: string;
  functionName?: string;
  invocationId?: string;
}

/** The inputs of a handler depend on its trigger, so the library types them as `any`. */
export type FunctionCallback = (...args: unknown[]) => unknown;

export type BindingInfo = { type?: string; direction?: 'in' | 'out' | 'inout' } & Record<string, unknown>;
export interface FunctionMetadata {
  name: string;
  bindings: Record<string, BindingInfo>;
}

interface NullableString {
  value: string;
}

export interface RpcHttpRequest {
  method: string;
  url: string;
  nullableHeaders: Record<string, NullableString>;
  nullableQuery: Record<string, NullableString>;
  nullableParams: Record<string, NullableString>;
  body?: { bytes: Uint8Array };
}

export interface RpcCookie {
  name?: string;
  value?: string;
  domain?: NullableString;
  path?: NullableString;
  expires?: { value: { seconds: number } };
  secure?: { value: boolean };
  httpOnly?: { value: boolean };
  sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone';
  maxAge?: { value: number };
}

export interface RpcHttpResponse {
  statusCode?: string;
  headers?: Record<string, string>;
  cookies?: RpcCookie[];
  body?: { bytes?: Uint8Array; string?: string } | null;
}

export interface RpcData {
  http?: RpcHttpRequest;
  json?: string;
}

export interface CoreInvocationContext {
  invocationId: string;
  metadata: FunctionMetadata;
  request: {
    inputData: { name: string; data: RpcData }[];
    triggerMetadata: Record<string, RpcData>;
    traceContext: { traceParent: string };
  };
  state?: 'preInvocationHooks' | 'postInvocationHooks' | 'invocation';
  log(level: LogLevel, category: LogCategory, message: string): void;
}

interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], handler: FunctionCallback): Promise<unknown>;
  getResponse(
    context: unknown,
    result: unknown,
  ): Promise<{ returnValue?: { http?: RpcHttpResponse } | null }>;
}

export interface ProgrammingModel {
  name: string;
  version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel;
  getCapabilities(capabilities: Record<string, string>): Promise<Record<string, string>>;
}

export type HookName = 'appStart' | 'appTerminate' | 'preInvocation' | 'postInvocation' | 'log';
export type HookCallback = (context: Record<string, unknown>) => unknown;
