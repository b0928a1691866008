import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonOptions, type JsonValue, parseJson } from '../../../src/shared/policy/json-text.ts';

const everything: JsonOptions = { openedLevels: 100, uniqueNames: 'everywhere' };
/** Returns undefined if the text is refused. */
function parse(text: string, options: Partial<JsonOptions> = {}): JsonValue | undefined {
  const value = parseJson(text, { ...everything, ...options });
  return value.kind === 'invalid' ? undefined : value;
}

/** Returns the value as JSON.parse does. */
function toPlain(value: JsonValue): unknown {
  switch (value.kind) {
    case 'object':
      return Object.fromEntries([...value.members].map(([name, member]) => [name, toPlain(member)]));
    case 'array':
      return value.items.map(toPlain);
    case 'string':
      return value.value;
    case 'literal':
    case 'unopened':
      return JSON.parse(value.text);
  }
}

function plain(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

describe('parseJson', () => {
  it('reads what JSON.parse reads, including whitespace and escapes', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom('', ' ', '\n\t', '\r'), (json, space) => {
        const text = `${space}${JSON.stringify(JSON.parse(json), undefined, space)}${space}`;
        const value = parse(text);
        expect(value && toPlain(value)).toEqual(JSON.parse(json));
      }),
    );
  });

  it('reads nothing that JSON.parse refuses', () => {
    const pieces = fc.constantFrom(
      ...'{}[],:"\\ud8001e+-. truefalsnl\n\u0000\ufeff'.split(''),
      'true',
      '"a"',
      '\\u00',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        const value = parse(text);
        if (value !== undefined) expect(toPlain(value)).toEqual(plain(text));
        else if (plain(text) !== undefined) expect(text).toMatch(/"(?:[^"\\]|\\.)*"\s*:[\s\S]*"\s*:/);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['12345678901234567890', '-0.10000000000000000000001', '1E+400', '[1.0,2e1]'])(
    'keeps the notation of %s',
    (text) => {
      expect(parse(text)?.text).toBe(text);
    },
  );

  it('does not parse values below the given depth, but checks them', () => {
    expect(parse('{"a":{"b":1}}', { openedLevels: 1 })).toMatchObject({
      kind: 'object',
      members: new Map([['a', { kind: 'unopened', text: '{"b":1}' }]]),
    });
    expect(parse('{"a":{"b":}}', { openedLevels: 1 })).toBeUndefined();
  });
});

describe('refuses', () => {
  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"x":[{"a":1,"b":{},"a":1}]}',
    '{"__proto__":1,"__proto__":2}',
  ])('a repeated name: %s', { tags: ['PX-6'] }, (text) => {
    expect(parse(text)).toBeUndefined();
    expect(parse(text, { openedLevels: 0 })).toBeUndefined();
  });

  it.each([
    '',
    ' ',
    '{',
    '[1,]',
    '{,}',
    '{"a"}',
    "{'a':1}",
    '01',
    '1.',
    '.5',
    '+1',
    'NaN',
    'nul',
    '"\t"',
    '"\\x"',
    '"\\u00"',
    '"a',
    '1 2',
    '{} x',
    '/**/1',
    '\ufeff1',
  ])('%j', (text) => {
    expect(parse(text)).toBeUndefined();
  });

  it('endless nesting at once, and reads a string of ten megabytes', { tags: ['DO-3'] }, () => {
    for (const bracket of ['[', '{"a":', '[{"a":', '[[],']) {
      expect(parse(bracket.repeat(1_000_000))).toBeUndefined();
    }
    expect(parse(`"${'a'.repeat(10_000_000)}"`)?.kind).toBe('string');
    expect(parse(`"${'\\"'.repeat(5_000_000)}"`)?.kind).toBe('string');
    expect(parse(' '.repeat(10_000_000))).toBeUndefined();
    expect(parse('1'.repeat(10_000_000))?.kind).toBe('literal');
  });

  const names = (count: number) => Array.from({ length: count }, (_, at) => `"${at}":1`).join();

  it('too many values, at the first one beyond the limit', { tags: ['DO-4'] }, () => {
    expect(parse(`{${names(10_000)}}`)?.kind).toBe('object');
    expect(parse(`{${names(10_001)}}`)).toBeUndefined();
    expect(parse(`[${'[],'.repeat(9999)}[]]`)?.kind).toBe('array');
    expect(parse(`[${'[],'.repeat(10_000)}[]]`)).toBeUndefined();
    expect(parse(`[${'{"a":{}},'.repeat(5000)}{}]`)).toBeUndefined();
    expect(parse(`[[],${'0,'.repeat(20_000)}0]`, { openedLevels: 0 })?.kind).toBe('unopened');
  });

  it('too many names in nested objects, and accepts any number of objects side by side', {
    tags: ['DO-4'],
  }, () => {
    const unopened = { openedLevels: 0 };
    expect(parse(`{${names(10_000)}}`, unopened)?.kind).toBe('unopened');
    expect(parse(`{${names(10_001)}}`, unopened)).toBeUndefined();
    expect(parse(`{${names(5000)},"in":{${names(5000)}}}`, unopened)).toBeUndefined();
    expect(parse(`[${`{${names(5000)}},`.repeat(5)}1]`, unopened)?.kind).toBe('unopened');
    expect(parse(`{${names(10_001)}}`, { openedLevels: 0, uniqueNames: 'opened' })?.kind).toBe('unopened');
  });
});
