/**
 * True if an object in this JSON text has a name twice. `JSON.parse` silently keeps the last value, while another parser
 * may keep the first (RFC 7519, section 4). The numbers of names in the text and in the parsed value are therefore compared.
 * @throws {SyntaxError} if the text is not JSON
 */
export function hasRepeatedName(json: string): boolean {
  return countNames(json) !== countParsedNames(JSON.parse(json));
}

/** Counts the strings that are followed by a colon. */
function countNames(json: string): number {
  let count = 0;
  for (const [, colon] of json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (colon !== undefined) count++;
  return count;
}

function countParsedNames(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + countParsedNames(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, item) => sum + 1 + countParsedNames(item), 0);
}
