import { GraphError } from '../reply.ts';

/** A piece of a filter. */
export type Token =
  | { readonly kind: 'text' | 'instant'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  /** A name, a path of names, an operator or a function. */
  | { readonly kind: 'word'; readonly value: string }
  | { readonly kind: 'mark'; readonly value: string };

const patterns: readonly (readonly [RegExp, (text: string) => Token])[] = [
  [/'(?:[^']|'')*'/y, (text) => ({ kind: 'text', value: text.slice(1, -1).replaceAll("''", "'") })],
  [/[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}(?![\w-])/iy, (value) => ({ kind: 'text', value })],
  [
    /\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?(?![\w:-])/iy,
    (value) => ({ kind: 'instant', value }),
  ],
  [/-?\d+(?:\.\d+)?(?![\w.])/y, (text) => ({ kind: 'number', value: Number(text) })],
  [/[A-Za-z_][\w.]*(?:\/[A-Za-z_$][\w.]*)*/y, (value) => ({ kind: 'word', value })],
  [/[(),:]/y, (value) => ({ kind: 'mark', value })],
];

/** Splits a filter into its pieces. @throws {GraphError} that names the first character that belongs to none */
export function toTokens(expression: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < expression.length) {
    if (/\s/.test(expression.charAt(at))) {
      at++;
      continue;
    }
    const found = tokenAt(expression, at);
    if (found === undefined) {
      const message = `Invalid filter clause: Syntax error: character '${expression.charAt(at)}' is not valid at position ${at} in '${expression}'.`;
      throw new GraphError(400, 'BadRequest', message);
    }
    tokens.push(found.token);
    at = found.end;
  }
  return tokens;
}

function tokenAt(expression: string, at: number): { token: Token; end: number } | undefined {
  for (const [pattern, toToken] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(expression)?.[0];
    if (text !== undefined) return { token: toToken(text), end: at + text.length };
  }
  return undefined;
}
