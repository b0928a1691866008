import { findEndOfText } from './quoted-text.ts';

/** The place in a value at which a reader of OData found something that it does not understand. */
export interface Fault {
  /** Position in the decoded value, from 0. */
  readonly at: number;
  /** What is there or what is missing, without the caller's text. */
  readonly what: string;
}

/** One token of an expression. */
export interface Token {
  readonly kind: 'literal' | 'word' | 'symbol' | 'end' | 'unreadable';
  /** As written. */
  readonly text: string;
  readonly at: number;
  /** Position of the character behind it. */
  readonly end: number;
}

const literal = new RegExp(
  [
    '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
    String.raw`\d{4}-\d\d-\d\d(?:T[\d:.]{5,18}(?:Z|[+-]\d\d:\d\d)?)?`,
    String.raw`\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?`,
    String.raw`-?\d+(?:\.\d+)?(?:e[+-]?\d+)?`,
  ]
    .map((form) => String.raw`${form}(?!\w)`)
    .join('|'),
  'iy',
);
/** A name, or names that lead from a field to a field of its value: `from/emailAddress/address`. */
const word = /[A-Za-z_][\w.]*(?:\/[A-Za-z_][\w.]*)*/y;

/** The type of a text, before its quotes: duration'PT1H', microsoft.graph.importance'high'. */
const typeName = /^(?:duration|binary|microsoft\.graph\.\w+)$/i;

/** Reads the token at this position, behind any spaces. */
export function readToken(value: string, position: number): Token {
  let at = position;
  while (value[at] === ' ') at++;
  const token = (kind: Token['kind'], end: number): Token => ({ kind, text: value.slice(at, end), at, end });
  const character = value[at];
  if (character === undefined) return token('end', at);
  if (character === "'") return readText(token, value, at);
  if (/[(),]/.test(character)) return token('symbol', at + 1);
  for (const [kind, pattern] of [
    ['literal', literal],
    ['word', word],
  ] as const) {
    pattern.lastIndex = at;
    if (!pattern.test(value)) continue;
    const end = pattern.lastIndex;
    const isTyped = value[end] === "'" && typeName.test(value.slice(at, end));
    return isTyped ? readText(token, value, end) : token(kind, end);
  }
  return token('unreadable', at + 1);
}

function readText(token: (kind: Token['kind'], end: number) => Token, value: string, quote: number): Token {
  const end = findEndOfText(value, quote + 1);
  return end === -1 ? token('unreadable', value.length) : token('literal', end + 1);
}
