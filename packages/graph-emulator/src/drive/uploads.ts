import type { EmulatorRequest, Reply } from '@entra-bff/emulator-kit';
import { GraphError, type GraphObject } from '../reply.ts';

/** A file that arrives in pieces. */
export interface Upload {
  readonly expiresAt: Date;
  readonly chunks: Buffer[];
  /** Stores the whole file and returns it. @throws {GraphError} */
  finish(content: Buffer): { readonly item: GraphObject; readonly isNew: boolean };
}

const maximumBytes = 60 * 1024 * 1024; // one piece, as documented

/** Handles a request to the URL of an upload session. @see https://learn.microsoft.com/graph/api/driveitem-createuploadsession */
export function handleUpload(
  upload: Upload,
  { method, headers, body }: EmulatorRequest,
): { readonly reply: Reply; readonly isOver: boolean } {
  const goOn = (status: number, content?: GraphObject) => ({ reply: json(status, content), isOver: false });
  if (method === 'DELETE') return { reply: { status: 204 }, isOver: true };
  if (method === 'GET') return goOn(200, uploadReply(upload));
  if (method !== 'PUT') return { reply: { status: 405 }, isOver: false };
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/i.exec(headers['content-range'] ?? '');
  if (range === null) throw invalid("The header 'Content-Range' is missing or not valid.");
  const [from, to, size] = [Number(range[1]), Number(range[2]), Number(range[3])];
  if (to - from + 1 !== body.length || to >= size)
    throw invalid("The body does not have the length that 'Content-Range' declares.");
  if (body.length > maximumBytes) throw new GraphError(413, 'invalidRequest', 'A piece has at most 60 MiB.');
  const received = lengthOf(upload);
  if (from !== received)
    throw new GraphError(416, 'invalidRange', `The next piece must begin at byte ${received}.`);
  upload.chunks.push(body);
  if (lengthOf(upload) < size) return goOn(202, uploadReply(upload));
  const { item, isNew } = upload.finish(Buffer.concat(upload.chunks));
  return { reply: json(isNew ? 201 : 200, item), isOver: true };
}

/** What the state of a session is. */
export function uploadReply(upload: Upload): GraphObject {
  return { expirationDateTime: upload.expiresAt.toISOString(), nextExpectedRanges: [`${lengthOf(upload)}-`] };
}

function lengthOf({ chunks }: Upload): number {
  return chunks.reduce((length, chunk) => length + chunk.length, 0);
}

function invalid(message: string): GraphError {
  return new GraphError(400, 'invalidRequest', message);
}

function json(status: number, body: GraphObject | undefined): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body };
}
