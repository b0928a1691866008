import { describe, expect, it } from 'vitest';
import { english } from '../../../src/shared/pages/messages/english.ts';
import { checkCatalogue, isLanguageTag } from '../../../src/shared/pages/own-catalogue.ts';

describe('the texts of an app', () => {
  it('may be some or all of the texts', () => {
    const some = { 'action.back': 'Terug naar de app', 'action.back_to': 'Terug naar {app}' };
    expect(checkCatalogue(some)).toEqual({ messages: some, issues: [] });
    expect(checkCatalogue({ ...english })).toEqual({ messages: english, issues: [] });
    expect(checkCatalogue({})).toEqual({ messages: {}, issues: [] });
  });

  it('may have markup, which pages show as text', () => {
    const texts = { 'action.back': '<b>Terug</b>' };
    expect(checkCatalogue(texts)).toEqual({ messages: texts, issues: [] });
  });

  it('are for a language tag', () => {
    for (const tag of ['nl', 'pt-BR', 'zh-Hant-TW', 'gsw']) expect(isLanguageTag(tag)).toBe(true);
    for (const tag of ['', 'n', 'NL', 'nl_BE', 'nl-', '../nl', 'nl"', 'dutch', 'i-klingon', 'nl\n']) {
      expect(isLanguageTag(tag), tag).toBe(false);
    }
  });
});

describe('refuses', () => {
  it.each([
    ['a name that no text has', { 'action.bakc': 'x' }, '"action.bakc" is not the name of a text; remove it'],
    [
      'a name that every object has',
      JSON.parse('{"__proto__": "x"}'),
      '"__proto__" is not the name of a text; remove it',
    ],
    ['a number', { 'action.back': 1 }, '"action.back" is not a text of 1 to 500 characters; set it to one'],
    [
      'blank text',
      { 'action.back': ' ' },
      '"action.back" is not a text of 1 to 500 characters; set it to one',
    ],
    [
      'text of 501 characters',
      { 'action.back': 'x'.repeat(501) },
      '"action.back" is not a text of 1 to 500 characters; set it to one',
    ],
    [
      'a line end',
      { 'action.back': 'a\nb' },
      '"action.back" has a line end or another control character; remove it',
    ],
    [
      'an escape sequence',
      { 'action.back': '\u001b[31m' },
      '"action.back" has a line end or another control character; remove it',
    ],
    [
      'a text that lacks a placeholder',
      { 'action.back_to': 'Terug' },
      '"action.back_to" must have exactly the placeholders {app}; correct it',
    ],
    [
      'a text with another placeholder',
      { 'action.back': 'Terug naar {app}' },
      '"action.back" must have no placeholder; correct it',
    ],
  ])('%s', (_what, texts, issue) => {
    expect(checkCatalogue(texts)).toEqual({ messages: {}, issues: [issue] });
  });

  it.each([[null], [undefined], ['nl'], [1], [['action.back']]])('%j instead of an object', (value) => {
    expect(checkCatalogue(value).issues).toEqual(['are not an object; set each name of a text to its text']);
  });

  it('every wrong text, and keeps the others', () => {
    const { messages, issues } = checkCatalogue({ 'action.back': '', 'action.continue': 'Verder', x: 'y' });
    expect(messages).toEqual({ 'action.continue': 'Verder' });
    expect(issues).toHaveLength(2);
  });
});
