import { Visitor } from 'oxc-parser';
import { describe, expect, it, vi } from 'vitest';
import { readSourceFiles } from '../scripts/source-files.ts';
import { cpuMs } from './support/cpu-time.ts';
import { isWholeRun } from './support/scale.ts';

interface Expression {
  readonly where: string;
  readonly pattern: string;
  readonly flags: string;
}

/** Every regular expression that is written in the source of the service and its client. */
function literals(): readonly Expression[] {
  return readSourceFiles(['src', 'client']).flatMap(({ path, text, parsed }) => {
    const found: Expression[] = [];
    const visitor = new Visitor({
      Literal(node) {
        if (!('regex' in node)) return;
        const line = text.slice(0, node.start).split('\n').length;
        const { pattern, flags } = node.regex;
        found.push({ where: `${path}:${line}`, pattern, flags });
      },
    });
    visitor.visit(parsed.program);
    return found;
  });
}

/** Every expression that the service composes from text when it starts. */
async function composed(): Promise<readonly Expression[]> {
  const found: Expression[] = [];
  const Original = globalThis.RegExp;
  const isOwn = () => new Error().stack?.split('\n')[3]?.includes('/src/') === true;
  globalThis.RegExp = class extends Original {
    constructor(pattern: string | RegExp, flags?: string) {
      super(pattern, flags);
      if (isOwn()) found.push({ where: 'composed', pattern: this.source, flags: this.flags });
    }
  } as RegExpConstructor;
  // An earlier file of this worker may have loaded the modules already.
  vi.resetModules();
  try {
    await import('../src/app.ts');
  } finally {
    globalThis.RegExp = Original;
  }
  return found;
}

/** Characters that this expression treats in a special way, and some of every other kind. */
function alphabetOf(pattern: string): readonly string[] {
  const own = pattern.replaceAll(/\\[dwsWDSbBpPux]|[\\^$*+?{}|]/g, '');
  return [...new Set([...own, ...'aA1 .-_%"\\/\'=:;,(<é\t'])];
}

/** The literal text at the beginning, after which the rest of the expression is tried. */
function prefixOf(pattern: string): string {
  const [, text = ''] = /^\^?((?:[\w "'@=:/-]|\\[/.$?()[\]\\-])*)/.exec(pattern) ?? [];
  return text.replaceAll('\\', '');
}

function* attacksOn(pattern: string): Generator<(times: number) => string> {
  const alphabet = alphabetOf(pattern);
  const own = alphabet.slice(0, 12);
  const pairs = own.flatMap((first) => own.map((second) => first + second));
  for (const pump of isWholeRun ? [...alphabet, ...pairs] : alphabet) {
    for (const prefix of new Set(['', prefixOf(pattern)])) {
      for (const suffix of ['\0', '!']) yield (times) => prefix + pump.repeat(times) + suffix;
    }
  }
}

/** The last length shows a quadratic expression. The smaller ones show an exponential or cubic one before it hangs. */
const TIMES = [24, 100, 400, 800, 2_000, 8_000];
/** A linear expression needs less than 1 ms for 16,000 characters, a quadratic one more than 50 ms. */
const LIMIT_MS = 15;

function slowestInput({ pattern, flags }: Expression): string | undefined {
  const expression = new RegExp(pattern, flags);
  const spentMs = (text: string) =>
    cpuMs(() => {
      expression.lastIndex = 0;
      return expression.global ? text.replaceAll(expression, '') : expression.test(text);
    });
  for (const attack of attacksOn(pattern)) {
    for (const times of isWholeRun ? TIMES : TIMES.filter((_times, at) => at % 2 === 1 || at === 0)) {
      const text = attack(times);
      if (spentMs(text) > LIMIT_MS) {
        return `${JSON.stringify(text.slice(0, 20))}… (${text.length} characters)`;
      }
    }
  }
  return undefined;
}

describe('regular expressions', () => {
  it('take linear time on hostile input', { tags: ['DO-5'], timeout: 10 * 60_000 }, async () => {
    const atStart = await composed();
    expect(atStart.length).toBeGreaterThan(5);
    const expressions = [...literals(), ...atStart];
    expect(expressions.length).toBeGreaterThan(130);
    const slow = expressions.flatMap((expression) => {
      const input = slowestInput(expression);
      return input === undefined ? [] : [`${expression.where} /${expression.pattern}/ on ${input}`];
    });
    expect(slow).toEqual([]);
  });

  it.each([
    ['exponential', '^(a+)+$'],
    ['cubic', '^a*a*a*$'],
    ['quadratic', 'a+b'],
    ['quadratic after a prefix', '^https:\\/\\/[a-z]*[a-z]*$'],
  ])('would be found if they were %s', (_what, pattern) => {
    expect(slowestInput({ where: '', pattern, flags: '' })).toBeDefined();
  });
});
