import { describe, expect, it } from 'vitest';
import { directorySearch } from '../../src/odata/directory-search.ts';
import { keywordSearch } from '../../src/odata/keyword-search.ts';

describe('a search of the directory', () => {
  const people = [
    { id: '1', displayName: "Siobhán O'Brien", mail: "siobhan.o'brien@contoso.example" },
    { id: '2', displayName: 'Ben Brown', mail: 'ben@contoso.example' },
    { id: '3', displayName: 'OneVideo', mail: null },
  ];
  const found = (text: string) =>
    people
      .filter(directorySearch(['displayName', 'mail'])(text))
      .map(({ id }) => id)
      .join('');

  it.each([
    ['the beginnings of words', '"displayName:bro"', '2'],
    ['words in any letter case', '"DISPLAYNAME:SIOB"', '1'],
    ['words with a quote', '"displayName:O\'Brien"', '1'],
    ['several words', '"displayName:ben brown"', '2'],
    ['parts of a compound', '"displayName:video"', '3'],
    ['the beginning of other properties', '"mail:siobhan.o\'"', '1'],
    ['OR', '"displayName:ben" OR "displayName:one"', '23'],
    ['AND', '"displayName:ben" AND "mail:ben"', '2'],
    ['AND before OR', '"displayName:one" OR "displayName:ben" AND "mail:x"', '3'],
    ['parentheses', '("displayName:one" OR "displayName:ben") AND "mail:ben"', '2'],
    ['nothing in the middle of a word', '"displayName:rown"', ''],
  ])('finds %s', (_what, text, ids) => {
    expect(found(text)).toBe(ids);
  });

  it.each([
    ['text without quotes', 'displayName:ben', "'d'"],
    ['text without a property', '"ben"', "'ben'"],
    ['another property', '"city:Oslo"', "'city:Oslo'"],
    ['an open quote', '"displayName:ben', `'"'`],
    ['an open parenthesis', '("displayName:ben"', 'parenthesis'],
    ['an operator at the end', '"displayName:ben" AND', 'ends too early'],
    ['nothing', '', 'empty'],
  ])('is refused and named: %s', (_what, text, part) => {
    expect(() => found(text)).toThrow(part);
  });
});

describe('a search of mail', () => {
  const search = keywordSearch({
    '': ['from/emailAddress', 'subject', 'body/content'],
    from: ['from/emailAddress'],
    subject: ['subject'],
    hasAttachments: ['hasAttachments'],
    received: ['received'],
  });
  const letters = [
    {
      id: '1',
      subject: 'R&D: report (final)',
      from: { emailAddress: { name: "Siobhán O'Brien", address: 'siobhan@contoso.example' } },
      body: { contentType: 'text', content: 'The numbers of l’eau' },
      hasAttachments: true,
      received: '2026-03-02T09:30:00Z',
    },
    {
      id: '2',
      subject: 'Lunch',
      from: { emailAddress: { name: 'Ben', address: 'ben@contoso.example' } },
      body: { contentType: 'text', content: 'A report on soup' },
      hasAttachments: false,
      received: '2026-03-03T09:30:00Z',
    },
  ];
  const found = (text: string) =>
    letters
      .filter(search(text))
      .map(({ id }) => id)
      .join('');

  it.each([
    ['words of sender, subject and body', '"report"', '12'],
    ['all words', '"report soup"', '2'],
    ['words without quotes', 'lunch', '2'],
    ['a name with a quote', '"O\'Brien"', '1'],
    ['typographic signs', '"l’eau"', '1'],
    ['a phrase', '"\\"report on\\""', '2'],
    ['one property', '"subject:report"', '1'],
    ['one property in any letter case', '"FROM:ben"', '2'],
    ['one property with a phrase', '"subject:\\"report (final)\\""', '1'],
    ['a boolean', '"hasAttachments:true"', '1'],
    ['OR', '"soup OR subject:final"', '12'],
    ['NOT', '"report NOT soup"', '1'],
    ['dates', '"received>=2026-03-03"', '2'],
    ['a day', '"received:2026-03-02"', '1'],
    ['nothing in the type of a body', '"text"', ''],
  ])('finds %s', (_what, text, ids) => {
    expect(found(text)).toBe(ids);
  });

  it.each([
    ['another property', '"sender:ben"', "'sender'"],
    ['an open quote', '"\\"open"', `'"'`],
    ['an open parenthesis', '"(report"', 'parenthesis'],
  ])('is refused and named: %s', (_what, text, part) => {
    expect(() => found(text)).toThrow(part);
  });
});
