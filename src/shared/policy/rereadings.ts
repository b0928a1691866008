import { Buffer } from 'node:buffer';
import { hasControlCharacter } from './path.ts';

/** An option that the caller did not write. An API reads it if it decodes once more, or splits what it has decoded. */
export interface Rereading {
  readonly name: string;
  readonly value: string;
  readonly by: 'decoding' | 'ampersand';
}

export type Rereadings =
  | { readonly kind: 'rereadings'; readonly rereadings: readonly Rereading[] }
  | { readonly kind: 'refused'; readonly reason: string };

/** Graph's own page tokens are encoded three times. No caller needs a text that is encoded more often than this. */
const MAX_DECODINGS = 8;

/**
 * Everything that an option can become. Graph decodes some values twice and splits at a decoded `&`. A bound that holds
 * only for the first reading therefore protects nothing.
 * @see https://developer.microsoft.com/graph/known-issues/?search=18185
 */
export function rereadingsOf(name: string, value: string): Rereadings {
  const rereadings: Rereading[] = [];
  let text = `${name}=${value}`;
  for (let decodings = 1; ; decodings++) {
    if (hasControlCharacter(text)) return refused('the query has a control character');
    const pieces = text.includes('&') ? text.split('&').map(readPair) : [];
    if (pieces.some((piece) => piece.name === '')) {
      return refused('the query has a nameless part, when a decoded "&" counts');
    }
    if (new Set(pieces.map((piece) => toComparableOption(piece.name))).size < pieces.length) {
      return refused('the query names something twice, when a decoded "&" counts');
    }
    rereadings.push(...pieces.map((piece) => ({ ...piece, by: 'ampersand' as const })));
    const next = decodeAgain(text);
    if (next === text) return { kind: 'rereadings', rereadings };
    if (decodings === MAX_DECODINGS) return refused('the query is encoded too often');
    text = next;
    rereadings.push({ ...readPair(text), by: 'decoding' });
  }
}

function readPair(text: string): { readonly name: string; readonly value: string } {
  const equals = text.indexOf('=');
  return equals === -1
    ? { name: text, value: '' }
    : { name: text.slice(0, equals), value: text.slice(equals + 1) };
}

/**
 * Decodes like the most forgiving reader. Text that is not an escape stays. `%u0026` of old .NET readers is an escape.
 */
export function decodeAgain(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+|%u[0-9a-f]{4}/gi, (escapes) =>
    /^%u/i.test(escapes)
      ? String.fromCharCode(Number.parseInt(escapes.slice(2), 16))
      : Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** Readers differ on whether letter case makes two names different. OData readers also differ on a leading `$`. */
export function toComparableOption(name: string): string {
  return name.toLowerCase().replace(/^\$/, '');
}

function refused(reason: string): Rereadings {
  return { kind: 'refused', reason };
}
