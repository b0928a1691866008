import { Buffer } from 'node:buffer';

/**
 * Finds the ends of HTTP/1.1 responses in a connection's bytes. A general parser would take more time than the fastest
 * system under test, and the load would then measure itself.
 */
export class ResponseReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Returns the statuses of the responses that end within these bytes. */
  push(chunk: Buffer): number[] {
    let bytes: Buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const statuses: number[] = [];
    for (;;) {
      const end = endOfResponse(bytes);
      if (end === -1) break;
      statuses.push(Number(bytes.toString('latin1', 9, 12)));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
    return statuses;
  }
}

const headEnd = Buffer.from('\r\n\r\n');
const lastChunk = Buffer.from('\r\n0\r\n\r\n');

/** -1 if the response is not complete. */
function endOfResponse(bytes: Buffer): number {
  const end = bytes.indexOf(headEnd);
  if (end === -1) return -1;
  const bodyAt = end + headEnd.length;
  const head = bytes.toString('latin1', 0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const bodyEnd = bodyAt + Number(length);
    return bodyEnd <= bytes.length ? bodyEnd : -1;
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) throw new Error(`A response without length:\n${head}`);
  // The bodies are JSON without line ends, so this is the end of the last chunk and nothing else.
  const chunksEnd = bytes.indexOf(lastChunk, end);
  return chunksEnd === -1 ? -1 : chunksEnd + lastChunk.length;
}
