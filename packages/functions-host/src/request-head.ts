/** How Kestrel, the server of the real host, reads the request line and the headers of a request. */

/** Lower-case names with their values, in the order they arrived. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

export interface RequestHead {
  /** As sent: Kestrel accepts any token, in any letter case. */
  method: string;
  target: string;
  version: '1.0' | '1.1';
  /** Values are decoded as UTF-8, so a character may be above U+00FF. */
  headers: HeaderLines;
  /** Empty if the Host header is empty, or absent in HTTP/1.0. */
  host: string;
  body: { kind: 'length'; bytes: number } | { kind: 'chunked' };
}

export type HeadResult =
  | { kind: 'incomplete' }
  | { kind: 'refused'; status: number }
  | { kind: 'head'; head: RequestHead; bytes: number };

// Kestrel's defaults, which the real host does not change.
const MAX_REQUEST_LINE_BYTES = 8 * 1024;
const MAX_HEADER_LINES = 100;
const MAX_HEADER_BYTES = 32 * 1024;

const LF = 0x0a;
const token = /^[\w!#$%&'*+.^`|~-]+$/;

class Refusal extends Error {
  readonly status: number;

  constructor(status: number) {
    super();
    this.status = status;
  }
}

/** Reads the head at the beginning of the bytes. A refusal is a response with this status and no body. */
export function readHead(bytes: Buffer): HeadResult {
  try {
    const lineEnd = endOfRequestLine(bytes);
    if (lineEnd === undefined) return { kind: 'incomplete' };
    const line = readRequestLine(bytes.toString('latin1', 0, lineEnd));
    const headerLines = splitHeaderLines(bytes, lineEnd);
    if (headerLines === undefined) return { kind: 'incomplete' };
    const sent = headerLines.lines.map(readHeaderLine);
    const host = readHost(sent, line);
    return { kind: 'head', head: { ...line, host, ...readFraming(sent) }, bytes: headerLines.end };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', status: error.status };
    throw error;
  }
}

function endOfRequestLine(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(LF);
  if (end >= MAX_REQUEST_LINE_BYTES || (end === -1 && bytes.length >= MAX_REQUEST_LINE_BYTES)) {
    throw new Refusal(414);
  }
  return end === -1 ? undefined : end + 1;
}

function readRequestLine(line: string): Pick<RequestHead, 'method' | 'target' | 'version'> {
  const [, method = '', target = '', version = ''] =
    /^([^ ]+) ([^ ]+) ([^\r\n][^\n]*)\r\n$/s.exec(line) ?? [];
  if (!token.test(method)) throw new Refusal(400);
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') throw new Refusal(505);
  requireTarget(method, target);
  return { method, target, version: version === 'HTTP/1.1' ? '1.1' : '1.0' };
}

function requireTarget(method: string, target: string): void {
  if (!/^[!"$-~]+$/.test(target)) throw new Refusal(400); // printable ASCII without the hash sign
  if (target.startsWith('/') || /^https?:\/\//i.test(target)) return;
  if (target === '*' && method !== 'OPTIONS') throw new Refusal(405);
  if (target !== '*' && method !== 'CONNECT') throw new Refusal(400);
}

/** Returns the header lines without the blank line at their end, or undefined if that line has not arrived yet. */
function splitHeaderLines(bytes: Buffer, start: number): { lines: string[]; end: number } | undefined {
  const lines: string[] = [];
  for (let at = start; ; ) {
    const next = bytes.indexOf(LF, at) + 1;
    if ((next === 0 ? bytes.length : next) - start > MAX_HEADER_BYTES) throw new Refusal(431);
    if (next === 0) return undefined;
    const line = bytes.toString('latin1', at, next);
    if (line === '\r\n') return { lines, end: next };
    if (lines.length === MAX_HEADER_LINES) throw new Refusal(431);
    lines.push(line);
    at = next;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readHeaderLine(line: string): readonly [name: string, value: string] {
  const [, name = '', value = ''] = /^([!-9;-~]+):([^\r\0]*)\r\n$/.exec(line) ?? [];
  if (name === '') throw new Refusal(400);
  try {
    return [name.toLowerCase(), withoutBlanksAround(utf8.decode(Buffer.from(value, 'latin1')))];
  } catch {
    throw new Refusal(400);
  }
}

/** `trim()` would also remove other white space, such as U+00A0. */
function withoutBlanksAround(text: string): string {
  const isBlank = (index: number) => text[index] === ' ' || text[index] === '\t';
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(start)) start += 1;
  while (end > start && isBlank(end - 1)) end -= 1;
  return text.slice(start, end);
}

const valuesOf = (headers: HeaderLines, name: string) =>
  headers.filter(([each]) => each === name).map(([, value]) => value);

/** Brackets for an IPv6 address, otherwise the characters of a name (RFC 3986, 3.2.2), and a port. */
const hostPattern = /^(?:\[[\da-f:.]+\]|[\w.~!$&'()*+,;=%-]+)(?::\d+)?$/i;

function readHost(
  headers: HeaderLines,
  { target, version }: Pick<RequestHead, 'target' | 'version'>,
): string {
  const [host, ...more] = valuesOf(headers, 'host');
  if (more.length > 0 || (host === undefined && version === '1.1')) throw new Refusal(400);
  if (host === undefined || host === '') return '';
  const [, authority] = /^https?:\/\/([^/?]*)/i.exec(target) ?? [];
  const isOther = authority !== undefined && withoutPort80(authority) !== withoutPort80(host);
  if (!hostPattern.test(host) || isOther) throw new Refusal(400);
  return host;
}

const withoutPort80 = (authority: string) => authority.toLowerCase().replace(/:80$/, '');

/** Kestrel reads `+5` as 5. Beside `Transfer-Encoding` it renames `Content-Length`, so that only the chunks count. */
function readFraming(sent: HeaderLines): Pick<RequestHead, 'headers' | 'body'> {
  const [length, ...moreLengths] = valuesOf(sent, 'content-length');
  if (moreLengths.length > 0 || (length !== undefined && !/^\+?\d{1,15}$/.test(length)))
    throw new Refusal(400);
  const encodings = valuesOf(sent, 'transfer-encoding').flatMap((value) => value.split(','));
  const bytes = Number(length ?? 0);
  const headers = sent.map(([name, value]): readonly [string, string] => {
    if (name !== 'content-length') return [name, value];
    return [encodings.length > 0 ? 'x-content-length' : name, String(bytes)];
  });
  if (encodings.length === 0) return { headers, body: { kind: 'length', bytes } };
  if (encodings.at(-1)?.trim().toLowerCase() !== 'chunked') throw new Refusal(400);
  return { headers, body: { kind: 'chunked' } };
}
