import { BffError } from '../errors.ts';
import { hasBody } from '../policy/methods.ts';

/** A request whose body has not been read. */
export interface UnreadRequest {
  readonly method: string;
  /** A request header of the caller, by its lower-case name. */
  header(name: string): string | undefined;
  /** Reads the body. Undefined if it is larger than the limit. */
  body(limitBytes: number): Promise<Uint8Array | undefined>;
}

/**
 * The length of the body as the browser declares it. Undefined if the call has none. The body is not read.
 * @throws {BffError} length_required, body_too_large, content_encoding_not_allowed, request_invalid
 */
export function declaredLength(call: Omit<UnreadRequest, 'body'>, limitBytes: number): number | undefined {
  const contentLength = call.header('content-length');
  // The host silently drops a chunked body (measured), which would then look like an empty one.
  if (
    call.header('transfer-encoding') !== undefined ||
    (contentLength === undefined && hasBody(call.method))
  ) {
    throw new BffError('length_required', { detail: 'Send the body with a Content-Length.' });
  }
  if (contentLength === undefined) return undefined;
  if (!/^\d{1,12}$/.test(contentLength))
    throw new BffError('request_invalid', { detail: 'Content-Length is not a number.' });
  if (hasBody(call.method) && !isUncompressed(call.header('content-encoding'))) {
    throw new BffError('content_encoding_not_allowed', { detail: 'Send the body without Content-Encoding.' });
  }
  if (Number(contentLength) > limitBytes) throw tooLarge(limitBytes);
  return hasBody(call.method) || Number(contentLength) > 0 ? Number(contentLength) : undefined;
}

/**
 * The complete body. Undefined if the method has no body. A body that comes with such a method is dropped. The host has read
 * it by then, so no byte of it can become part of the next request on its connection.
 * @throws {BffError} length_required, body_too_large, content_encoding_not_allowed, request_invalid,
 * content_type_not_allowed
 */
export async function readRequestBody(
  call: UnreadRequest,
  limitBytes: number,
): Promise<Uint8Array | undefined> {
  const length = declaredLength(call, limitBytes);
  if (length === undefined || !hasBody(call.method)) return undefined;
  const body = await call.body(limitBytes);
  if (body === undefined) throw tooLarge(limitBytes);
  if (body.byteLength !== length) {
    throw new BffError('request_invalid', {
      detail: 'The body does not have the length that its Content-Length declares.',
    });
  }
  if (body.byteLength > 0 && call.header('content-type') === undefined) {
    throw new BffError('content_type_not_allowed', {
      rules: ['content-type'],
      detail: 'Send the body with its Content-Type.',
    });
  }
  return body;
}

function tooLarge(limitBytes: number): BffError {
  return new BffError('body_too_large', { detail: `The limit is ${limitBytes} bytes.` });
}

const isUncompressed = (contentEncoding = 'identity') => contentEncoding.toLowerCase() === 'identity';
