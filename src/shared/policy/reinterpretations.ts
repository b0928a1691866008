import { Buffer } from 'node:buffer';
import { hasControlCharacter } from './characters.ts';

/** An option that the caller did not write, but that an API reads if it decodes once more or splits decoded text. */
export interface Reinterpretation {
  readonly name: string;
  readonly value: string;
  /** How the API finds it: by decoding once more, or by splitting decoded text at `&`. */
  readonly by: 'decoding' | 'ampersand';
}

export type ReinterpretResult =
  | { readonly kind: 'reinterpretations'; readonly reinterpretations: readonly Reinterpretation[] }
  | { readonly kind: 'refused'; readonly reason: string };

/** Graph's own page tokens are encoded three times. No caller needs text that is encoded more than eight times. */
const MAX_DECODINGS = 8;

/**
 * All options that an API can find in this option. Graph decodes some values twice and splits at a decoded `&`. A bound
 * that is checked only after the first decoding therefore protects nothing.
 * @see https://developer.microsoft.com/graph/known-issues/?search=18185
 */
export function reinterpret(name: string, value: string): ReinterpretResult {
  const reinterpretations: Reinterpretation[] = [];
  let text = `${name}=${value}`;
  for (let decodings = 1; ; decodings++) {
    if (hasControlCharacter(text)) return refused('the query has a control character');
    const pieces = text.includes('&') ? text.split('&').map(readPair) : [];
    if (pieces.some((piece) => piece.name === '')) {
      return refused('the query has an option without a name behind a decoded "&"');
    }
    if (new Set(pieces.map((piece) => toComparableOption(piece.name))).size < pieces.length) {
      return refused('the query has an option twice if a decoded "&" separates options');
    }
    reinterpretations.push(...pieces.map((piece) => ({ ...piece, by: 'ampersand' as const })));
    const next = decodeAgain(text);
    if (next === text) return { kind: 'reinterpretations', reinterpretations };
    if (decodings === MAX_DECODINGS) return refused('the query is encoded too often');
    text = next;
    reinterpretations.push({ ...readPair(text), by: 'decoding' });
  }
}

function readPair(text: string): { readonly name: string; readonly value: string } {
  const equals = text.indexOf('=');
  return equals === -1
    ? { name: text, value: '' }
    : { name: text.slice(0, equals), value: text.slice(equals + 1) };
}

/** Decodes once, as leniently as any server: a stray `%` stays, and `%u0026` is an escape, as in old .NET versions. */
export function decodeAgain(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+|%u[0-9a-f]{4}/gi, (escapes) =>
    /^%u/i.test(escapes)
      ? String.fromCharCode(Number.parseInt(escapes.slice(2), 16))
      : Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** APIs differ on whether letter case makes two names different. OData APIs also differ on a leading `$`. */
export function toComparableOption(name: string): string {
  return name.toLowerCase().replace(/^\$/, '');
}

function refused(reason: string): ReinterpretResult {
  return { kind: 'refused', reason };
}
