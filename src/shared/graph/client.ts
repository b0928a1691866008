import { Buffer } from 'node:buffer';
import type { GraphRequest } from '@microsoft/microsoft-graph-client';
import { BffError } from '../errors.ts';
import { readUpstreamPath } from '../policy/path.ts';
import { decodeUtf8 } from '../policy/utf8.ts';
import { type ApiResponse, toApiResponse } from '../proxy/api-response.ts';
import type { CallLimits } from '../proxy/call-limits.ts';
import { requireTokenNotEchoed } from '../proxy/returned-token.ts';
import type { SendWithToken } from '../proxy/send-with-token.ts';
import type { UpstreamBreaker } from '../proxy/upstream-breaker.ts';
import type { Caller } from '../session/caller.ts';
import { logOf } from '../telemetry/call-log.ts';
import type { Log } from '../telemetry/log.ts';
import { Transport } from './client-transport.ts';

/** Options of one call to Microsoft Graph. */
export interface GraphCallOptions {
  /** A feature of the policy. The user is asked for permissions in its name. */
  readonly feature: string;
  /** The delegated permissions that the call needs, all of them. */
  readonly scopes: readonly string[];
  /** Query options, which are encoded here: `{ $select: 'id,displayName', $top: 5 }`. */
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** Request headers, such as `ConsistencyLevel`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the log of the handler's call. */
  readonly log?: Log;
}

/** A JSON object of Graph. Its members are not validated. */
export type GraphObject = Readonly<Record<string, unknown>>;

/** A file or a photo. */
export interface GraphContent {
  readonly bytes: Uint8Array;
  /**
   * As Graph returned it. The file's uploader may have chosen it, so do not use it unchecked as the content type of a
   * response.
   */
  readonly contentType: string | undefined;
}

/** A body in JSON, or bytes with a `content-type` among the headers. */
export type GraphBody = GraphObject | Uint8Array | undefined;

/**
 * Calls Microsoft Graph with the user's access token. The policy does not apply to these calls.
 *
 * A path is relative to v1.0 (`/me`), begins with a version (`/beta/me`), or is an `@odata.nextLink` of Graph. Encode each
 * value in it.
 *
 * All methods throw a {@link BffError}: interaction_required, session_required, consent_declined, admin_consent_required,
 * rate_limited, request_invalid for a path that servers could interpret differently, sign_in_service_unavailable,
 * storage_unavailable, upstream_unreachable, upstream_timeout, and upstream_answer_refused. An error status from Graph is
 * thrown as upstream_answer_refused; {@link graphStatusOf} returns the status.
 */
export interface GraphClient {
  get(caller: Caller, path: string, options: GraphCallOptions): Promise<GraphObject>;
  /** Like `get`, but returns undefined if Graph returns 404. */
  find(caller: Caller, path: string, options: GraphCallOptions): Promise<GraphObject | undefined>;
  /** Reads a file or a photo. Returns undefined if Graph returns 404. */
  findContent(caller: Caller, path: string, options: GraphCallOptions): Promise<GraphContent | undefined>;
  /** Returns undefined if Graph returns no body, as for `/me/sendMail`. */
  post(
    caller: Caller,
    path: string,
    body: GraphBody,
    options: GraphCallOptions,
  ): Promise<GraphObject | undefined>;
  patch(
    caller: Caller,
    path: string,
    body: GraphBody,
    options: GraphCallOptions,
  ): Promise<GraphObject | undefined>;
  put(
    caller: Caller,
    path: string,
    body: GraphBody,
    options: GraphCallOptions,
  ): Promise<GraphObject | undefined>;
  delete(caller: Caller, path: string, options: GraphCallOptions): Promise<void>;
}

export interface GraphClientDependencies {
  /** Sends to Graph. */
  readonly sendWithToken: SendWithToken;
  /** Of Graph. */
  readonly upstreamBreaker: UpstreamBreaker;
  readonly callLimits: CallLimits;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
}

export function createGraphClient(origin: string, dependencies: GraphClientDependencies): GraphClient {
  const call = (method: Method, caller: Caller, path: string, options: GraphCallOptions, body?: GraphBody) =>
    callGraph({ origin, method, path, body }, caller, options, dependencies);
  return {
    get: async (...[caller, path, options]) => toObject(requireOk(await call('get', caller, path, options))),
    async find(caller, path, options) {
      const response = await call('get', caller, path, options);
      return response.status === 404 ? undefined : toObject(requireOk(response));
    },
    async findContent(caller, path, options) {
      const response = await call('get', caller, path, options);
      if (response.status === 404) return undefined;
      const { body, headers } = requireOk(response);
      return { bytes: body, contentType: headers['content-type'] };
    },
    post: async (caller, path, body, options) => toResult(await call('post', caller, path, options, body)),
    patch: async (caller, path, body, options) => toResult(await call('patch', caller, path, options, body)),
    put: async (caller, path, body, options) => toResult(await call('put', caller, path, options, body)),
    async delete(caller, path, options) {
      requireOk(await call('delete', caller, path, options));
    },
  };
}

type Method = 'get' | 'post' | 'patch' | 'put' | 'delete';

interface ComposedCall {
  readonly origin: string;
  readonly method: Method;
  readonly path: string;
  readonly body: GraphBody;
}

