import { describe, expect, it } from 'vitest';
import { completeCatalogue, shippedLanguages } from '../../../src/shared/pages/catalogues.ts';
import { english, type MessageKey, messageKeys } from '../../../src/shared/pages/messages/english.ts';
import { placeholdersOf } from '../../../src/shared/pages/presentation.ts';

const translated = shippedLanguages.filter((language) => language !== 'en');
const catalogue = (language: string) => completeCatalogue(language, new Map());

/** The same word in both languages. */
const sameAsEnglish: Readonly<Record<string, readonly MessageKey[]>> = {
  de: ['label.code', 'label.status'],
  fr: ['label.code'],
};

describe.each(translated)('the texts in %s', (language) => {
  const messages = catalogue(language);

  it('are complete, in one line, without spaces at their ends', () => {
    expect(Object.keys(messages).toSorted()).toEqual(messageKeys.toSorted());
    const odd = messageKeys.filter(
      (key) => messages[key] !== messages[key].trim() || /^$|[\n\r]/.test(messages[key]),
    );
    expect(odd).toEqual([]);
  });

  it('have the placeholders of the English ones', () => {
    const placeholders = (texts: typeof messages) =>
      messageKeys.map((key) => [key, placeholdersOf(texts[key])]);
    expect(placeholders(messages)).toEqual(placeholders(english));
  });

  it('differ from the English ones, except words that both languages have', () => {
    const same = messageKeys.filter((key) => messages[key] === english[key]);
    expect(same).toEqual(sameAsEnglish[language] ?? []);
  });

  it('end a sentence where the English ones do', () => {
    const endsSentence = (text: string) => /[.。]$/.test(text);
    // These introduce a list. In Japanese, such a sentence ends.
    const introductions: readonly string[] = ['no_access.text', 'no_access.any_of', 'no_access.registration'];
    const differing = messageKeys.filter((key) => endsSentence(messages[key]) !== endsSentence(english[key]));
    expect(differing.filter((key) => language !== 'ja' || !introductions.includes(key))).toEqual([]);
  });
});

describe('a language of an app', () => {
  it('takes the texts that it lacks from the more general language, at last from English', () => {
    const own = new Map([
      ['pt-BR', { 'action.back': 'Voltar' }],
      ['pt', { 'action.continue': 'Avançar' }],
      ['en', { 'label.code': 'Error code' }],
      ['nl', { 'action.back': 'Terug' }],
    ]);
    const brazilian = completeCatalogue('pt-BR', own);
    expect(brazilian['action.back']).toBe('Voltar');
    expect(brazilian['action.continue']).toBe('Avançar');
    expect(brazilian['action.sign_out']).toBe(catalogue('pt')['action.sign_out']);
    const dutch = completeCatalogue('nl', own);
    expect([dutch['action.back'], dutch['label.code'], dutch['action.continue']]).toEqual([
      'Terug',
      'Error code',
      english['action.continue'],
    ]);
  });
});
