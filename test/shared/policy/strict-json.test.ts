import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrictJson } from '../../../src/shared/policy/strict-json.ts';

describe('parseStrictJson', () => {
  it('reads everything that JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parseStrictJson(text)).toEqual({ kind: 'json', value: JSON.parse(text) });
      }),
    );
  });

  it.each([
    '[{"a":1},{"a":1}]',
    '{"a":{"a":{"a":1}},"b":["a","a"]}',
    '{"a":"a","b":"a,\\"a\\":{"}',
    '["a","a",{"a":["a"]},"a"]',
  ])('accepts %s, which repeats no name', (text) => {
    expect(parseStrictJson(text).kind).toBe('json');
  });

  it.each([
    ['{"a":1,"a":1}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"a":[{}],"b":{"c":1},"a":2}', 'a'],
    ['[1,{"b":{"x":"}","x":1}}]', 'x'],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ['{"":1,"":2}', ''],
  ])('refuses %s, which repeats a name', (text, name) => {
    expect(parseStrictJson(text)).toEqual({ kind: 'duplicate', name });
  });

  it('refuses text that is not JSON', () => {
    const tooDeep = `${'['.repeat(65)}${']'.repeat(65)}`;
    for (const text of ['', '{', "{'a':1}", '{"a":1,}', '[1] 2', tooDeep])
      expect(parseStrictJson(text).kind).toBe('malformed');
  });

  it('finds a repeated name in any object at any depth', () => {
    const depth = fc.integer({ min: 0, max: 30 });
    fc.assert(
      fc.property(depth, fc.string(), (levels, name) => {
        const key = JSON.stringify(name);
        const text = `${'[{"x":'.repeat(levels)}{${key}:1,"other ":[],${key}:2}${'}]'.repeat(levels)}`;
        expect(parseStrictJson(text).kind).toBe('duplicate');
      }),
    );
  });
});
