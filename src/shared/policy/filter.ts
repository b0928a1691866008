import { type Fault, readToken, type Token } from './expression.ts';

const operators = new Set('eq ne gt ge lt le and or has add sub mul div mod'.split(' '));
const constants = new Set(['true', 'false', 'null']);
/** Functions that only compute a value from their arguments. */
const functions = new Set(
  [
    'contains startswith endswith length indexof substring tolower toupper trim concat',
    'year month day hour minute second fractionalseconds totaloffsetminutes date time now mindatetime maxdatetime',
    'round floor ceiling',
  ]
    .join(' ')
    .split(' '),
);

const MAX_DEPTH = 32;

/**
 * The first place in a `$filter` that does not follow OData's grammar, or names another field. Lambdas (`any`, `all`) are not
 * understood, because their variables could stand for any field.
 * @see OData 4.01 URL Conventions, 5.1.1
 */
export function findFilterFault(value: string, fields: readonly string[]): Fault | undefined {
  let token = readToken(value, 0);
  const next = () => {
    token = readToken(value, token.end);
  };
  const isSymbol = (symbol: string) => token.kind === 'symbol' && token.text === symbol;
  const isWord = (name: string) => token.kind === 'word' && token.text.toLowerCase() === name;
  const fault = (what: string): Fault => ({ at: token.at, what });
  const closed = (): Fault | undefined => {
    if (!isSymbol(')')) return fault(token.kind === 'end' ? 'a parenthesis is not closed' : whatOf(token));
    next();
    return undefined;
  };

  /** Operands with operators between them. Which operator binds more is no matter here. */
  const readExpression = (depth: number): Fault | undefined => {
    if (depth > MAX_DEPTH) return fault('nested too deeply');
    for (;;) {
      while (isWord('not')) next();
      const wrong = readOperand(depth);
      if (wrong !== undefined) return wrong;
      if (isWord('in')) {
        next();
        const wrongList = readList();
        if (wrongList !== undefined) return wrongList;
      }
      if (token.kind !== 'word' || !operators.has(token.text.toLowerCase())) return undefined;
      next();
    }
  };
  const readOperand = (depth: number): Fault | undefined => {
    if (isSymbol('(')) {
      next();
      return readExpression(depth + 1) ?? closed();
    }
    if (token.kind === 'word' && value[token.end] === '(') return readCall(depth);
    const isValue =
      token.kind === 'literal' ||
      (token.kind === 'word' && (constants.has(token.text.toLowerCase()) || fields.includes(token.text)));
    if (!isValue) return fault(token.kind === 'word' ? 'not a field that the rule names' : whatOf(token));
    next();
    return undefined;
  };
  const readCall = (depth: number): Fault | undefined => {
    if (!functions.has(token.text.toLowerCase())) return fault('not a function that the rule allows');
    next();
    do {
      next();
      if (isSymbol(')')) break;
      const wrong = readExpression(depth + 1);
      if (wrong !== undefined) return wrong;
    } while (isSymbol(','));
    return closed();
  };
  /** The values behind `in`. */
  const readList = (): Fault | undefined => {
    if (!isSymbol('(')) return fault('not a list in parentheses');
    do {
      next();
      if (token.kind !== 'literal' && !(token.kind === 'word' && constants.has(token.text.toLowerCase())))
        return fault('not a value');
      next();
    } while (isSymbol(','));
    return closed();
  };

  return readExpression(0) ?? (token.kind === 'end' ? undefined : fault(whatOf(token)));
}

function whatOf({ kind, text }: Token): string {
  if (kind === 'end') return 'the end, where a field or a value is missing';
  if (kind === 'unreadable')
    return text.includes("'") ? 'a text without its end' : 'not a character of an expression';
  return kind === 'word' ? 'not an operator' : 'not expected here';
}
