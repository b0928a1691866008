import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphObject } from './answers.ts';

export interface DriveFile {
  readonly id: string;
  readonly name: string;
  readonly content: Buffer;
}

/** Everybody's files, and the addresses at which they are read and written without a token, as SharePoint has them. */
export interface Drives {
  filesOf(userId: string): readonly DriveFile[];
  /** An address that whoever has it may read. */
  downloadUrl(file: DriveFile): string;
  /** An upload session for a file of this name. */
  uploadSession(userId: string, name: string, now: Date): GraphObject;
  /** Answers a request below `/files/`. */
  serve(request: IncomingMessage, body: Buffer, response: ServerResponse): void;
}

interface Upload {
  readonly userId: string;
  readonly name: string;
  readonly chunks: Buffer[];
}

const HOUR_MS = 60 * 60 * 1000;

export function createDrives(origin: string): Drives {
  const uploaded = new Map<string, DriveFile[]>();
  const downloads = new Map<string, DriveFile>();
  const uploads = new Map<string, Upload>();
  const newTicket = () => randomBytes(16).toString('base64url');

  const toFile = (userId: string, name: string, content: Buffer): DriveFile => ({
    id: `01${createHash('sha256').update(`${userId} ${name}`).digest('hex').slice(0, 32).toUpperCase()}`,
    name,
    content,
  });

  return {
    filesOf(userId) {
      const own = uploaded.get(userId) ?? [];
      const given = [
        toFile(userId, 'Budget.csv', Buffer.from('item,amount\nTravel,1200\nTools,300\n')),
        toFile(userId, 'Notes for Oslo.txt', Buffer.from('Train at 8.04. Bring the adapter.\n')),
      ];
      return [...given.filter(({ name }) => own.every((file) => file.name !== name)), ...own];
    },
    downloadUrl(file) {
      const ticket = newTicket();
      downloads.set(ticket, file);
      return `${origin}/files/download.aspx?tempauth=${ticket}`;
    },
    uploadSession(userId, name, now) {
      const ticket = newTicket();
      uploads.set(ticket, { userId, name, chunks: [] });
      return {
        uploadUrl: `${origin}/files/uploadSession?tempauth=${ticket}`,
        expirationDateTime: new Date(now.getTime() + HOUR_MS).toISOString(),
        nextExpectedRanges: ['0-'],
      };
    },
    serve(request, body, response) {
      const send = (status: number, document?: GraphObject | Buffer) => {
        const isBytes = document instanceof Buffer;
        response.writeHead(status, {
          // Any page may read them: whoever has the address needs nothing else.
          'access-control-allow-origin': '*',
          'access-control-allow-methods': 'GET, PUT, DELETE',
          'access-control-allow-headers': 'content-range, content-type, range',
          ...(document && { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' }),
        });
        response.end(isBytes || document === undefined ? document : JSON.stringify(document));
      };
      const { pathname, searchParams } = new URL(request.url ?? '/', origin);
      const ticket = searchParams.get('tempauth') ?? '';
      if (request.method === 'OPTIONS') return send(204);
      // SharePoint refuses a Graph token at these addresses: it was issued for another API.
      if (request.headers.authorization !== undefined) return send(401);
      if (pathname === '/files/download.aspx')
        return send(...toDownload(request.method, downloads.get(ticket)));
      const upload = uploads.get(ticket);
      if (pathname !== '/files/uploadSession' || upload === undefined) return send(404);
      return send(...takeChunk(upload, ticket, request, body));
    },
  };

  function toDownload(method: string | undefined, file: DriveFile | undefined): [number, Buffer?] {
    if (file === undefined) return [404];
    return method === 'GET' ? [200, file.content] : [405];
  }

  function takeChunk(
    upload: Upload,
    ticket: string,
    { method, headers }: IncomingMessage,
    body: Buffer,
  ): [number, GraphObject?] {
    const have = Buffer.concat(upload.chunks).length;
    if (method === 'GET') return [200, { nextExpectedRanges: [`${have}-`] }];
    const [, from, to, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
    if (method !== 'PUT' || size === undefined || Number(to) - Number(from) + 1 !== body.length) return [400];
    if (Number(from) !== have) return [416, { nextExpectedRanges: [`${have}-`] }];
    upload.chunks.push(body);
    if (have + body.length < Number(size)) return [202, { nextExpectedRanges: [`${have + body.length}-`] }];
    const file = toFile(upload.userId, upload.name, Buffer.concat(upload.chunks));
    const others = (uploaded.get(upload.userId) ?? []).filter(({ name }) => name !== upload.name);
    uploaded.set(upload.userId, [...others, file]);
    uploads.delete(ticket);
    return [201, { id: file.id, name: file.name, size: file.content.length }];
  }
}
