/**
 * JSON (RFC 8259), read strictly and left as it is written: a value that is passed on keeps its bytes. `JSON.parse` would
 * change 64-bit integers and long decimals, and of two members with one name it keeps the last, others the first.
 */
export type JsonValue =
  | { readonly kind: 'object'; readonly text: string; readonly members: ReadonlyMap<string, JsonValue> }
  | { readonly kind: 'array'; readonly text: string; readonly items: readonly JsonValue[] }
  | { readonly kind: 'string'; readonly text: string; readonly value: string }
  /** A number, `true`, `false` or `null`. */
  | { readonly kind: 'literal'; readonly text: string }
  /** An object or array that is nested more deeply than was asked for: checked, not opened. */
  | { readonly kind: 'unopened'; readonly text: string };

/** The byte order mark of UTF-8, one byte a character. Readers of JSON from a response skip it. */
export const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';

/** Deeper than Graph nests; each level costs a frame of the stack. */
const MAX_DEPTH = 64;

/**
 * What may be kept at one time: values of lists that are opened, and names to compare. A batch of 20 with its headers has
 * some hundreds; without an end, `[],[],…` takes eighty times its own length in memory.
 */
const MAX_KEPT = 10_000;

export interface JsonReading {
  /** Levels of objects and arrays that are opened. */
  readonly openedLevels: number;
  /** Where no name may come twice in one object: in those that are opened, or in all. */
  readonly uniqueNames: 'opened' | 'everywhere';
}

/**
 * The value that a text is as a whole; undefined when it is not JSON, nests too deeply, has a name twice, or more than
 * 10,000 values that are opened and names in one object and those around it.
 */
export function parseJson(text: string, reading: JsonReading): JsonValue | undefined {
  let kept = 0;
  const read = readValue(skipWhitespace(text, 0), 0);
  return read !== undefined && skipWhitespace(text, read.end) === text.length ? read.value : undefined;

  function readValue(start: number, depth: number): Read | undefined {
    const isOpened = depth < reading.openedLevels;
    if (text[start] === '{' && isOpened) return readObject(start, depth);
    if (text[start] === '[' && isOpened) return readArray(start, depth);
    const end = skipValue(start, depth);
    return end === -1 ? undefined : { value: toValue(text.slice(start, end)), end };
  }

  function readObject(start: number, depth: number): Read | undefined {
    const members = new Map<string, JsonValue>();
    const end = readMembers(start, depth, (at, name) => {
      if (members.has(name) || ++kept > MAX_KEPT) return -1;
      const read = readValue(at, depth + 1);
      if (read === undefined) return -1;
      members.set(name, read.value);
      return read.end;
    });
    return end === -1 ? undefined : { value: { kind: 'object', text: text.slice(start, end), members }, end };
  }

  function readArray(start: number, depth: number): Read | undefined {
    if (depth >= MAX_DEPTH) return undefined;
    const items: JsonValue[] = [];
    const end = readList(text, start, ']', (at) => {
      const read = ++kept > MAX_KEPT ? undefined : readValue(at, depth + 1);
      if (read === undefined) return -1;
      items.push(read.value);
      return read.end;
    });
    return end === -1 ? undefined : { value: { kind: 'array', text: text.slice(start, end), items }, end };
  }

  /** Checks a value and keeps nothing of it. @returns where it ends, or -1 */
  function skipValue(start: number, depth: number): number {
    switch (text[start]) {
      case '{':
        return reading.uniqueNames === 'everywhere'
          ? skipUniqueMembers(start, depth)
          : readMembers(start, depth, (at) => skipValue(at, depth + 1));
      case '[':
        return depth < MAX_DEPTH ? readList(text, start, ']', (at) => skipValue(at, depth + 1)) : -1;
      case '"':
        return skipString(text, start);
      default:
        return skipLiteral(text, start);
    }
  }

  function skipUniqueMembers(start: number, depth: number): number {
    const names = new Set<string>();
    const end = readMembers(start, depth, (at, name) => {
      if (names.has(name) || ++kept > MAX_KEPT) return -1;
      names.add(name);
      return skipValue(at, depth + 1);
    });
    kept -= names.size;
    return end;
  }

  function readMembers(start: number, depth: number, readOne: (at: number, name: string) => number): number {
    if (depth >= MAX_DEPTH) return -1;
    return readList(text, start, '}', (at) => {
      const nameEnd = skipString(text, at);
      const colon = nameEnd === -1 ? -1 : skipWhitespace(text, nameEnd);
      if (text[colon] !== ':') return -1;
      return readOne(skipWhitespace(text, colon + 1), decodeString(text.slice(at, nameEnd)));
    });
  }
}

interface Read {
  readonly value: JsonValue;
  readonly end: number;
}

/** @param source a whole value that is not opened, of which the grammar has been checked */
function toValue(source: string): JsonValue {
  if (source.startsWith('"')) return { kind: 'string', text: source, value: decodeString(source) };
  const isList = source.startsWith('{') || source.startsWith('[');
  return isList ? { kind: 'unopened', text: source } : { kind: 'literal', text: source };
}

