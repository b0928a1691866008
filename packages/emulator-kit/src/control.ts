import { type EmulatorRequest, jsonReply, type Reply, textReply } from './http.ts';

/** The paths of the control API begin with it. */
export const controlPrefix = '/_emulator/';

type Method = 'GET' | 'PUT' | 'POST';

/** @throws {ControlError} if the body is wrong */
export type ControlHandler = (body: unknown, request: EmulatorRequest) => Reply | Promise<Reply>;

/** The endpoints of an emulator's control API, by their names after the prefix. */
export type ControlEndpoints = Readonly<Record<string, Partial<Readonly<Record<Method, ControlHandler>>>>>;

/** A request that the control API refuses with 400. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  /** Further members of the response, for example the names that exist. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(message: string, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.members = members;
  }
}

/**
 * Handles a request of the control API. Programs of this computer may use it, and pages may not: any page of the web can
 * send requests to this computer, and the recorded requests have tokens.
 */
export async function handleControl(endpoints: ControlEndpoints, request: EmulatorRequest): Promise<Reply> {
  const reply = await controlReply(endpoints, request);
  return { ...reply, headers: { 'cross-origin-resource-policy': 'same-origin', ...reply.headers } };
}

async function controlReply(endpoints: ControlEndpoints, request: EmulatorRequest): Promise<Reply> {
  const { method, path, headers, body } = request;
  const refusal = refusalOf(request);
  if (refusal !== undefined) return textReply(403, refusal);
  const name = path.slice(controlPrefix.length);
  const methods = Object.hasOwn(endpoints, name) ? endpoints[name] : undefined;
  if (methods === undefined)
    return jsonReply(404, { error: `There is no ${path}.`, endpoints: Object.keys(endpoints) });
  const handler = isMethod(method) ? methods[method] : undefined;
  const allow = Object.keys(methods).join(', ');
  if (handler === undefined) return jsonReply(405, { error: `Use ${allow}.` }, { allow });
  try {
    if (method === 'GET') return await handler(undefined, request);
    // The forms of a page have other types, and a script of another origin needs a preflight for this one.
    if (!/^application\/json(?:\s*;|$)/i.test(headers['content-type'] ?? ''))
      return jsonReply(415, { error: 'Send application/json.' });
    return await handler(parseJson(body), request);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return jsonReply(400, { error: error.message, ...error.members });
  }
}

const isMethod = (text: string): text is Method => text === 'GET' || text === 'PUT' || text === 'POST';

function refusalOf({ headers }: EmulatorRequest): string | undefined {
  const { host = '', origin } = headers;
  // A page whose host name leads to this computer (DNS rebinding) sends that name.
  if (!/^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i.test(host))
    return 'The host name must be localhost, 127.0.0.1 or [::1].';
  if (origin !== undefined && origin !== `http://${host}`) return 'Pages of other origins must not use this.';
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return 'Pages of other origins must not use this.';
  return undefined;
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new ControlError('The body is not JSON.');
  }
}
