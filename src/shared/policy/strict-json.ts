import { parseJson } from './json-text.ts';

export type StrictJson =
  | { readonly kind: 'json'; readonly value: unknown }
  /** `at`: `line 3 column 7`, if known. */
  | { readonly kind: 'malformed'; readonly at: string | undefined }
  /** An object has two members with this name. Readers differ on which of them counts. */
  | { readonly kind: 'duplicate'; readonly name: string };

/** Reads JSON in which each name occurs once per object, nested at most 64 levels deep. */
export function parseStrictJson(text: string): StrictJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const [at] = /line \d+ column \d+/.exec(error instanceof Error ? error.message : '') ?? [];
    return { kind: 'malformed', at };
  }
  const checked = parseJson(text, {
    openedLevels: 0,
    uniqueNames: 'everywhere',
    maxHeld: Number.POSITIVE_INFINITY,
  });
  if (checked.kind !== 'invalid') return { kind: 'json', value };
  const { duplicateName } = checked;
  return duplicateName === undefined
    ? { kind: 'malformed', at: undefined }
    : { kind: 'duplicate', name: duplicateName };
}
