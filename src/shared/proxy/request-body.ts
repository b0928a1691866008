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
 * The length of the body as the browser declares it. Undefined if the method has no body. The body is not read.
 * @throws {BffError} length_required, body_too_large, request_invalid
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
  if (call.header('content-encoding') !== undefined) {
    throw new BffError('request_invalid', { detail: 'Send the body without Content-Encoding.' });
  }
  if (Number(contentLength) > limitBytes) throw tooLarge(limitBytes);
  if (!hasBody(call.method)) {
    if (Number(contentLength) === 0) return undefined;
    throw new BffError('request_invalid', { detail: 'This method has no body.' });
  }
  return Number(contentLength);
}

/**
 * The complete body. Undefined if the method has no body.
 * @throws {BffError} length_required, body_too_large, request_invalid, content_type_not_allowed
 */
export async function readRequestBody(
  call: UnreadRequest,
  limitBytes: number,
): Promise<Uint8Array | undefined> {
  const length = declaredLength(call, limitBytes);
  if (length === undefined) return undefined;
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
