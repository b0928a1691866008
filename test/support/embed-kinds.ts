import { Buffer } from 'node:buffer';
import { crc32, deflateSync } from 'node:zlib';

/** Content that an API sends: its type, and its bytes, which call this address if they are run. */
export interface EmbedKind {
  readonly type: string;
  readonly body: (ranUrl: string) => string | Buffer;
}

const script = (url: string) =>
  `(() => { try { fetch(${JSON.stringify(url)}, { mode: 'no-cors' }); } catch {} })();`;
const page = (url: string) => `<!doctype html><script>${script(url)}</script><img src="${url}">`;
const style = (url: string) => `@import url("${url}"); :root { background-image: url("${url}") }`;
const svg = (url: string) => {
  const run = script(url).replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  return `<svg xmlns="http://www.w3.org/2000/svg" onload="${run}"><g id="a"><script>${script(url)}</script>
<rect width="9" height="9"/><image href="/nothing.png" width="9" height="9" onerror="${run}"/><set attributeName="x" onbegin="${run}"/></g></svg>`;
};

/** Chromium loads the address as a part of the sound, whatever the type of the playlist is. */
const playlist = (url: string) => `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n${url}\n#EXT-X-ENDLIST\n`;

/** By name: those that an element may show first, then those that could be run, by their own type and by another one. */
export const embedKinds: Readonly<Record<string, EmbedKind>> = {
  png: { type: 'image/png', body: () => png() },
  wav: { type: 'audio/wav', body: () => wav() },
  film: { type: 'video/webm', body: () => wav() },
  script: { type: 'text/javascript', body: script },
  html: { type: 'text/html', body: page },
  style: { type: 'text/css', body: style },
  svg: { type: 'image/svg+xml', body: svg },
  json: { type: 'application/json', body: () => '{"ran":true}' },
  pdf: { type: 'application/pdf', body: () => '%PDF-1.4\n%%EOF' },
  wasm: { type: 'application/wasm', body: () => Buffer.from('0061736d01000000', 'hex') },
  font: { type: 'font/woff2', body: () => 'wOF2' },
  bytes: { type: 'application/octet-stream', body: script },
  parts: {
    type: 'multipart/x-mixed-replace; boundary=x',
    body: (url) => `--x\r\nContent-Type: text/html\r\n\r\n${page(url)}\r\n--x--\r\n`,
  },
  pngscript: { type: 'image/png', body: script },
  pnghtml: { type: 'image/png', body: page },
  pngstyle: { type: 'image/png', body: style },
  pngsvg: { type: 'image/png', body: svg },
  wavlist: { type: 'audio/wav', body: playlist },
  wavscript: { type: 'audio/wav', body: script },
};

/** One red pixel. */
function png(): Buffer {
  const header = Buffer.from('00000001000000010802000000', 'hex');
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from([0, 255, 0, 0]))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(name: string, data: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(name), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(content));
  return Buffer.concat([length, content, sum]);
}

/** A tenth of a second of silence. */
function wav(): Buffer {
  const samples = Buffer.alloc(800, 128);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(8000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}
