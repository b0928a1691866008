import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseLanguage } from '../../../src/shared/pages/accept-language.ts';

const available = ['en', 'de', 'es', 'fr', 'ja', 'pt'];

const choices: readonly (readonly [header: string | undefined, language: string])[] = [
  [undefined, 'en'],
  ['', 'en'],
  ['de', 'de'],
  ['DE-at', 'de'],
  ['pt-BR,pt;q=0.9,en;q=0.8', 'pt'],
  ['nl,de;q=0.5,en;q=0.7', 'en'],
  ['nl,de;q=0.7,en;q=0.5', 'de'],
  ['fr;q=0.4, ja ;q=0.4', 'fr'],
  ['ja\t;\tq=1.000', 'ja'],
  ['zh-Hant-TW', 'en'],
  ['*', 'en'],
  ['nl, *;q=0.1', 'en'],
  ['en;q=0, *', 'de'],
  ['de;q=0, de-DE', 'en'],
  ['fr-x-private', 'fr'],
];

describe('the language of a page', () => {
  it.each(choices)('for %j is %s', (header, language) => {
    expect(chooseLanguage(header, available)).toBe(language);
  });

  it('is the most specific one that is available', () => {
    const tags = ['en', 'pt', 'pt-BR', 'zh-Hant'];
    expect(chooseLanguage('pt-BR', tags)).toBe('pt-BR');
    expect(chooseLanguage('pt-PT', tags)).toBe('pt');
    expect(chooseLanguage('zh-Hant-HK', tags)).toBe('zh-Hant');
    expect(chooseLanguage('zh', tags)).toBe('en');
  });

  it('is the default, even if the user refuses it, if there is no other', () => {
    expect(chooseLanguage('de;q=0', ['de'])).toBe('de');
  });
});

describe('refuses', () => {
  it.each([
    ['a quality above 1', 'de;q=2'],
    ['a negative quality', 'de;q=-1'],
    ['a quality with four digits', 'de;q=0.1234'],
    ['a quality that is no number', 'de;q=high'],
    ['another parameter', 'de;level=1'],
    ['a path', '../de'],
    ['a subtag of nine letters', 'de-abcdefghi'],
    ['an underscore', 'de_AT'],
    ['markup', '<b>de</b>'],
  ])('%s, and reads the rest', (_what, entry) => {
    expect(chooseLanguage(entry, available)).toBe('en');
    expect(chooseLanguage(`${entry}, fr;q=0.1`, available)).toBe('fr');
  });

  it('a header of more than 500 characters', () => {
    const header = (length: number) => `de${','.repeat(length - 2)}`;
    expect(chooseLanguage(header(500), available)).toBe('de');
    expect(chooseLanguage(header(501), available)).toBe('en');
  });

  it('anything that is not available, for any header', () => {
    const fragment = fc.constantFrom(
      'de',
      'FR',
      '-',
      ',',
      ';',
      'q=',
      '0.5',
      '1',
      '*',
      ' ',
      '\t',
      '\u0000',
      'é',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fragment).map((all) => all.join('')),
        ),
        (header) => {
          expect(available).toContain(chooseLanguage(header, available));
        },
      ),
    );
  });
});
