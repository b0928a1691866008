import {
  decodeString,
  MAX_DEPTH,
  readItems,
  readMembers,
  skipScalar,
  skipWhitespace,
} from './json-scanner.ts';

/**
 * A JSON value with its original text, so that it can be passed on unchanged. `JSON.parse` would change 64-bit integers and
 * long decimals. Of two members with the same name it keeps the last one, while other readers keep the first.
 */
export type JsonValue =
  | { readonly kind: 'object'; readonly text: string; readonly members: ReadonlyMap<string, JsonValue> }
  | { readonly kind: 'array'; readonly text: string; readonly items: readonly JsonValue[] }
  | { readonly kind: 'string'; readonly text: string; readonly value: string }
  /** A number, `true`, `false` or `null`. */
  | { readonly kind: 'literal'; readonly text: string }
  /** An object or array below the opened levels. Its grammar has been checked. */
  | { readonly kind: 'unopened'; readonly text: string };

/** The text is not JSON, is nested too deeply, has too many values, or has a name twice in one object. */
export interface InvalidJson {
  readonly kind: 'invalid';
  readonly duplicateName?: string;
}

export interface JsonOptions {
  /** How many levels of objects and arrays are returned with their members and items. Deeper ones are only checked. */
  readonly openedLevels: number;
  /** In which objects a name may occur only once: in those that are opened, or in all. */
  readonly uniqueNames: 'opened' | 'everywhere';
  /**
   * How many values of opened levels and names of nested objects may be in memory at a time. A batch of 20 requests with
   * headers has a few hundred. Without a limit, `[],[],…` would take 80 times its length in memory. Default: 10,000.
   */
  readonly maxHeld?: number;
}

const MAX_HELD = 10_000;

/** Reads a text that is one JSON value. */
export function parseJson(text: string, options: JsonOptions): JsonValue | InvalidJson {
  const { openedLevels, uniqueNames, maxHeld = MAX_HELD } = options;
  let held = 0;
  let duplicateName: string | undefined;
  const read = readValue(skipWhitespace(text, 0), 0);
  if (read !== undefined && skipWhitespace(text, read.end) === text.length) return read.value;
  return { kind: 'invalid', ...(duplicateName === undefined ? {} : { duplicateName }) };

  function readValue(start: number, depth: number): Read | undefined {
    const isOpened = depth < openedLevels && depth < MAX_DEPTH;
    if (text[start] === '{' && isOpened) return readObject(start, depth);
    if (text[start] === '[' && isOpened) return readArray(start, depth);
    const end = skipValue(start, depth);
    return end === -1 ? undefined : { value: toValue(text.slice(start, end)), end };
  }

  function readObject(start: number, depth: number): Read | undefined {
    const members = new Map<string, JsonValue>();
    const end = readMembers(text, start, (at, name) => {
      if (!mayAdd(name, members)) return -1;
      const member = readValue(at, depth + 1);
      if (member === undefined) return -1;
      members.set(name, member.value);
      return member.end;
    });
    return end === -1 ? undefined : { value: { kind: 'object', text: text.slice(start, end), members }, end };
  }

  function readArray(start: number, depth: number): Read | undefined {
    const items: JsonValue[] = [];
    const end = readItems(text, start, (at) => {
      const item = ++held > maxHeld ? undefined : readValue(at, depth + 1);
      if (item === undefined) return -1;
      items.push(item.value);
      return item.end;
    });
    return end === -1 ? undefined : { value: { kind: 'array', text: text.slice(start, end), items }, end };
  }

  /** Checks a value whose content is not returned. */
  function skipValue(start: number, depth: number): number {
    if (text[start] !== '{' && text[start] !== '[') return skipScalar(text, start);
    if (depth >= MAX_DEPTH) return -1;
    if (text[start] === '[') return readItems(text, start, (at) => skipValue(at, depth + 1));
    if (uniqueNames === 'opened') return readMembers(text, start, (at) => skipValue(at, depth + 1));
    const names = new Set<string>();
    const end = readMembers(text, start, (at, name) => {
      if (!mayAdd(name, names)) return -1;
      names.add(name);
      return skipValue(at, depth + 1);
    });
    held -= names.size;
    return end;
  }

  /** Counts one more name in memory. Returns false if the object has the name already, or if the limit is exceeded. */
  function mayAdd(name: string, names: { has(name: string): boolean }): boolean {
    if (names.has(name)) duplicateName = name;
    else held++;
    return duplicateName === undefined && held <= maxHeld;
  }
}

interface Read {
  readonly value: JsonValue;
  readonly end: number;
}

/** @param source a complete value that is not opened, whose grammar has been checked */
function toValue(source: string): JsonValue {
  if (source.startsWith('"')) return { kind: 'string', text: source, value: decodeString(source) };
  const isList = source.startsWith('{') || source.startsWith('[');
  return isList ? { kind: 'unopened', text: source } : { kind: 'literal', text: source };
}
