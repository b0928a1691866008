import { randomBytes } from 'node:crypto';
import type { EmulatorRequest, Reply } from '@entra-bff/emulator-kit';
import { GraphError, type GraphObject } from '../reply.ts';
import { handleUpload, type Upload, uploadReply } from './uploads.ts';

/** A file at an address that needs no token. */
export interface Download {
  readonly name: string;
  readonly content: Uint8Array;
  readonly contentType?: string;
}

/** The URLs below `/files/`, which need no access token: the ticket in them is the only credential. */
export interface FileHost {
  /** Returns a URL that reads the file. */
  downloadUrl(file: Download): string;
  /** Returns an upload session. */
  createUploadSession(upload: Upload): GraphObject;
  /** Returns a URL that tells how far a copy is. */
  monitorUrl(resourceId: string): string;
  /** Handles a request below `/files/`. */
  handle(request: EmulatorRequest): Reply;
}

interface State {
  readonly downloads: Map<string, Download>;
  readonly uploads: Map<string, Upload>;
  /** The ids of finished copies. */
  readonly copies: Map<string, string>;
}

export function createFileHost(origin: string): FileHost {
  const state: State = { downloads: new Map(), uploads: new Map(), copies: new Map() };
  const remember = <Value>(all: Map<string, Value>, value: Value): string => {
    const ticket = randomBytes(16).toString('base64url');
    all.set(ticket, value);
    return ticket;
  };
  return {
    downloadUrl: (file) => `${origin}/files/download.aspx?tempauth=${remember(state.downloads, file)}`,
    createUploadSession: (upload) => ({
      '@odata.context': `${origin}/v1.0/$metadata#microsoft.graph.uploadSession`,
      uploadUrl: `${origin}/files/uploadSession?tempauth=${remember(state.uploads, upload)}`,
      ...uploadReply(upload),
    }),
    monitorUrl: (resourceId) => `${origin}/files/monitor?tempauth=${remember(state.copies, resourceId)}`,
    handle: (request) => withCors(request, handleFile(state, request)),
  };
}

/** SharePoint lets every page read and write these URLs, with every header but `Authorization`. */
function withCors({ headers }: EmulatorRequest, reply: Reply): Reply {
  const asked = (headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => /^[\w-]+$/.test(name) && name !== 'authorization');
  const allowed = new Set(['content-range', 'content-type', 'range', ...asked]);
  const cors = {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, HEAD, PUT, POST, DELETE',
    'access-control-allow-headers': [...allowed].join(', '),
    'access-control-expose-headers': 'Content-Disposition, Content-Range, ETag, Location',
  };
  return { ...reply, headers: { ...cors, ...reply.headers } };
}

function handleFile(state: State, request: EmulatorRequest): Reply {
  const ticket = request.query.get('tempauth') ?? '';
  if (request.method === 'OPTIONS') return { status: 204 };
  // SharePoint refuses a token of Graph at these URLs, because it was issued for another API.
  if (request.headers.authorization !== undefined) return { status: 401 };
  if (request.path === '/files/download.aspx') return download(request, state.downloads.get(ticket));
  if (request.path === '/files/monitor') return monitor(state.copies.get(ticket));
  const upload = state.uploads.get(ticket);
  if (request.path !== '/files/uploadSession' || upload === undefined) return { status: 404 };
  try {
    const reply = handleUpload(upload, request);
    if (reply.isOver) state.uploads.delete(ticket);
    return reply.reply;
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    return json(error.status, { error: { code: error.code, message: error.message } });
  }
}

function download({ method, headers }: EmulatorRequest, file: Download | undefined): Reply {
  if (file === undefined) return { status: 404 };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405 };
  const { name, content, contentType = 'application/octet-stream' } = file;
  const fields = {
    'content-type': contentType,
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)}`,
    'accept-ranges': 'bytes',
  };
  const range = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '');
  if (range === null || range[0] === 'bytes=-') return { status: 200, headers: fields, body: content };
  const [, first = '', last = ''] = range;
  const start = first === '' ? Math.max(0, content.length - Number(last)) : Number(first);
  const end = first === '' || last === '' ? content.length - 1 : Math.min(Number(last), content.length - 1);
  if (start > end)
    return { status: 416, headers: { ...fields, 'content-range': `bytes */${content.length}` } };
  return {
    status: 206,
    headers: { ...fields, 'content-range': `bytes ${start}-${end}/${content.length}` },
    body: content.subarray(start, end + 1),
  };
}

function monitor(resourceId: string | undefined): Reply {
  if (resourceId === undefined) return { status: 404 };
  return json(200, { percentageComplete: 100, resourceId, status: 'completed' });
}

function json(status: number, body: GraphObject): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body };
}
