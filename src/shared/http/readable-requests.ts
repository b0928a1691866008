import { Buffer } from 'node:buffer';

/**
 * Replaces characters in request headers for which Microsoft's Functions library would throw. The host decodes header
 * values as UTF-8. Before any code of the app runs, the library creates a `Request` from them, which throws for a
 * character above U+00FF, and the host returns a bare 500. With one cookie, `name=Łukasz`, a sibling host could block
 * every route for a browser. URLs that the library cannot parse are replaced too.
 *
 * Call this function when the functions are registered. At that time, the library has already set its programming model
 * in the worker.
 */
export function makeRequestsReadable(): void {
  const core = findCore();
  if (core === undefined) return; // not in a Functions worker
  const wrap = () => wrapModel(core.getProgrammingModel());
  wrap();
  // Repeated when the app starts, because a second copy of the library may have set another model in the meantime.
  core.registerHook('appStart', wrap);
}

interface Core {
  getProgrammingModel(): unknown;
  registerHook(name: 'appStart', callback: () => void): unknown;
}

/** The Functions worker provides this module only through `require`. The package registry does not have it. */
function findCore(): Core | undefined {
  if (typeof require === 'undefined') return undefined;
  try {
    // biome-ignore lint/correctness/noUndeclaredDependencies: the worker provides this module
    const core: unknown = require('@azure/functions-core');
    return isCore(core) ? core : undefined;
  } catch {
    return undefined;
  }
}

interface Model {
  getInvocationModel: (context: unknown) => unknown;
}

/** Marks a wrapped model. Every copy of this module in a worker knows the symbol, so that no header is encoded twice. */
const marker = Symbol.for('entra-bff:readable-headers');

function wrapModel(model: unknown): void {
  if (!isModel(model) || marker in model.getInvocationModel) return;
  const original = model.getInvocationModel.bind(model);
  const wrapped = (context: unknown) => {
    // Changed in place, because the worker and the library go on to use this object.
    for (const input of listOf(propertyOf(propertyOf(context, 'request'), 'inputData'))) {
      const http = propertyOf(propertyOf(input, 'data'), 'http');
      encodeHeaders(propertyOf(http, 'nullableHeaders'));
      encodeHeaders(propertyOf(http, 'headers'));
      if (isObject(http)) makeUrlReadable(http);
    }
    return original(context);
  };
  model.getInvocationModel = Object.assign(wrapped, { [marker]: true });
}

/** A valid header name (RFC 9110, 5.6.2). `Request` throws for any other, but Kestrel, the host's server, accepts some. */
const headerName = /^[\w!#$%&'*+.^`|~-]+$/;

/** @param headers by name: a text, or an object with the text as its `value` */
function encodeHeaders(headers: unknown): void {
  if (!isObject(headers)) return;
  for (const [name, header] of Object.entries(headers)) {
    if (!headerName.test(name)) delete headers[name];
    else if (typeof header === 'string') headers[name] = toByteText(header);
    else if (isObject(header)) {
      const { value } = header;
      if (typeof value === 'string' && !isAscii(value)) header['value'] = toByteText(value);
    }
  }
}

/**
 * The Functions host builds the URL from the Host header. The host accepts names that `Request` refuses, such as
 * `1.2.3.4.5`. The error would contain the whole URL, which may include a sign-in's authorization code, and the host
 * would log the error. Nothing in this service reads the origin of the URL.
 */
function makeUrlReadable(http: Record<string, unknown>): void {
  const { url } = http;
  if (typeof url !== 'string' || URL.canParse(url)) return;
  http['url'] = url.replace(/^https?:\/\/[^/?#]*/i, 'http://localhost');
}

/** A text that {@link toByteText} leaves as it is, as almost every header. */
const isAscii = (text: string) => /^[\t\x20-\x7e]*$/.test(text);

/**
 * Returns one character per byte that was sent, as most HTTP servers present a header. Values without a character above
 * U+00FF are converted too, so that the code that reads a value need not guess whether it was converted.
 */
function toByteText(value: string): string {
  // No header may contain these three characters (RFC 9110, 5.5). They are replaced, because removing one would join the
  // text on both sides.
  const cleaned = value.replace(/[\0\r\n]/g, '\ufffd');
  return Buffer.from(cleaned, 'utf8').toString('latin1');
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const propertyOf = (value: unknown, name: string): unknown => (isObject(value) ? value[name] : undefined);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const isCore = (value: unknown): value is Core =>
  typeof propertyOf(value, 'getProgrammingModel') === 'function' &&
  typeof propertyOf(value, 'registerHook') === 'function';

const isModel = (value: unknown): value is Model =>
  typeof propertyOf(value, 'getInvocationModel') === 'function';
