import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createByteSearch } from '../../../src/shared/proxy/byte-search.ts';
import { isWholeRun } from '../../support/scale.ts';

const numRuns = isWholeRun ? 50_000 : 2_000;

const marks = ['nextLink"', '"@entra-bff.', '\\u00', 'sig='];
const bytesOf = (text: string) => Buffer.from(text, 'latin1');

/** Texts of pieces of the marks, in either case, with bytes that differ from a letter or sign in one bit. */
const texts = fc
  .array(
    fc.oneof(
      fc.constantFrom(...marks, ...marks.map((mark) => mark.toUpperCase())),
      fc.constantFrom(
        'next',
        'Link"',
        '@',
        '`',
        '\\',
        '|',
        '"',
        '\u0002',
        's',
        'S',
        'ig=',
        '=',
        '0',
        '\u0010',
      ),
      fc.string({ unit: 'binary-ascii', maxLength: 5 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

describe('createByteSearch', () => {
  it.each([true, false])('finds what a comparison at each place finds, ignoring case: %s', (ignoresCase) => {
    const search = createByteSearch(marks.map(bytesOf), { ignoresCase });
    const comparable = (text: string) => (ignoresCase ? text.toLowerCase() : text);
    fc.assert(
      fc.property(texts, (text) => {
        const isFound = marks.some((mark) => comparable(text).includes(comparable(mark)));
        expect(search(bytesOf(text))).toBe(isFound);
      }),
      { numRuns },
    );
  });

  it('finds no mark that the end of the bytes cuts off', () => {
    const search = createByteSearch(marks.map(bytesOf));
    expect(search(bytesOf('[nextLink'))).toBe(false);
    expect(search(bytesOf('[nextLink"'))).toBe(true);
  });
});
