import { GraphError } from '../reply.ts';
import { areEqual } from './compare.ts';
import type { EntityType, Expression } from './entity-type.ts';
import { comparisons, textChanges, textTests } from './operators.ts';
import { type Kind, propertyOf } from './properties.ts';
import { type Token, toTokens } from './tokens.ts';

/** The entity under the empty name, and the variables of `any` and `all`. */
type Scope = Readonly<Record<string, unknown>>;

interface Operand {
  readonly kind: Kind;
  readonly isLiteral?: true;
  read(scope: Scope): unknown;
}

/**
 * Reads `$filter`: comparisons, `in`, `and`, `or`, `not`, parentheses, `startswith`, `endswith`, `contains`, `tolower`,
 * `toupper`, `trim`, and `any` and `all` of lists. Letter case is ignored.
 * @see https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html#sec_SystemQueryOptionfilter
 * @throws {GraphError} that names what was not understood
 */
export function parseFilter(expression: string, type: EntityType): Expression {
  const parser = new FilterParser(expression, type);
  const test = parser.parse();
  return {
    matches: (entity) => test.read({ '': entity }) === true,
    properties: parser.properties,
    operators: parser.operators,
  };
}

class FilterParser {
  readonly properties: string[] = [];
  readonly operators = new Set<string>();
  readonly #expression: string;
  readonly #typeName: string;
  readonly #tokens: readonly Token[];
  /** Specimens of the entity, under the empty name, and of the variables. */
  readonly #specimens = new Map<string, unknown>();
  #at = 0;

  constructor(expression: string, type: EntityType) {
    this.#expression = expression;
    this.#typeName = `microsoft.graph.${type.name}`;
    this.#specimens.set('', type.properties);
    this.#tokens = toTokens(expression);
  }

  parse(): Operand {
    const test = this.#or();
    if (this.#at < this.#tokens.length) throw this.#unexpected();
    return test;
  }

  #or(): Operand {
    const tests = [this.#and()];
    while (this.#takeWord('or')) tests.push(this.#and());
    return tests.length === 1 ? this.#test(tests[0]) : this.#combine(tests, 'some');
  }

  #and(): Operand {
    const tests = [this.#comparison()];
    while (this.#takeWord('and')) tests.push(this.#comparison());
    return tests.length === 1 ? this.#test(tests[0]) : this.#combine(tests, 'every');
  }

  #combine(tests: readonly Operand[], how: 'some' | 'every'): Operand {
    for (const one of tests) this.#test(one);
    return { kind: 'boolean', read: (scope) => tests[how]((one) => one.read(scope) === true) };
  }

  #comparison(): Operand {
    const left = this.#operand();
    const name = this.#peek('word')?.toLowerCase() ?? '';
    const test = Object.hasOwn(comparisons, name) ? comparisons[name] : undefined;
    if (test !== undefined) {
      this.#at++;
      this.operators.add(name);
      const right = this.#literal();
      this.#requireSameKind(left, right);
      return { kind: 'boolean', read: (scope) => test(left.read(scope), right.read(scope)) };
    }
    if (!this.#takeWord('in')) return left;
    this.operators.add('in');
    const among = this.#list(left);
    return {
      kind: 'boolean',
      read: (scope) => among.some((one) => areEqual(left.read(scope), one.read(scope))),
    };
  }

  #list(left: Operand): Operand[] {
    this.#expect('(');
    const among: Operand[] = [];
    do {
      const one = this.#literal();
      this.#requireSameKind(left, one);
      among.push(one);
    } while (this.#takeMark(','));
    this.#expect(')');
    return among;
  }

  #literal(): Operand {
    const word = this.#peek('word');
    const operand = this.#operand();
    if (operand.isLiteral) return operand;
    throw this.#error(`'${word}' must be a literal in '${this.#expression}'.`);
  }

  #operand(): Operand {
    if (this.#takeWord('not')) {
      this.operators.add('not');
      const inner = this.#test(this.#operand());
      return { kind: 'boolean', read: (scope) => inner.read(scope) !== true };
    }
    if (this.#takeMark('(')) {
      const inner = this.#or();
      this.#expect(')');
      return inner;
    }
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw this.#endsEarly();
    if (token.kind === 'mark') {
      this.#at--;
      throw this.#unexpected();
    }
    if (token.kind !== 'word') return { kind: token.kind, isLiteral: true, read: () => token.value };
    return this.#word(token.value);
  }

