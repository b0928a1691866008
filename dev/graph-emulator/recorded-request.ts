import type { IncomingMessage } from 'node:http';

/** A request as it arrived, byte for byte, for tests that ask what really left the app. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query as received, not decoded and not normalized. */
  readonly target: string;
  /** Name and value in the order and the spelling received. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  body: Buffer;
  /** The `oid` of the access token once it has been found valid. */
  userId: string | undefined;
  /** The caller hung up before it had the whole answer. */
  hungUp: boolean;
}

/** Takes down the head of a request; its body follows as it arrives. */
export function recordRequest(incoming: IncomingMessage): RecordedRequest {
  const { rawHeaders } = incoming;
  return {
    method: incoming.method ?? '',
    target: incoming.url ?? '',
    headers: rawHeaders.flatMap((name, at) =>
      at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : [],
    ),
    body: Buffer.alloc(0),
    userId: undefined,
    hungUp: false,
  };
}

/** Reads the body into the record; of an upload that breaks off, what had arrived. */
export async function readBody(incoming: IncomingMessage, record: RecordedRequest): Promise<void> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk);
  } finally {
    record.body = Buffer.concat(chunks);
  }
}
