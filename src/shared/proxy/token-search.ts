import { Buffer } from 'node:buffer';
import { setBounded } from '../bounded-map.ts';
import { ownBytes } from '../own-bytes.ts';
import { createByteSearch, type FindBytes } from './byte-search.ts';

/**
 * Looks for access tokens in every spelling in which an upstream is known to repeat a header: as it is, percent-encoded,
 * escaped for JSON or HTML, in hexadecimal digits, in UTF-16, in base64 of any alphabet and alignment, with line breaks as
 * in mail, and in base64 twice. If an upstream compresses, encrypts or splits the token, it cannot be found.
 *
 * The search looks for pieces of the token's signature that consist of letters and digits. The signature is random, and
 * a token without it is worth nothing. Such a piece is the same in all spellings that escape other characters. If the
 * signature has no such piece, the search looks for the whole token.
 */
export function createTokenSearch(tokens: readonly string[]): FindBytes {
  const searches = tokens.filter(({ length }) => length >= MIN_TOKEN_LENGTH).map(searchOf);
  return (bytes) => searches.some((search) => search(bytes));
}

/**
 * Cached, because building a search takes a sixth of a call's time. The key is the pieces and not the token, so no usable
 * token stays in memory.
 */
const cachedSearches = new Map<string, FindBytes>();
const MAX_CACHED = 200;

function searchOf(token: string): FindBytes {
  const pieces = piecesOf(token);
  if (pieces.length === 0) return createByteSearch(wholeSpellings(token).map(toBytes));
  const key = pieces.join(' ');
  const search = cachedSearches.get(key) ?? createByteSearch(needlesOf(pieces));
  setBounded(cachedSearches, key, search, MAX_CACHED);
  return search;
}

/**
 * 16 characters have 95 bits, so no other text matches by chance. Shorter pieces are for tokens that have no longer ones, or
 * only one, or two that are far apart.
 */
const pieceLengths = [16, 12, 8] as const;
const piecePatterns = pieceLengths.map((length) => ({
  length,
  pattern: new RegExp(`[A-Za-z0-9]{${length}}`, 'g'),
}));
/** How many bytes are in a line of 64 letters in base64. No format has shorter lines (RFC 7468, section 2). */
const SHORTEST_LINE_BYTES = 48;
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

/**
 * Up to two pieces of the token's last part, which is the signature of a signed token. If possible, they are so close to each
 * other that no two line breaks can split both of them.
 */
function piecesOf(token: string): string[] {
  const last = lastPartOf(token);
  let others: string[] = [];
  for (const { length, pattern } of piecePatterns) {
    pattern.lastIndex = 0;
    let previous = pattern.exec(last);
    if (previous === null) continue;
    const [first] = previous;
    let second: string | undefined;
    for (let next = pattern.exec(last); next !== null; next = pattern.exec(last)) {
      if (next.index - previous.index <= SHORTEST_LINE_BYTES - length) return [previous[0], next[0]];
      second ??= next[0];
      previous = next;
    }
    if (others.length === 0) others = second === undefined ? [first] : [first, second];
  }
  return others;
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
