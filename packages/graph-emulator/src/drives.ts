import { createHash, randomBytes } from 'node:crypto';
import type { EmulatorRequest, Reply } from '@entra-bff/emulator-kit';
import type { GraphObject } from './reply.ts';

export interface DriveFile {
  readonly id: string;
  readonly name: string;
  readonly content: Buffer;
}

/** The files of all users, and the URLs that read and write them without an access token, as in SharePoint. */
export interface Drives {
  filesOf(userId: string): readonly DriveFile[];
  /** Returns a URL that reads the file without a token. */
  downloadUrl(file: DriveFile): string;
  /** Returns an upload session for a file of this name. */
  createUploadSession(userId: string, name: string, now: Date): GraphObject;
  /** Handles a request below `/files/`. */
  handle(request: EmulatorRequest): Reply;
}

interface Upload {
  readonly userId: string;
  readonly name: string;
  readonly chunks: Buffer[];
}

interface State {
  readonly uploaded: Map<string, DriveFile[]>;
  /** By the ticket in their URLs. */
  readonly downloads: Map<string, DriveFile>;
  readonly uploads: Map<string, Upload>;
}

const uploadSessionMs = 60 * 60 * 1000;

export function createDrives(origin: string): Drives {
  const state: State = { uploaded: new Map(), downloads: new Map(), uploads: new Map() };
  return {
    filesOf(userId) {
      const own = state.uploaded.get(userId) ?? [];
      const given = [
        toFile(userId, 'Budget.csv', Buffer.from('item,amount\nTravel,1200\nTools,300\n')),
        toFile(userId, 'Notes for Oslo.txt', Buffer.from('Train at 8.04. Bring the adapter.\n')),
      ];
      return [...given.filter(({ name }) => own.every((file) => file.name !== name)), ...own];
    },
    downloadUrl(file) {
      const ticket = createTicket();
      state.downloads.set(ticket, file);
      return `${origin}/files/download.aspx?tempauth=${ticket}`;
    },
    createUploadSession(userId, name, now) {
      const ticket = createTicket();
      state.uploads.set(ticket, { userId, name, chunks: [] });
      return {
        uploadUrl: `${origin}/files/uploadSession?tempauth=${ticket}`,
        expirationDateTime: new Date(now.getTime() + uploadSessionMs).toISOString(),
        nextExpectedRanges: ['0-'],
      };
    },
    handle: (request) => withCors(handleFile(state, request)),
  };
}

/** SharePoint lets every page read and write these URLs: the ticket in them is the only credential. */
function withCors(reply: Reply): Reply {
  const headers = {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, PUT, DELETE',
    'access-control-allow-headers': 'content-range, content-type, range',
  };
  return { ...reply, headers: { ...headers, ...reply.headers } };
}

function handleFile(state: State, request: EmulatorRequest): Reply {
  const ticket = request.query.get('tempauth') ?? '';
  if (request.method === 'OPTIONS') return { status: 204 };
  // SharePoint refuses a token of Graph at these URLs, because it was issued for another API.
  if (request.headers.authorization !== undefined) return { status: 401 };
  if (request.path === '/files/download.aspx') return download(request, state.downloads.get(ticket));
  const upload = state.uploads.get(ticket);
  if (request.path !== '/files/uploadSession' || upload === undefined) return { status: 404 };
  return takeChunk(state, upload, ticket, request);
}

function download({ method }: EmulatorRequest, file: DriveFile | undefined): Reply {
  if (file === undefined) return { status: 404 };
  if (method !== 'GET') return { status: 405 };
  return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: file.content };
}

/** @see https://learn.microsoft.com/graph/api/driveitem-createuploadsession */
function takeChunk(
  { uploaded, uploads }: State,
  upload: Upload,
  ticket: string,
  { method, headers, body }: EmulatorRequest,
): Reply {
  const receivedBytes = Buffer.concat(upload.chunks).length;
  if (method === 'GET') return json(200, { nextExpectedRanges: [`${receivedBytes}-`] });
  const [, from, to, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  if (method !== 'PUT' || size === undefined || Number(to) - Number(from) + 1 !== body.length) {
    return { status: 400 };
  }
  if (Number(from) !== receivedBytes) return json(416, { nextExpectedRanges: [`${receivedBytes}-`] });
  upload.chunks.push(body);
  const end = receivedBytes + body.length;
  if (end < Number(size)) return json(202, { nextExpectedRanges: [`${end}-`] });
  const file = toFile(upload.userId, upload.name, Buffer.concat(upload.chunks));
  const others = (uploaded.get(upload.userId) ?? []).filter(({ name }) => name !== upload.name);
  uploaded.set(upload.userId, [...others, file]);
  uploads.delete(ticket);
  return json(201, { id: file.id, name: file.name, size: file.content.length });
}

function toFile(userId: string, name: string, content: Buffer): DriveFile {
  const hash = createHash('sha256').update(`${userId} ${name}`).digest('hex');
  return { id: `01${hash.slice(0, 32).toUpperCase()}`, name, content };
}

const createTicket = (): string => randomBytes(16).toString('base64url');

const json = (status: number, body: GraphObject): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body,
});
