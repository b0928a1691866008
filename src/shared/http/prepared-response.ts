import { Buffer } from 'node:buffer';

/**
 * What the Functions library makes of a response, which here is a `Response` of Node.js: it checks and sorts the headers, and
 * copies the body into a stream and out of it again. All of that takes as long as a tenth of a call (measured). A response
 * that Node.js would not change is therefore handed over as if that had been done. The library knows it as `nativeResponse`,
 * which it does not document. A version without it would read the other members of the response, which are complete.
 */
export interface PreparedResponse {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** For the library's streaming mode. */
  readonly body: Response['body'];
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** The library sends responses with these statuses without their body (RFC 9110, 15.3.5, 15.3.6 and 15.4.5). */
export const isBodyless = (status: number) => status === 204 || status === 205 || status === 304;

/** Names and values that Node.js leaves as they are: it writes names in lower case and cuts off spaces around a value. */
const plainName = /^[a-z][a-z0-9-]*$/;
const plainValue = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * @param common headers that `headers` may override, and that Node.js does not change
 * @returns undefined if Node.js would change or refuse the response
 */
export function prepareResponse(
  status: number,
  common: ReadonlyMap<string, string>,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array | undefined,
): PreparedResponse | undefined {
  if (!Number.isInteger(status) || status < 200 || status > 599) return undefined;
  if (body !== undefined && isBodyless(status)) return undefined;
  // Node.js would add a type of its own.
  if (typeof body === 'string' && headers['content-type'] === undefined) return undefined;
  const prepared = new Map(common);
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string' || !plainName.test(name) || !plainValue.test(value)) return undefined;
    prepared.set(name, value);
  }
  return {
    status,
    headers: prepared,
    get body() {
      return body === undefined ? null : new Response(toArrayBuffer(body)).body;
    },
    arrayBuffer: async () => toArrayBuffer(body ?? new Uint8Array()),
  };
}

function toArrayBuffer(body: string | Uint8Array): ArrayBuffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const { buffer, byteLength } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
    ? buffer
    : new Uint8Array(bytes).buffer;
}
