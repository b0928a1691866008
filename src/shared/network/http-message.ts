import type { Buffer } from 'node:buffer';
import type http from 'node:http';
import type { ReserveBytes } from './body-intake.ts';
import type { Borrower } from './connection.ts';

/** One outgoing request. The path is sent byte for byte: no URL parser changes it. */
export interface HttpRequest {
  readonly method: string;
  /** `https://host[:port]`; plain http is for the emulators. */
  readonly origin: string;
  /** Path and query, beginning with `/`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** The owner of the response. A connection goes to another borrower only after it has been silent. */
  readonly borrower: Borrower;
  /** Sends the request over an unused connection. */
  readonly isOnNewConnection?: boolean;
  /** For the whole request, until the last byte of the response. Each phase also has a limit of its own. */
  readonly deadlineMs: number;
  readonly maxResponseBytes: number;
  /**
   * Reserves memory, step by step, for a body that may have more than 64 KiB. Until there is memory, the rest of the
   * response stays in its connection. The provider of the memory also releases it.
   */
  readonly reserveBytes?: ReserveBytes;
  readonly correlation?: Correlation;
}

/**
 * A request header that the server returns with the response. A response with another value belongs to another request. A
 * server that responds to a request twice is one response ahead on that connection, and nothing else would show it.
 */
export interface Correlation {
  readonly name: string;
  readonly value: string;
  /**
   * How a response without the header is treated. `mismatched`: as the response to another request. The exception is an
   * error status over a connection that never served another borrower, because a server in between may have sent it.
   * `unsure`: as the response to this request. Both close the connection after an error without the header.
   * `matched`: as the response to this request, because these servers do not return the header.
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
  /** No connection, no address, no TLS, or the connection broke before the response began. */
  | 'unreachable'
  | 'timeout'
  /** The response broke off, or could break off unseen. What arrived must not pass for the whole response. */
  | 'broken'
  | 'too-large'
  /** The response to another request, or bytes that are not an HTTP response. */
  | 'mismatched'
  /** The request has a value that cannot be sent. Nothing was sent. */
  | 'unsendable'
  /** No connection became free while the request waited for one. Nothing was sent. */
  | 'no-connection';

/** A request without a complete response. The caller translates it into a problem. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly kind: HttpFailureKind;
  /** Nothing came back. The server may nevertheless have received the request and acted on it. */
  readonly noBytesReceived: boolean;
  constructor(kind: HttpFailureKind, options: { cause?: unknown; noBytesReceived?: boolean } = {}) {
    super(kind, { cause: options.cause });
    this.kind = kind;
    this.noBytesReceived = options.noBytesReceived ?? false;
  }
}
