/** What an emulated Graph call answers, before it is written to the socket. */
export interface GraphAnswer {
  readonly status: number;
  readonly headers?: GraphHeaders;
  readonly body?: GraphObject | Uint8Array;
}

/** A list becomes a line for each. */
export type GraphHeaders = Readonly<Record<string, string | readonly string[]>>;

/** A JSON object as Graph sends it. */
export interface GraphObject {
  readonly [name: string]: unknown;
}

/** A refusal in Graph's own words; the server turns it into Graph's error document. */
export class GraphError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: GraphHeaders;

  constructor(status: number, code: string, message: string, headers: GraphHeaders = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The content type of every JSON answer of Graph, to the letter: clients that compare it whole must meet it here. */
export const graphJsonType =
  'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

/** Graph's error document, with the ids that support asks for. */
export function toErrorAnswer(
  error: GraphError,
  call: { requestId: string; clientRequestId: string; now: Date },
): GraphAnswer {
  return {
    status: error.status,
    headers: error.headers,
    body: {
      error: {
        code: error.code,
        message: error.message,
        innerError: {
          // Graph writes this instant without fraction and without zone.
          date: call.now.toISOString().slice(0, 19),
          'request-id': call.requestId,
          'client-request-id': call.clientRequestId,
        },
      },
    },
  };
}
