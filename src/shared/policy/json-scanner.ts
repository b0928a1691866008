// A scanner of JSON (RFC 8259). Each `read…` function, and `skipScalar`, gets the position of a value and returns the
// position after it, or -1 if the text is not JSON.

/**
 * The most levels of nesting that callers of this scanner accept. Each level costs a stack frame. Graph's responses have
 * fewer.
 */
export const MAX_DEPTH = 64;

/**
 * The UTF-8 byte order mark, as it appears in text decoded as latin1 (one character per byte). It may precede the JSON of a
 * response. The caller skips it.
 */
export const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';

/**
 * @param start position of the opening bracket
 * @param readItem gets the position of an item and returns its end
 * @returns the end of the array
 */
export function readItems(text: string, start: number, readItem: (at: number) => number): number {
  return readList(text, start, ']', readItem);
}

/**
 * @param start position of the opening brace
 * @param readValue gets the position of a member's value, the member's name, and the position of the name. Returns the end
 * of the value.
 * @returns the end of the object
 */
export function readMembers(
  text: string,
  start: number,
  readValue: (at: number, name: string, nameAt: number) => number,
): number {
  return readList(text, start, '}', (nameAt) => {
    const nameEnd = skipString(text, nameAt);
    const colon = nameEnd === -1 ? -1 : skipWhitespace(text, nameEnd);
    if (text[colon] !== ':') return -1;
    return readValue(skipWhitespace(text, colon + 1), decodeString(text.slice(nameAt, nameEnd)), nameAt);
  });
}

function readList(text: string, start: number, close: string, readOne: (at: number) => number): number {
  let at = skipWhitespace(text, start + 1);
  if (text[at] === close) return at + 1;
  for (;;) {
    const end = readOne(at);
    if (end === -1) return -1;
    at = skipWhitespace(text, end);
    if (text[at] === close) return at + 1;
    if (text[at] !== ',') return -1;
    at = skipWhitespace(text, at + 1);
  }
}

/** @returns the position of the first character that is not whitespace */
export function skipWhitespace(text: string, start: number): number {
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at++;
  }
}

/** @returns the end of a string, number, `true`, `false` or `null` */
export function skipScalar(text: string, start: number): number {
  return text[start] === '"' ? skipString(text, start) : skipLiteral(text, start);
}

function skipString(text: string, start: number): number {
  if (text[start] !== '"') return -1;
  let at = start + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    // Refuses control characters, and the end of the text: there `code` is NaN, so `>=` is false.
    if (!(code >= 0x20)) return -1;
    at = code === 0x5c ? skipEscape(text, at) : at + 1;
    if (at === -1) return -1;
  }
}

/** @param start position of a backslash */
function skipEscape(text: string, start: number): number {
  const letter = text[start + 1];
  if (letter === 'u') return /^[0-9a-fA-F]{4}$/.test(text.slice(start + 2, start + 6)) ? start + 6 : -1;
  return letter !== undefined && '"\\/bfnrt'.includes(letter) ? start + 2 : -1;
}

const literal = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

function skipLiteral(text: string, start: number): number {
  literal.lastIndex = start;
  return literal.test(text) ? literal.lastIndex : -1;
}

/** @param source a string with its quotes, whose grammar has been checked */
export function decodeString(source: string): string {
  if (!source.includes('\\')) return source.slice(1, -1);
  const value: unknown = JSON.parse(source);
  return typeof value === 'string' ? value : '';
}