  #word(word: string): Operand {
    const lower = word.toLowerCase();
    if (lower === 'true' || lower === 'false')
      return { kind: 'boolean', isLiteral: true, read: () => lower === 'true' };
    if (lower === 'null') return { kind: 'any', isLiteral: true, read: () => null };
    if (!this.#takeMark('(')) return this.#find(word);
    const quantifier = /^(.+)\/(any|all)$/i.exec(word);
    const operand = quantifier
      ? this.#quantifier(quantifier[1] ?? '', quantifier[2] ?? '')
      : this.#call(word);
    this.#expect(')');
    return operand;
  }

  #call(word: string): Operand {
    const name = word.toLowerCase();
    const test = Object.hasOwn(textTests, name) ? textTests[name] : undefined;
    const change = Object.hasOwn(textChanges, name) ? textChanges[name] : undefined;
    if (test === undefined && change === undefined)
      throw this.#error(`An unknown function with name '${word}' was found.`);
    this.operators.add(name);
    const first = this.#text(word);
    if (change !== undefined)
      return { kind: 'text', read: (scope) => change(String(first.read(scope) ?? '')) };
    this.#expect(',');
    const second = this.#text(word);
    return {
      kind: 'boolean',
      read(scope) {
        const [text, part] = [first.read(scope), second.read(scope)];
        if (typeof text !== 'string' || typeof part !== 'string') return false;
        return test?.(text.toLowerCase(), part.toLowerCase()) === true;
      },
    };
  }

  #text(functionName: string): Operand {
    const operand = this.#operand();
    if (operand.kind === 'text' || operand.kind === 'any') return operand;
    throw this.#error(`The arguments of '${functionName}' must be text.`);
  }

  #quantifier(path: string, how: string): Operand {
    const list = this.#find(path);
    if (list.kind !== 'list' && list.kind !== 'any') throw this.#error(`'${path}' is not a list.`);
    this.operators.add(how.toLowerCase());
    const variable = this.#peek('word');
    if (variable === undefined) {
      return { kind: 'boolean', read: (scope) => listOf(list.read(scope)).length > 0 };
    }
    this.#at++;
    this.#expect(':');
    this.#specimens.set(variable, list.specimen ?? null);
    const inner = this.#or();
    this.#specimens.delete(variable);
    const some = how.toLowerCase() === 'any';
    return {
      kind: 'boolean',
      read(scope) {
        const isMatch = (one: unknown) => inner.read({ ...scope, [variable]: one }) === true;
        const members = listOf(list.read(scope));
        return some ? members.some(isMatch) : members.every(isMatch);
      },
    };
  }

  #find(path: string): Operand & { readonly specimen: unknown } {
    const [first = '', ...rest] = path.split('/');
    if (first !== '' && this.#specimens.has(first)) {
      const specimen = this.#specimens.get(first);
      if (rest.length === 0)
        return {
          kind: typeof specimen === 'string' ? 'text' : 'any',
          specimen,
          read: (scope) => scope[first],
        };
      const inner = propertyOf(specimen, rest.join('/'), this.#typeName);
      return { ...inner, read: (scope) => inner.read(scope[first]) };
    }
    const property = propertyOf(this.#specimens.get(''), path, this.#typeName);
    this.properties.push(property.path);
    return { ...property, read: (scope) => property.read(scope['']) };
  }

  /** Graph compares a text with a text only, and an instant with an instant. */
  #requireSameKind(left: Operand, right: Operand): void {
    if (left.kind === right.kind || left.kind === 'any' || right.kind === 'any') return;
    const message = `A binary operator with incompatible types was detected. Found operand types '${left.kind}' and '${right.kind}' in '${this.#expression}'.`;
    throw this.#error(message);
  }

  #test(operand: Operand | undefined): Operand {
    if (operand?.kind === 'boolean' || operand?.kind === 'any') return operand;
    if (this.#peek('word') !== undefined) throw this.#unexpected();
    throw this.#error(`The expression '${this.#expression}' must evaluate to a single boolean value.`);
  }

  #peek(kind: 'word'): string | undefined {
    const token = this.#tokens[this.#at];
    return token?.kind === kind ? token.value : undefined;
  }

  #takeWord(word: string): boolean {
    if (this.#peek('word')?.toLowerCase() !== word) return false;
    this.#at++;
    return true;
  }

  #takeMark(mark: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'mark' || token.value !== mark) return false;
    this.#at++;
    return true;
  }

  #expect(mark: string): void {
    if (this.#takeMark(mark)) return;
    throw this.#at < this.#tokens.length ? this.#unexpected() : this.#endsEarly();
  }

  #unexpected(): GraphError {
    return this.#error(`Syntax error at '${this.#tokens[this.#at]?.value}' in '${this.#expression}'.`);
  }

  #endsEarly(): GraphError {
    return this.#error(`Syntax error: '${this.#expression}' ends too early.`);
  }

  #error(message: string): GraphError {
    return new GraphError(400, 'BadRequest', `Invalid filter clause: ${message}`);
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
