import { GraphError, type GraphObject } from './reply.ts';

type Test = (entity: GraphObject) => boolean;

/**
 * Applies `$filter`: `eq` and `startswith` on text properties, with `and`, `or` and parentheses. Letter case is ignored, as
 * in the directory.
 * @throws {GraphError} for everything else
 */
export function filter(
  items: readonly GraphObject[],
  query: URLSearchParams,
  properties: readonly string[],
): readonly GraphObject[] {
  const expression = query.get('$filter');
  return expression === null ? items : items.filter(parse(expression, properties));
}

function parse(expression: string, properties: readonly string[]): Test {
  const words = toWords(expression);
  let at = 0;
  const takeIf = (word: string): boolean => words[at]?.toLowerCase() === word && ++at > 0;
  const take = (): string => {
    const word = words[at++];
    if (word === undefined) throw syntaxError(expression);
    return word;
  };
  const expectWord = (word: string): void => {
    if (!takeIf(word)) throw syntaxError(expression);
  };

  const property = (): ((entity: GraphObject) => string | undefined) => {
    const name = take();
    if (!properties.includes(name))
      throw new GraphError(
        400,
        'Request_UnsupportedQuery',
        `Unsupported or invalid query filter clause specified for property '${name}'.`,
      );
    return (entity) => {
      const value = entity[name];
      return typeof value === 'string' ? value.toLowerCase() : undefined;
    };
  };
  const text = (): string => {
    const word = take();
    if (!word.startsWith("'")) throw syntaxError(expression);
    return word.slice(1, -1).replaceAll("''", "'").toLowerCase();
  };
  const comparison = (): Test => {
    if (takeIf('(')) {
      const inner = alternatives();
      expectWord(')');
      return inner;
    }
    if (takeIf('startswith')) {
      expectWord('(');
      const read = property();
      expectWord(',');
      const start = text();
      expectWord(')');
      return (entity) => read(entity)?.startsWith(start) === true;
    }
    const read = property();
    expectWord('eq');
    const value = text();
    return (entity) => read(entity) === value;
  };
  const conjunction = (): Test => {
    const tests = [comparison()];
    while (takeIf('and')) tests.push(comparison());
    return (entity) => tests.every((test) => test(entity));
  };
  const alternatives = (): Test => {
    const tests = [conjunction()];
    while (takeIf('or')) tests.push(conjunction());
    return (entity) => tests.some((test) => test(entity));
  };

  const test = alternatives();
  if (at < words.length) throw syntaxError(expression);
  return test;
}

/** Splits into quoted texts (a doubled quote means one quote), names, parentheses and commas. */
function toWords(expression: string): string[] {
  const words: string[] = [];
  const word = /\s*('(?:[^']|'')*'|[A-Za-z][\w/]*|[(),])\s*/y;
  while (word.lastIndex < expression.length) {
    const found = word.exec(expression)?.[1];
    if (found === undefined) throw syntaxError(expression);
    words.push(found);
  }
  return words;
}

function syntaxError(expression: string): GraphError {
  return new GraphError(400, 'BadRequest', `Invalid filter clause: Syntax error in '${expression}'.`);
}
