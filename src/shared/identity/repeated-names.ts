/**
 * Whether an object in this JSON text has a name twice. `JSON.parse` keeps the last value silently, while another reader
 * may take the first (RFC 7519, section 4). The names in the text are therefore counted against those in the result.
 * @throws {SyntaxError} if the text is not JSON
 */
export function hasRepeatedName(json: string): boolean {
  return countNames(json) !== countParsedNames(JSON.parse(json));
}

/** Names in the text are strings that a colon follows. */
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
