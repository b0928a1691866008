import { Buffer } from 'node:buffer';

export interface ReceivedResponse {
  readonly status: number;
  readonly bodyBytes: number;
}

/**
 * Finds the ends of HTTP/1.1 responses in a connection's bytes. A general parser would take more time than the fastest
 * system under test, and the load would then measure itself.
 */
export class ResponseReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Returns the responses that end within these bytes. */
  push(chunk: Buffer): ReceivedResponse[] {
    let bytes: Buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const responses: ReceivedResponse[] = [];
    for (let found = readResponse(bytes); found !== undefined; found = readResponse(bytes)) {
      responses.push(found);
      bytes = bytes.subarray(found.end);
    }
    this.#rest = bytes;
    return responses;
  }
}

const lineEnd = Buffer.from('\r\n');
const headEnd = Buffer.from('\r\n\r\n');

/** Returns undefined if the response is not complete. */
function readResponse(bytes: Buffer): (ReceivedResponse & { readonly end: number }) | undefined {
  const headLength = bytes.indexOf(headEnd);
  if (headLength === -1) return undefined;
  const head = bytes.toString('latin1', 0, headLength);
  const body = measureBody(bytes, headLength + headEnd.length, head);
  return body && { status: Number(head.slice(9, 12)), ...body };
}

function measureBody(bytes: Buffer, start: number, head: string) {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const end = start + Number(length);
    return end <= bytes.length ? { bodyBytes: Number(length), end } : undefined;
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) throw new Error(`A response without length:\n${head}`);
  let at = start;
  for (let bodyBytes = 0; ; ) {
    const sizeEnd = bytes.indexOf(lineEnd, at);
    if (sizeEnd === -1) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, sizeEnd), 16);
    at = sizeEnd + lineEnd.length + size + lineEnd.length;
    if (at > bytes.length) return undefined;
    if (size === 0) return { bodyBytes, end: at };
    bodyBytes += size;
  }
}
