const TABLE_SIZE = 1 << 12;

/** True if the bytes contain one of the needles of the search. */
export type FindBytes = (bytes: Uint8Array) => boolean;

export interface ByteSearchOptions {
  /** Whether the case of ASCII letters makes no difference. Default: false. */
  readonly ignoresCase?: boolean;
}

/** The bit in which lower and upper case of a letter differ in ASCII. */
const CASE_BIT = 0x20;

/**
 * Finds all needles in one pass. If two bytes of the text occur in no needle, the search skips almost the length of
 * the shortest needle.
 * @see Wu and Manber, A fast algorithm for multi-pattern searching (1994)
 */
export function createByteSearch(
  needles: readonly Uint8Array[],
  { ignoresCase = false }: ByteSearchOptions = {},
): FindBytes {
  const bit = ignoresCase ? CASE_BIT : 0;
  const length = Math.min(...needles.map((needle) => needle.length));
  const skips = new Uint8Array(TABLE_SIZE).fill(length - 1);
  for (const needle of needles) {
    for (let at = 1; at < length; at++) {
      const slot = slotOf(needle, at, bit);
      const skip = length - 1 - at;
      if (skip < (skips[slot] ?? 0)) skips[slot] = skip;
    }
  }
  // A needle's end may be common, like the zeros of `\u00`. Only needles with the same first two bytes are compared.
  const groups: Uint8Array[][] = [[]];
  const groupAt = new Uint8Array(TABLE_SIZE);
  for (const needle of needles) {
    const slot = slotOf(needle, 1, bit);
    if (groupAt[slot] === 0) groupAt[slot] = groups.push([]) - 1;
    groups[groupAt[slot] ?? 0]?.push(needle);
  }
  return (bytes) => {
    for (let at = length - 1; at < bytes.length; ) {
      const slot = slotOf(bytes, at, bit);
      const skip = skips[slot] ?? 0;
      if (skip > 0) {
        at += skip;
        continue;
      }
      const start = at - length + 1;
      const group = groupAt[slotOf(bytes, start + 1, bit)] ?? 0;
      if (group > 0 && isAnyAt(bytes, start, groups[group] ?? [], bit)) return true;
      at++;
    }
    return false;
  };
}

/** The table entry for the two bytes that end at this position. */
const slotOf = (bytes: Uint8Array, at: number, bit: number): number =>
  ((((bytes[at - 1] ?? 0) | bit) << 5) ^ ((bytes[at] ?? 0) | bit)) & (TABLE_SIZE - 1);

/** A loop, because a hostile text may get here at every byte, and a closure for each would take most of the time. */
function isAnyAt(bytes: Uint8Array, start: number, needles: readonly Uint8Array[], bit: number): boolean {
  for (const needle of needles) if (isAt(bytes, start, needle, bit)) return true;
  return false;
}

function isAt(bytes: Uint8Array, start: number, needle: Uint8Array, bit: number): boolean {
  for (let at = 0; at < needle.length; at++) {
    const letter = needle[at] ?? 0;
    const difference = (bytes[start + at] ?? 0) ^ letter;
    if (difference !== 0 && (difference !== bit || !isLetter(letter))) return false;
  }
  return start + needle.length <= bytes.length;
}

function isLetter(byte: number): boolean {
  const lower = byte | CASE_BIT;
  return lower >= 0x61 && lower <= 0x7a;
}
