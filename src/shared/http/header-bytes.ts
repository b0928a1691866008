import { Buffer } from 'node:buffer';

/**
 * Makes every header readable for Microsoft's library. The library turns an invocation into a `Request` before
 * any code of an app runs. The host decodes header values as UTF-8, and `Request` throws at a character above
 * U+00FF. The host then returns a bare 500. A page on a sibling host could block every route for a browser with
 * one cookie, `name=Łukasz`.
 *
 * Call it when the functions are registered, because by then the library has given its model to the worker.
 */
export function makeHeadersReadable(): void {
  const core = findCore();
  if (core === undefined) return; // outside a Functions worker the library has no model
  const wrap = () => wrapModel(core.getProgrammingModel());
  wrap();
  // Repeated after everything has loaded, because a second copy of the library would set a model of its own.
  core.registerHook('appStart', wrap);
}

interface Core {
  getProgrammingModel(): unknown;
  registerHook(name: 'appStart', callback: () => void): unknown;
}

/** The worker provides this module to apps through `require` alone. It is in no registry. */
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

/** Known to every copy of this module in a worker, because encoding twice would be wrong. */
const marker = Symbol.for('entra-bff:readable-headers');

function wrapModel(model: unknown): void {
  if (!isModel(model) || marker in model.getInvocationModel) return;
  const original = model.getInvocationModel.bind(model);
  const wrapped = (context: unknown) => {
    // Changed in place, because the worker and the library continue with this object.
    for (const input of listOf(propertyOf(propertyOf(context, 'request'), 'inputData'))) {
      const http = propertyOf(propertyOf(input, 'data'), 'http');
      encodeHeaders(propertyOf(http, 'nullableHeaders'));
      encodeHeaders(propertyOf(http, 'headers'));
    }
    return original(context);
  };
  model.getInvocationModel = Object.assign(wrapped, { [marker]: true });
}

/** RFC 9110, 5.6.2. `Request` throws at any other name, although Kestrel accepts it. */
const token = /^[\w!#$%&'*+.^`|~-]+$/;

/** @param headers by name: text, or an object with the text as its `value` */
function encodeHeaders(headers: unknown): void {
  if (!isObject(headers)) return;
  for (const [name, header] of Object.entries(headers)) {
    if (!token.test(name)) delete headers[name];
    else if (typeof header === 'string') headers[name] = toByteText(header);
    else if (isObject(header) && typeof header['value'] === 'string') {
      header['value'] = toByteText(header['value']);
    }
  }
}

/**
 * Returns one character for each byte that was sent, as HTTP servers commonly present a header. The whole value
 * is converted, so that a reader need not guess which of its characters are bytes.
 */
function toByteText(value: string): string {
  // No header may contain these three (RFC 9110, 5.5). Dropping one would join the text on both sides.
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
