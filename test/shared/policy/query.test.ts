import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readUpstreamQuery } from '../../../src/shared/policy/query.ts';

describe('readUpstreamQuery', () => {
  it.each([
    ['', []],
    ['$select=displayName,id', ['$select']],
    ['$select=id&$top=5', ['$select', '$top']],
    ['%24select=id', ['$select']],
    ["$filter=subject%20eq%20'a%3Db'&$count=true", ['$filter', '$count']],
    ['$search=%22tea+time%22', ['$search']],
    ['$count', ['$count']],
    ['$filter=a=b', ['$filter']],
  ])('reads the names of %j', (raw, names) => {
    const reading = readUpstreamQuery(raw);
    expect(reading.kind === 'query' && reading.options.map(({ name }) => name)).toEqual(names);
  });
});

describe('refuses', () => {
  it.each([
    '$top=1&$top=2',
    '$top=1&$TOP=2',
    '$top=1&%24top=2',
    '$top=1&%24%74op=2',
    '$top=1&$select=id&$top=1',
  ])('%s, which repeats a name', { tags: ['PX-5'] }, (raw) => {
    expect(readUpstreamQuery(raw).kind).toBe('refused');
  });

  it.each([
    '$select=id#/users',
    '#',
    '$select=a b',
    '$select=é',
    '$select=a\r\nHost:evil.test',
    '$select=%0d%0aHost:evil.test',
    '%00=1',
    '$select=%00',
    '$select=%C2%85',
    '$select=%',
    '$select=%ff',
    '%c0%ae=1',
    '=1',
    '&',
    '$top=1&',
    '&$top=1',
    '$top=1&&$skip=1',
    '$select=\u202e',
    '+=1\u0000',
    '%2524select=id',
    'a%26b=1',
    'a%23=1',
    'a%25u0026=1',
  ])('%j, which is ambiguous', { tags: ['PX-5'] }, (raw) => {
    expect(readUpstreamQuery(raw).kind).toBe('refused');
  });

  it('more than 4096 bytes', { tags: ['PX-5'] }, () => {
    expect(readUpstreamQuery(`$select=${'a'.repeat(4089)}`).kind).toBe('refused');
    expect(readUpstreamQuery(`$select=${'a'.repeat(4088)}`).kind).toBe('query');
  });

  it('more than 16 KiB with options that the API wrote, or more than 4 KiB of others', {
    tags: ['PX-5'],
  }, () => {
    const trusted = new Set(['skiptoken']);
    const kindOf = (token: number, others: string) =>
      readUpstreamQuery(`$skiptoken=${'a'.repeat(token)}${others}`, trusted).kind;
    expect(kindOf(16_384 - 11, '')).toBe('query');
    expect(kindOf(16_384 - 10, '')).toBe('refused');
    expect(kindOf(8_000, `&$select=${'a'.repeat(4_088)}`)).toBe('query');
    expect(kindOf(8_000, `&$select=${'a'.repeat(4_089)}`)).toBe('refused');
    expect(kindOf(8_000, `&$select=${'a'.repeat(2_000)}&x=${'a'.repeat(2_100)}`)).toBe('refused');
  });
});

const piece = fc.constantFrom(
  ...[
    '$select',
    '$top',
    'access_token',
    '=',
    '&',
    '%26',
    '%3d',
    '%24',
    '%',
    '%00',
    '%2523',
    '#',
    '?',
    '/',
    '//evil.test',
    '+',
    ' ',
    'é',
    ',',
    ';',
    "'",
  ],
);

describe('every accepted query', () => {
  it('has the same names and values for other parsers', { tags: ['PX-5'] }, () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const raw = pieces.join('');
        const reading = readUpstreamQuery(raw);
        if (reading.kind === 'refused') return;
        expect([...new URLSearchParams(`?${raw}`)]).toEqual(
          reading.options.map(({ name, value }) => [name, value]),
        );
        const url = new URL(`https://graph.microsoft.com/v1.0/me${raw === '' ? '' : `?${raw}`}`);
        expect([url.host, url.pathname, url.hash]).toEqual(['graph.microsoft.com', '/v1.0/me', '']);
      }),
      { numRuns: 3000 },
    );
  });
});
