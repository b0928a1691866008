import { METHODS, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type BodyScanner, createChunkScanner } from './chunk-scanner.ts';
import { type RequestHead, readHead } from './request-head.ts';
import { after, createSocketInput, type SocketInput } from './socket-input.ts';

/** Kestrel's limit: after 5 seconds, a body must have arrived at this rate on average. */
const MIN_BODY_BYTES_PER_SECOND = 240;
const BODY_GRACE_MS = 5_000;
/** How long the rest of a request is read after its response. */
const DRAIN_MS = 5_000;

/** A request on a connection of {@link serveConnection}, until its response has been written. */
interface RequestUnderWay {
  head: RequestHead;
  answered: Promise<void>;
  setAnswered(): void;
}

const underWay = new WeakMap<object, RequestUnderWay>();

/** Returns the head of a request that node:http serves, as Kestrel reads it. */
export function headOf(response: ServerResponse): RequestHead {
  const request = underWay.get(response.req.socket);
  if (!request) throw new Error('The connection has no request.');
  response.once('close', request.setAnswered);
  return request.head;
}

/**
 * Reads requests as Kestrel does, and passes them to a server of node:http one after the other. The parser of Node.js
 * alone would refuse requests that Kestrel accepts, and accept requests that Kestrel refuses.
 */
export async function serveConnection(socket: Socket, server: Server): Promise<void> {
  const input = createSocketInput(socket);
  const toNode = connectToNode(socket, server);
  let isOpen = true;
  while (isOpen) isOpen = await serveNextRequest(socket, toNode, input);
  socket.end();
  await drain(input);
  socket.destroy();
}

/** @returns false if no other request is served on this connection */
async function serveNextRequest(socket: Socket, toNode: Duplex, input: SocketInput): Promise<boolean> {
  const next = await nextHead(input);
  if (next.kind === 'refused') socket.end(bareResponse(next.status));
  if (next.kind !== 'head') return false;
  const request = createRequestUnderWay(next.head, toNode);
  toNode.push(toNodeHead(next.head));
  const body = passBody(next.head, toNode, input);
  const first = await Promise.race([body, request.answered]);
  if (first === 'too-slow') {
    // The host fails to read the body, and responds so.
    socket.end(bareResponse(500));
    toNode.destroy();
    return false;
  }
  await request.answered;
  const end = await Promise.race([body, after(DRAIN_MS, 'late' as const)]);
  return end === 'whole' && !toNode.writableEnded && !toNode.destroyed;
}

async function nextHead(
  input: SocketInput,
): Promise<{ kind: 'end' } | { kind: 'refused'; status: number } | { kind: 'head'; head: RequestHead }> {
  for (;;) {
    const result = readHead(input.buffered());
    if (result.kind === 'refused') return result;
    if (result.kind === 'head') {
      input.take(result.bytes);
      return result;
    }
    if ((await input.more()) === 'end') return { kind: 'end' };
  }
}

function createRequestUnderWay(head: RequestHead, toNode: Duplex): RequestUnderWay {
  const { promise: answered, resolve: setAnswered } = Promise.withResolvers<void>();
  toNode.once('close', setAnswered);
  const request = {
    head,
    answered: answered.then(() => void toNode.off('close', setAnswered)),
    setAnswered,
  };
  underWay.set(toNode, request);
  return request;
}

/** Passes the body on. `cut-off`: the client closed the connection before its end. `invalid`: not a list of chunks. */
async function passBody(
  { body }: RequestHead,
  toNode: Duplex,
  input: SocketInput,
): Promise<'whole' | 'cut-off' | 'invalid' | 'too-slow'> {
  const scanner = body.kind === 'chunked' ? createChunkScanner() : createLengthScanner(body.bytes);
  const startedMs = performance.now();
  for (let passedBytes = 0; ; ) {
    const scanned = scanner.scan(input.buffered());
    if (scanned.kind === 'invalid') return 'invalid';
    passedBytes += scanned.bytes;
    if (scanned.bytes > 0 && !toNode.push(input.take(scanned.bytes))) await untilRead(toNode);
    if (scanned.kind === 'end') return 'whole';
    const allowedMs = Math.max(BODY_GRACE_MS, (passedBytes / MIN_BODY_BYTES_PER_SECOND) * 1000);
    const arrived = await input.more(startedMs + allowedMs - performance.now());
    if (arrived === 'late') return 'too-slow';
    if (arrived === 'end') {
      toNode.destroy();
      return 'cut-off';
    }
  }
}

function createLengthScanner(length: number): BodyScanner {
  let left = length;
  return {
    scan(bytes) {
      const taken = Math.min(left, bytes.length);
      left -= taken;
      return { kind: left === 0 ? 'end' : 'more', bytes: taken };
    },
  };
}

async function drain(input: SocketInput): Promise<void> {
  while ((await input.more(DRAIN_MS)) === 'bytes') input.take(input.buffered().length);
}

const readers = new WeakMap<Duplex, () => void>();

function untilRead(toNode: Duplex): Promise<void> {
  return new Promise((resolve) => void readers.set(toNode, resolve));
}

/** A connection of node:http that gets what is pushed into it, and writes to the socket. */
function connectToNode(socket: Socket, server: Server): Duplex {
  const toNode: Duplex = new Duplex({
    read: () => readers.get(toNode)?.(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    writev(chunks, done) {
      socket.cork();
      for (const [index, { chunk }] of chunks.entries()) {
        socket.write(chunk, index === chunks.length - 1 ? done : undefined);
      }
      socket.uncork();
    },
    final(done) {
      socket.end(done);
      toNode.push(null);
    },
    decodeStrings: true,
  });
  toNode.on('error', () => undefined);
  socket.on('error', () => undefined);
  socket.once('close', () => toNode.destroy());
  server.emit('connection', toNode);
  return toNode;
}

/** Node.js gets no method, header or value that its parser would refuse. `headOf` returns all of them. */
function toNodeHead({ method, target, version, headers }: RequestHead): Buffer {
  const known = METHODS.includes(method.toUpperCase()) && method !== 'CONNECT';
  const lines = headers
    .map(([name, value]) => [name, Buffer.from(value).toString('latin1')] as const)
    .filter(([name, value]) => /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t -~\x80-\xff]*$/.test(value))
    .map(([name, value]) => `${name}: ${value}\r\n`);
  const line = `${known ? method.toUpperCase() : 'GET'} ${method === 'CONNECT' ? '/' : target} HTTP/${version}\r\n`;
  return Buffer.from(`${line}${lines.join('')}\r\n`, 'latin1');
}

function bareResponse(status: number): string {
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Length: 0',
    'Connection: close',
    `Date: ${new Date().toUTCString()}`,
    'Server: Kestrel',
    '\r\n',
  ].join('\r\n');
}
