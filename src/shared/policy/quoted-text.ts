/**
 * The position of the quote that ends a text of OData. A quote inside the text is doubled: `'O''Brien'` (OData ABNF,
 * `string`). -1 if the text has no end.
 * @param start the position behind the quote that begins the text
 */
export function findEndOfText(text: string, start: number): number {
  let at = text.indexOf("'", start);
  while (at !== -1 && text[at + 1] === "'") at = text.indexOf("'", at + 2);
  return at;
}

export const withoutDoubledQuotes = (text: string): string => text.replaceAll("''", "'");

/**
 * Whether one half of a doubled quote is encoded and the other is not. Parsers differ on where such a text ends.
 * @param raw a text in which every quote is doubled
 */
export const hasHalfEncodedQuotes = (raw: string): boolean => /'|%27/.test(raw.replaceAll(/''|%27%27/g, ''));
