/** How the path of a request changes on its way to a function: front end, Kestrel, URL for the worker. */

const triplet = /^%[0-9a-f]{2}/i;
// RFC 3986 pchar and "/": ASP.NET's PathString leaves them unchanged. Existing %XX triplets stay too.
const pathCharacters = /^[\w\-.~/:@!$&'()*+,;=]$/;

/** Decodes a path as a front end does: decodes every triplet, then encodes the characters that a target must not contain. */
export function decodeAtFrontEnd(path: string): string {
  return encodePath(
    decodeTriplets(path, () => true)
      .replaceAll('?', '%3F')
      .replaceAll('#', '%23'),
  );
}

/**
 * Decodes a path as Kestrel does: once as UTF-8, except %2F and invalid sequences. Then removes dot segments. A
 * double-encoded dot segment stays and is removed only later, in `request.url` of the function.
 */
export function decodeAtHost(path: string): string {
  return removeDotSegments(decodeTriplets(path, (byte) => byte !== 0x2f));
}

/** Encodes a path as the host does for `request.url`. Existing %XX triplets stay. */
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

/** Decodes one run of triplets. `text` is the run as sent: triplets that stay encoded keep their letter case. */
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

/** RFC 3986 section 5.2.4 on the decoded path. Empty segments count, and ".." never leaves the root. */
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
