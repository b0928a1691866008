import { Buffer } from 'node:buffer';
import { ownBytes } from '../own-bytes.ts';

/** Whether bytes that are about to go to the browser hold one of the sent tokens. */
export type FindToken = (bytes: Uint8Array) => boolean;

/**
 * Looks for access tokens in every spelling in which an upstream is known to repeat a header: as it is, percent-encoded,
 * escaped for JSON or HTML, in hexadecimal digits, in UTF-16, in base64 of any alphabet and alignment, with line breaks as
 * in mail, and in base64 twice. If an upstream compresses, encrypts or splits the token, it cannot be found.
 *
 * The search looks for pieces of the token's signature that consist of letters and digits. The signature is random, and
 * a token without it is worth nothing. Such a piece is the same in all spellings that escape other characters. If the
 * signature has no such piece, the search looks for the whole token.
 */
export function createTokenSearch(tokens: readonly string[]): FindToken {
  const searches = tokens.filter(({ length }) => length >= MIN_TOKEN_LENGTH).map(searchOf);
  return (bytes) => searches.some((search) => search(bytes));
}

/**
 * Cached, because building a search takes a sixth of a call's time. The key is the pieces and not the token, so no usable
 * token stays in memory.
 */
const cachedSearches = new Map<string, FindToken>();
const MAX_CACHED = 200;

function searchOf(token: string): FindToken {
  const pieces = piecesOf(token);
  if (pieces.length === 0) return createSearch(wholeSpellings(token).map(toBytes));
  const key = pieces.join(' ');
  const search = cachedSearches.get(key) ?? createSearch(needlesOf(pieces));
  cachedSearches.delete(key);
  cachedSearches.set(key, search);
  const [oldest] = cachedSearches.keys();
  if (cachedSearches.size > MAX_CACHED && oldest !== undefined) cachedSearches.delete(oldest);
  return search;
}

/** 16 characters have 95 bits, so no other text matches by chance. Shorter pieces are for tokens that have no longer ones. */
const piecePatterns = [/[A-Za-z0-9]{16}/g, /[A-Za-z0-9]{12}/g, /[A-Za-z0-9]{8}/g];
/** Every real token is longer. A shorter text could occur in any response. */
const MIN_TOKEN_LENGTH = 8;

function needlesOf(pieces: readonly string[]): Uint8Array[] {
  return pieces.flatMap((piece, at) => {
    const base64 = base64Of(piece);
    // The second piece is found if a line break splits the first one. Only the text itself and its base64 have line breaks.
    if (at > 0) return [piece, ...base64].map(toBytes);
    return [
      ...[piece, ...base64, ...base64.flatMap(base64Of), ...escapesOf(piece)].map(toBytes),
      // Both byte orders of UTF-16 contain these bytes: the characters, with a zero byte between each two.
      ownBytes(Buffer.from(piece, 'utf16le').subarray(0, -1)),
    ];
  });
}

const toBytes = (text: string): Uint8Array => ownBytes(Buffer.from(text, 'latin1'));

/** Up to two pieces of the token's last part, which is the signature of a signed token. */
function piecesOf(token: string): string[] {
  const last = lastPartOf(token);
  for (const pattern of piecePatterns) {
    pattern.lastIndex = 0;
    const [first] = pattern.exec(last) ?? [];
    if (first === undefined) continue;
    const [second] = pattern.exec(last) ?? [];
    return second === undefined ? [first] : [first, second];
  }
  return [];
}

function lastPartOf(token: string): string {
  let end = token.length;
  while (token[end - 1] === '.') end--;
  return token.slice(token.lastIndexOf('.', end - 1) + 1, end);
}

/** The spellings of a whole token. Used if its last part has no piece that {@link piecePatterns} match. */
function wholeSpellings(token: string): string[] {
  const escaped = encodeURIComponent(token);
  return [
    token,
    escaped,
    escaped.replaceAll(/%[0-9A-F]{2}/g, (text) => text.toLowerCase()),
    token.replaceAll('/', '\\/'),
    ...base64Of(token),
    ...base64Of(token).map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    ...escapesOf(token),
  ].filter((text) => text.length >= MIN_TOKEN_LENGTH);
}

/** The text with each character in two hexadecimal digits: alone, after `%`, or after `\u00`. */
function escapesOf(text: string): string[] {
  const hex = Buffer.from(text, 'latin1').toString('hex');
  return [hex, hex.toUpperCase()].flatMap((digits) => [
    digits,
    digits.replaceAll(/../g, '%$&'),
    digits.replaceAll(/../g, '\\u00$&'),
  ]);
}

/**
 * The part of a text's base64 that does not depend on the bytes around the text, once for each position in a group of three
 * bytes.
 */
function base64Of(text: string): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.from('x'.repeat(before) + text, 'latin1')
      .toString('base64')
      .replace(/={1,2}$/, '');
    const isWhole = (before + text.length) % 3 === 0;
    // Leaves out the first characters, which hold bits of the bytes before the text, and the last one if it depends on
    // the bytes after the text.
    return encoded.slice([0, 2, 3][before], isWhole ? undefined : -1);
  });
}

const TABLE_SIZE = 1 << 12;

/**
 * Finds all needles in one pass. If two bytes of the text occur in no needle, the search skips almost the length of
 * the shortest needle.
 * @see Wu and Manber, A fast algorithm for multi-pattern searching (1994)
 */
function createSearch(needles: readonly Uint8Array[]): FindToken {
  const length = Math.min(...needles.map((needle) => needle.length));
  const skips = new Uint8Array(TABLE_SIZE).fill(length - 1);
  for (const needle of needles) {
    for (let at = 1; at < length; at++) {
      const slot = slotOf(needle, at);
      const skip = length - 1 - at;
      if (skip < (skips[slot] ?? 0)) skips[slot] = skip;
    }
  }
  // A needle's end may be common, like the zeros of `\u00`. Only needles with the same first two bytes are compared.
  const groups: Uint8Array[][] = [[]];
  const groupAt = new Uint8Array(TABLE_SIZE);
  for (const needle of needles) {
    const slot = slotOf(needle, 1);
    if (groupAt[slot] === 0) groupAt[slot] = groups.push([]) - 1;
    groups[groupAt[slot] ?? 0]?.push(needle);
  }
  return (bytes) => {
    for (let at = length - 1; at < bytes.length; ) {
      const slot = slotOf(bytes, at);
      const skip = skips[slot] ?? 0;
      if (skip > 0) {
        at += skip;
        continue;
      }
      const start = at - length + 1;
      const group = groupAt[slotOf(bytes, start + 1)] ?? 0;
      if (group > 0 && groups[group]?.some((needle) => isAt(bytes, start, needle))) return true;
      at++;
    }
    return false;
  };
}

/** The table entry for the two bytes that end at this position. */
const slotOf = (bytes: Uint8Array, at: number): number =>
  (((bytes[at - 1] ?? 0) << 5) ^ (bytes[at] ?? 0)) & (TABLE_SIZE - 1);

function isAt(bytes: Uint8Array, start: number, needle: Uint8Array): boolean {
  let at = 0;
  while (at < needle.length && bytes[start + at] === needle[at]) at++;
  return at === needle.length;
}
