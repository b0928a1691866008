/** Splits a text into its words, in lower case. `OneVideo` contains `one`, `video` and `onevideo`. */
function wordsOf(text: string): string[] {
  const whole = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const parts = text.match(/\p{Lu}?[\p{Ll}]+|\p{Lu}+(?!\p{Ll})|\p{N}+|\p{Lo}+/gu) ?? [];
  return [...new Set([...whole, ...parts.map((part) => part.toLowerCase())])];
}

/** Whether each word that is searched for begins a word of the text. */
export function hasWords(text: string, searched: string): boolean {
  const words = wordsOf(text);
  const wanted = searched.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return wanted.length > 0 && wanted.every((one) => words.some((word) => word.startsWith(one)));
}

/** All texts in a value, for example those of `{ emailAddress: { name, address } }`. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

/** Reads a path of names, for example `body/content`. */
export function readPath(item: unknown, path: string): unknown {
  return path
    .split('/')
    .reduce<unknown>(
      (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
      item,
    );
}