/** What becomes of a member: it stays, it goes, or this text is its value. */
export type MemberEdit = 'keep' | 'remove' | { readonly text: string };

interface Replacement {
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

/**
 * The text with some members of its objects changed and every other byte as it was; undefined when it is not JSON or
 * nests too deeply.
 * @param edit gets the member's name, a function that returns the value if it is a string, and the depth of its object,
 * which is 0 for the outermost
 * @param isKept decides about a string that is not a member: an item of a list, or the whole text. `null` replaces a
 * string that is not kept.
 */
export function editMembers(
  text: string,
  edit: (name: string, readText: () => string | undefined, depth: number) => MemberEdit,
  isKept: (item: string) => boolean = () => true,
): string | undefined {
  const replacements: Replacement[] = [];
  const start = skipWhitespace(text, text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0);
  const end = editItem(start, 0);
  if (end === -1 || skipWhitespace(text, end) !== text.length) return undefined;
  const pieces: string[] = [];
  let at = 0;
  for (const { from, to, by } of replacements) {
    pieces.push(text.slice(at, from), by);
    at = to;
  }
  pieces.push(text.slice(at));
  return pieces.join('');

  function editValue(at: number, depth: number): number {
    switch (text[at]) {
      case '{':
        return depth < MAX_DEPTH ? editObject(at, depth) : -1;
      case '[':
        return depth < MAX_DEPTH ? readList(text, at, ']', (item) => editItem(item, depth + 1)) : -1;
      case '"':
        return skipString(text, at);
      default:
        return skipLiteral(text, at);
    }
  }

  function editItem(start: number, depth: number): number {
    const valueEnd = editValue(start, depth);
    if (valueEnd !== -1 && text[start] === '"' && !isKept(decodeString(text.slice(start, valueEnd)))) {
      replacements.push({ from: start, to: valueEnd, by: 'null' });
    }
    return valueEnd;
  }

  function editObject(start: number, depth: number): number {
    let keptEnd = -1;
    /** What goes, with a comma: from behind the last member that stays, or from the first that goes. */
    let going: { readonly from: number; readonly to: number } | undefined;
    const end = readList(text, start, '}', (at) => {
      const nameEnd = skipString(text, at);
      const colon = nameEnd === -1 ? -1 : skipWhitespace(text, nameEnd);
      if (text[colon] !== ':') return -1;
      const valueStart = skipWhitespace(text, colon + 1);
      const before = replacements.length;
      const valueEnd = editValue(valueStart, depth + 1);
      if (valueEnd === -1) return -1;
      const edited = edit(
        decodeString(text.slice(at, nameEnd)),
        () => (text[valueStart] === '"' ? decodeString(text.slice(valueStart, valueEnd)) : undefined),
        depth,
      );
      if (edited === 'remove') {
        replacements.length = before; // what was changed inside goes with it
        going = { from: going?.from ?? (keptEnd === -1 ? at : keptEnd), to: valueEnd };
        return valueEnd;
      }
      if (going !== undefined) {
        replacements.splice(before, 0, { from: going.from, to: at, by: keptEnd === -1 ? '' : ',' });
        going = undefined;
      }
      if (edited !== 'keep') {
        replacements.push({ from: valueStart, to: valueEnd, by: JSON.stringify(edited.text) });
      }
      keptEnd = valueEnd;
      return valueEnd;
    });
    if (end !== -1 && going !== undefined) replacements.push({ ...going, by: '' });
    return end;
  }
}

/** What stands between brackets, with commas between. @returns where it ends, or -1 */
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

function skipWhitespace(text: string, start: number): number {
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at++;
  }
}

/** @param start of a backslash @returns where the escape ends, or -1 */
function skipEscape(text: string, start: number): number {
  const name = text[start + 1];
  if (name === 'u') return /^[0-9a-fA-F]{4}$/.test(text.slice(start + 2, start + 6)) ? start + 6 : -1;
  return name !== undefined && '"\\/bfnrt'.includes(name) ? start + 2 : -1;
}

/** @returns where the string that begins here ends, or -1 */
function skipString(text: string, start: number): number {
  if (text[start] !== '"') return -1;
  let at = start + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    // NaN behind the last character is not larger either.
    if (!(code >= 0x20)) return -1;
    at = code === 0x5c ? skipEscape(text, at) : at + 1;
    if (at === -1) return -1;
  }
}

const literal = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

function skipLiteral(text: string, start: number): number {
  literal.lastIndex = start;
  return literal.test(text) ? literal.lastIndex : -1;
}

/** @param source a string with its quotes, of which the grammar has been checked */
function decodeString(source: string): string {
  if (!source.includes('\\')) return source.slice(1, -1);
  const value: unknown = JSON.parse(source);
  return typeof value === 'string' ? value : '';
}
