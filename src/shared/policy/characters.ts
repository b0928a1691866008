/** Characters that a URL must encode, or that a server could read in another way after one more decoding. */

/** A percent sign that a server takes for an escape if it decodes once more. Old versions of .NET also decode `%u0026`. */
const escapePattern = /%(?:[0-9a-f]{2}|u[0-9a-f]{4})/i;

/** Whether a decoded text would change if it were decoded again. */
export const changesIfDecoded = (text: string): boolean => escapePattern.test(text);

/**
 * A character in a decoded text of a query that gets another meaning if a server decodes and splits the query once more, as
 * parts of Graph do. Undefined if there is none.
 * @see https://developer.microsoft.com/graph/known-issues/?search=18185
 */
export function findAmbiguity(text: string): string | undefined {
  const [separator] = /[&#]/.exec(text) ?? [];
  if (separator !== undefined) return `the character "${separator}"`;
  return changesIfDecoded(text) ? 'the character "%" before what could be its code' : undefined;
}

export function hasControlCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
  }
  return false;
}

/** A text as the most lenient server compares it: without letter case, width and characters that are not seen. */
export const toComparableText = (text: string): string =>
  text
    .normalize('NFKC')
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase();

/** Names one character, and how a URL encodes it: `"[", which a URL encodes as %5B`. */
export function describeUnencoded(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16).toUpperCase().padStart(4, '0');
  const shown = code > 0x20 && code < 0x7f ? `"${character}"` : `U+${hex}`;
  return character.isWellFormed()
    ? `${shown}, which a URL encodes as ${encodeURIComponent(character)}`
    : `${shown}, which is half of a character`;
}
