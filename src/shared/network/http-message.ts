import type { Buffer } from 'node:buffer';
import type http from 'node:http';
import type { ReserveBytes } from './body-intake.ts';
import type { Borrower } from './connection.ts';

/** One outgoing request. The path is sent byte for byte, because no URL parser touches it. */
export interface HttpRequest {
  readonly method: string;
  /** `https://host[:port]`, or http for the emulators. */
  readonly origin: string;
  /** Path and query, beginning with `/`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly borrower: Borrower;
  /** Sends the request over a new connection. */
  readonly isOnNewConnection?: boolean;
  /** For the whole request, until the last byte of the response. Each phase also has its limit (`PhaseLimits`). */
  readonly deadlineMs: number;
  readonly maxResponseBytes: number;
  /**
   * Reserves memory in steps for a response body of more than 64 KiB. While there is no memory, the rest of the body is
   * not read from the connection. The caller releases the memory.
   */
  readonly reserveBytes?: ReserveBytes;
  readonly correlation?: Correlation;
}

/**
 * A request header that the server returns with the response. A response with another value belongs to another request.
 * Without the comparison, two responses to one request would shift all later responses on that connection unnoticed.
 */
export interface Correlation {
  readonly name: string;
  readonly value: string;
  /**
   * How a response without the header is treated.
   * - `mismatched`: as the response to another request. An exception is an error status over a connection that has served
   *   only one borrower, because a server in between may have sent it.
   * - `unsure`: as the response to this request.
   * - `matched`: as the response to this request, because these servers do not return the header.
   *
   * With `mismatched` and `unsure`, the connection is closed after an accepted error without the header.
   */
  readonly whenMissing: 'mismatched' | 'unsure' | 'matched';
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names. node:http joins or drops repeated headers. */
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export type HttpFailureKind =
  /**
   * Name resolution, the connection or TLS failed, the connection was closed before the response began, or the head of the
   * response is not valid HTTP.
   */
  | 'unreachable'
  | 'timeout'
  /**
   * The response was cut off, could have been cut off unnoticed, has a body that is not valid HTTP, or is an
   * unrequested 101. What arrived must not pass for the whole response.
   */
  | 'broken'
  | 'too-large'
  /** The head of the response exceeds node:http's limit, 16 KiB by default. */
  | 'headers-too-large'
  /** The response to another request, or bytes on a reused connection that do not start a response. */
  | 'mismatched'
  /** The request has a value that cannot be sent. Nothing was sent. */
  | 'unsendable'
  /** No connection became free while the request waited for one. Nothing was sent. */
  | 'no-connection';

/** A request without a complete response. The caller translates it into a problem. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly kind: HttpFailureKind;
  /** True if no byte of a response arrived. The server may nevertheless have received the request and acted on it. */
  readonly noBytesReceived: boolean;
  constructor(kind: HttpFailureKind, options: { cause?: unknown; noBytesReceived?: boolean } = {}) {
    super(kind, { cause: options.cause });
    this.kind = kind;
    this.noBytesReceived = options.noBytesReceived ?? false;
  }
}
