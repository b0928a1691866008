export type JsonReading =
  | { readonly kind: 'json'; readonly value: unknown }
  /** `at`: `line 3 column 7`, where that is known. */
  | { readonly kind: 'malformed'; readonly at: string | undefined }
  /** Readers differ on which of the two counts. */
  | { readonly kind: 'duplicate'; readonly name: string };

/** Reads JSON in which no object names a member twice. */
export function parseStrictJson(text: string): JsonReading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const [at] = /line \d+ column \d+/.exec(error instanceof Error ? error.message : '') ?? [];
    return { kind: 'malformed', at };
  }
  const name = findDuplicate(text);
  return name === undefined ? { kind: 'json', value } : { kind: 'duplicate', name };
}

/** The text is JSON: a string is a member's name where an object has begun, or a comma of one has passed. */
function findDuplicate(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let expectsName = false;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],]/g)) {
    const names = open.at(-1);
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token !== ',' && expectsName && names !== undefined) {
      const name = String(JSON.parse(token));
      if (names.has(name)) return name;
      names.add(name);
    }
    expectsName = token === '{' || (token === ',' && names !== undefined);
  }
  return undefined;
}
