/** How a request's path changes on its way to a function: front end, Kestrel, URL rebuilt for the worker. */

const triplet = /^%[0-9a-f]{2}/i;
// RFC 3986 pchar and "/": what ASP.NET's PathString leaves alone. Existing %XX triplets stay as they are.
const pathCharacters = /^[\w\-.~/:@!$&'()*+,;=]$/;

/** What one more decoding front end does: decodes every triplet, then encodes again what no target may hold. */
export function decodeAtFrontEnd(path: string): string {
  return encodePath(
    decodeTriplets(path, () => true)
      .replaceAll('?', '%3F')
      .replaceAll('#', '%23'),
  );
}

/**
 * What Kestrel makes of a path: decoded once as UTF-8, except %2F and broken sequences, then dot segments removed.
 * A double-encoded dot segment therefore survives here and collapses only later, in the function's `request.url`.
 */
export function decodeAtHost(path: string): string {
  return removeDotSegments(decodeTriplets(path, (byte) => byte !== 0x2f));
}

/** The path as the host writes it into `request.url`: encoded again, with existing %XX triplets kept. */
export function encodePath(path: string): string {
  let encoded = '';
  for (let index = 0; index < path.length; ) {
    const kept = triplet.exec(path.slice(index, index + 3))?.[0];
    const character = kept ?? String.fromCodePoint(path.codePointAt(index) ?? 0);
    encoded +=
      kept || pathCharacters.test(character) ? character : encodeURIComponent(character.toWellFormed());
    index += character.length;
  }
  return encoded;
}

function decodeTriplets(path: string, wanted: (byte: number) => boolean): string {
  return path.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
    decodeRun(Buffer.from(run.replaceAll('%', ''), 'hex'), run, wanted),
  );
}

/** Decodes one run of triplets; `text` is the run as sent, so that what stays encoded keeps its letter case. */
function decodeRun(bytes: Buffer, text: string, wanted: (byte: number) => boolean): string {
  let decoded = '';
  for (let index = 0; index < bytes.length; ) {
    const lead = bytes[index] ?? 0;
    const length = sequenceLength(lead);
    const character = wanted(lead) ? decodeUtf8(bytes.subarray(index, index + length)) : undefined;
    decoded += character ?? text.slice(index * 3, index * 3 + 3);
    index += character === undefined ? 1 : length;
  }
  return decoded;
}

function sequenceLength(lead: number): number {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** RFC 3986 5.2.4, on the decoded path: empty segments count, ".." never climbs above the root. */
function removeDotSegments(path: string): string {
  const segments = path.split('/').slice(1);
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  const last = segments.at(-1);
  const endsInDots = last === '.' || last === '..';
  return `/${kept.join('/')}${endsInDots && kept.length > 0 ? '/' : ''}`;
}
