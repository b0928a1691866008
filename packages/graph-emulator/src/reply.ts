import type { Reply } from '@entra-bff/emulator-kit';

/** A reply of the emulated Graph, before it is written to the socket. */
export interface GraphReply extends Reply {
  readonly body?: GraphObject | Uint8Array;
}

/** A JSON object as Graph sends it. */
export type GraphObject = { readonly [name: string]: unknown };

/** An error response of Graph. */
export class GraphError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Reply['headers'];

  constructor(status: number, code: string, message: string, headers?: Reply['headers']) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The content type of every JSON response of Graph. Clients that compare it as a whole must find the exact text here. */
export const graphJsonType =
  'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

/** Identifies one call, for support. */
export interface CallIds {
  readonly requestId: string;
  readonly clientRequestId: string;
  readonly now: Date;
}

/** Graph's error document. */
export function toErrorReply(error: GraphError, { requestId, clientRequestId, now }: CallIds): GraphReply {
  return {
    status: error.status,
    headers: error.headers ?? {},
    body: {
      error: {
        code: error.code,
        message: error.message,
        innerError: {
          // Graph writes this time without fraction and time zone.
          date: now.toISOString().slice(0, 19),
          'request-id': requestId,
          'client-request-id': clientRequestId,
        },
      },
    },
  };
}