/** Microsoft's client composes the request, and the transport of this service sends it. */
async function callGraph(
  { origin, method, path, body }: ComposedCall,
  caller: Caller,
  options: GraphCallOptions,
  dependencies: GraphClientDependencies,
): Promise<ApiResponse> {
  const { feature, scopes, query = {}, headers = {} } = options;
  requireSendableHeaders(headers);
  const log = options.log ?? logOf(caller);
  const transport = new Transport({
    ...dependencies,
    caller,
    origin,
    need: { feature, scopes, alternatives: [] },
    log,
  });
  const { Client, ResponseType } = await import('@microsoft/microsoft-graph-client');
  const client = Client.initWithMiddleware({ baseUrl: origin, middleware: transport });
  const { version, relativePath } = splitPath(path, origin);
  const request = client
    .api(relativePath)
    .version(version)
    .query(encodeValues(query))
    .headers(headers)
    // The response is taken from the transport, because Microsoft's client would convert the body by its type.
    .responseType(ResponseType.RAW);
  await sendRequest(request, method, body).catch((error: unknown) => {
    // Microsoft's client wraps the errors of its transport.
    throw transport.failure ?? error;
  });
  const { exchange } = transport;
  if (exchange === undefined) throw new TypeError('the client has not sent the request');
  const response = toApiResponse(exchange, dependencies.now());
  requireTokenNotEchoed(response, exchange, feature, log);
  return response;
}

function sendRequest(request: GraphRequest, method: Method, body: GraphBody): Promise<unknown> {
  if (method === 'get' || method === 'delete') return request[method]();
  // For a typed array, Microsoft's client would send its whole underlying buffer (measured with 3.0.7).
  const content =
    body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : body;
  return request[method](content);
}

/** @throws {BffError} request_invalid */
function splitPath(
  path: string,
  origin: string,
): { readonly version: string; readonly relativePath: string } {
  const target = path.startsWith(`${origin}/`) ? path.slice(origin.length) : path;
  const [pathname = ''] = target.split('?');
  // A path is often composed of values from a request. `..` in such a value must not lead to another resource.
  const parsed = readUpstreamPath(pathname);
  if (parsed.kind === 'refused' || target.includes('#') || target.includes('://')) {
    throw new BffError('request_invalid', {
      detail: 'The path for Microsoft Graph has a part that is not allowed.',
    });
  }
  const [, version = 'v1.0', relativePath = target] = /^\/(v1\.0|beta)(\/.*)$/s.exec(target) ?? [];
  return { version, relativePath };
}

/**
 * Refuses names and values that cannot be sent. `Headers` would throw an internal error, with the value in its message.
 * @throws {BffError} request_invalid
 */
function requireSendableHeaders(headers: NonNullable<GraphCallOptions['headers']>): void {
  const isSendable = ([name, value]: [string, string]) =>
    /^[!#$%&'*+\-.^_`|~\w]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value);
  if (Object.entries(headers).every(isSendable)) return;
  throw new BffError('request_invalid', {
    detail: 'A header for Microsoft Graph has a character that is not allowed.',
  });
}

/** Encoded here, because Microsoft's client sends query options unchanged. */
function encodeValues(query: NonNullable<GraphCallOptions['query']>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, encodeURIComponent(String(value).toWellFormed())]),
  );
}

/** The error status that Graph returned, as the cause of a problem. */
class GraphFailure extends Error {
  override readonly name = 'GraphFailure';
  readonly status: number;
  /** Code of Graph's error document, such as `ErrorItemNotFound`. For the log. */
  readonly code: string;
  readonly retryAfterSeconds: number | undefined;

  constructor({ status, headers, body }: ApiResponse) {
    super('Microsoft Graph returned an error');
    this.status = status;
    this.code = readErrorCode(body) ?? String(status);
    const retryAfter = headers['retry-after'];
    this.retryAfterSeconds = retryAfter === undefined ? undefined : Number(retryAfter);
  }
}

/** The status with which Graph refused a call of {@link GraphClient}. Undefined for any other error. */
export function graphStatusOf(error: unknown): number | undefined {
  return failureOf(error)?.status;
}

/** The seconds to wait before the call is repeated: those of Graph's response, or a default for status 429 and 503. */
export function graphRetryAfterOf(error: unknown): number | undefined {
  return failureOf(error)?.retryAfterSeconds;
}

function failureOf(error: unknown): GraphFailure | undefined {
  return error instanceof BffError && error.cause instanceof GraphFailure ? error.cause : undefined;
}

/** @throws {BffError} upstream_answer_refused */
function requireOk(response: ApiResponse): ApiResponse {
  if (response.status >= 200 && response.status < 300) return response;
  throw new BffError('upstream_answer_refused', {
    detail: `Microsoft Graph returned status ${response.status}.`,
    cause: new GraphFailure(response),
  });
}

function toResult(response: ApiResponse): GraphObject | undefined {
  return requireOk(response).body.byteLength === 0 ? undefined : toObject(response);
}

/** @throws {BffError} upstream_answer_refused */
function toObject({ body }: ApiResponse): GraphObject {
  const value = parseObject(body);
  if (value !== undefined) return value;
  throw new BffError('upstream_answer_refused', {
    detail: 'Microsoft Graph did not return a JSON object.',
  });
}

function parseObject(body: Uint8Array): GraphObject | undefined {
  try {
    const value: unknown = JSON.parse(decodeUtf8(body) ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function readErrorCode(body: Uint8Array): string | undefined {
  const error = parseObject(body)?.['error'];
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : undefined;
}
