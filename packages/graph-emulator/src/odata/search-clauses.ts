import { GraphError, type GraphObject } from '../reply.ts';

type Test = (item: GraphObject) => boolean;

/** A piece of `$search`: a quoted text, a bare one, or a parenthesis. */
export interface Clause {
  readonly text: string;
  readonly isQuoted: boolean;
}

/**
 * Reads clauses that `AND`, `OR`, `NOT` and parentheses connect. Neighbors without an operator are connected by `AND`.
 * @param pattern matches one clause at its place: group 1 is a quoted text, group 2 a bare one
 * @throws {GraphError} that names what was not understood
 */
export function parseClauses(text: string, pattern: RegExp, toTest: (clause: Clause) => Test): Test {
  const clauses = toClauses(text, pattern);
  let at = 0;
  const isNext = (mark: string) => clauses[at]?.isQuoted === false && clauses[at]?.text === mark;
  const take = (mark: string): boolean => isNext(mark) && ++at > 0;

  const one = (): Test => {
    if (take('NOT')) {
      const inner = one();
      return (item) => !inner(item);
    }
    if (take('(')) {
      const inner = either();
      if (!take(')')) throw searchError(`A parenthesis is not closed in '${text}'.`);
      return inner;
    }
    const clause = clauses[at++];
    if (clause === undefined) throw searchError(`'${text}' ends too early.`);
    if (!clause.isQuoted && ['AND', 'OR', ')'].includes(clause.text))
      throw searchError(`Syntax error at '${clause.text}' in '${text}'.`);
    return toTest(clause);
  };
  const all = (): Test => {
    const tests = [one()];
    while (at < clauses.length && !isNext('OR') && !isNext(')')) {
      take('AND');
      tests.push(one());
    }
    return (item) => tests.every((test) => test(item));
  };
  const either = (): Test => {
    const tests = [all()];
    while (take('OR')) tests.push(all());
    return (item) => tests.some((test) => test(item));
  };

  const test = either();
  if (at < clauses.length) throw searchError(`Syntax error at '${clauses[at]?.text}' in '${text}'.`);
  return test;
}

function toClauses(text: string, pattern: RegExp): Clause[] {
  const clauses: Clause[] = [];
  const next = new RegExp(`\\s*(?:([()])|${pattern.source})\\s*`, 'yu');
  while (next.lastIndex < text.length) {
    const at = next.lastIndex;
    const [, mark, quoted, bare] = next.exec(text) ?? [];
    if (quoted !== undefined) clauses.push({ text: quoted.replace(/\\(["\\])/g, '$1'), isQuoted: true });
    else if (mark !== undefined || bare !== undefined)
      clauses.push({ text: mark ?? bare ?? '', isQuoted: false });
    else
      throw searchError(
        `Syntax error: character '${text.charAt(at)}' is not valid at position ${at} in '${text}'.`,
      );
  }
  if (clauses.length === 0) throw searchError('The search is empty.');
  return clauses;
}

export function searchError(message: string): GraphError {
  return new GraphError(400, 'BadRequest', `Invalid $search query: ${message}`);
}
