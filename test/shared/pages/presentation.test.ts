import { describe, expect, it } from 'vitest';
import { html } from '../../../src/shared/pages/html.ts';
import { createPresent, inEnglish } from '../../../src/shared/pages/presentation.ts';

describe('a presentation', () => {
  it('has the texts of the language that the browser prefers', () => {
    const present = createPresent();
    expect(present('de-CH, en;q=0.5').text('action.sign_out')).toBe('Abmelden');
    expect(present(undefined).text('action.sign_out')).toBe('Sign out');
  });

  it('chooses among the languages of the app only, and otherwise takes the first', () => {
    const present = createPresent({ languages: ['fr', 'de'] });
    expect(['en', 'de', 'ja'].map((header) => present(header).language)).toEqual(['fr', 'de', 'fr']);
  });

  it.each([
    ['ar', 'rtl'],
    ['he-IL', 'rtl'],
    ['az-Arab', 'rtl'],
    ['ku-Latn', 'ltr'],
    ['nl', 'ltr'],
  ])('is written in the direction of its language: %s, %s', (language, direction) => {
    const present = createPresent({ ownCatalogues: new Map([[language, {}]]) });
    expect(present(language)).toMatchObject({ language, direction });
  });

  it('keeps the app, but not the language, in English', () => {
    const german = createPresent({ identity: { name: 'Contoso Orders' } })('de');
    const english = inEnglish(german);
    expect([english.identity, english.language]).toEqual([{ name: 'Contoso Orders' }, 'en']);
    expect(english.text('action.sign_out')).toBe('Sign out');
  });
});

describe('refuses', () => {
  const hostile = '<img src=x onerror=alert(1)>{name}"\'&';
  const escaped = '&lt;img src=x onerror=alert(1)&gt;{name}&quot;&#39;&amp;';

  it('markup in a text and in a value', () => {
    const present = createPresent({
      ownCatalogues: new Map([['de', { 'sign_out.text': `<b>{name}</b> ${hostile}` }]]),
    });
    const { html: shown } = present('de').markup('sign_out.text', { name: hostile });
    expect(shown).toBe(`&lt;b&gt;${escaped}&lt;/b&gt; ${escaped.replace('{name}', escaped)}`);
  });

  it('a placeholder in a value: it is shown as it is', () => {
    const { text } = createPresent()('en');
    expect(text('action.back_to', { app: '{app} {name}' })).toBe('Back to {app} {name}');
  });

  it('to escape what is markup already', () => {
    const { markup } = createPresent()('en');
    expect(markup('sign_out.text', { name: html`<bdi>${'A & B'}</bdi>` }).html).toBe(
      'You are signed in as <bdi>A &amp; B</bdi>.',
    );
  });
});
