import { hasControlCharacter } from './path-grammar.ts';

export type QueryReading =
  | { readonly kind: 'query'; readonly names: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string };

const MAX_QUERY_BYTES = 4096;

/**
 * Reads the query of a call for the upstream. It is sent as it came; what is read here are the names, for the policy.
 * @param raw without the question mark
 */
export function readUpstreamQuery(raw: string): QueryReading {
  if (raw === '') return { kind: 'query', names: [] };
  if (raw.length > MAX_QUERY_BYTES) return refused('the query is too long');
  if (!/^[\x21-\x7e]*$/.test(raw) || raw.includes('#'))
    return refused('the query has a character that it must not');
  const names: string[] = [];
  for (const pair of raw.split('&')) {
    const [rawName = '', ...rest] = pair.split('=');
    const name = decode(rawName);
    const value = decode(rest.join('='));
    if (name === undefined || value === undefined) return refused('the query is not valid UTF-8');
    if (name === '') return refused('the query has a nameless part');
    if (hasControlCharacter(name) || hasControlCharacter(value))
      return refused('the query has a control character');
    // Readers differ on which of two values counts, and on whether case makes two names.
    if (names.some((known) => known.toLowerCase() === name.toLowerCase())) {
      return refused('the query names something twice');
    }
    names.push(name);
  }
  return { kind: 'query', names };
}

function refused(reason: string): QueryReading {
  return { kind: 'refused', reason };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
