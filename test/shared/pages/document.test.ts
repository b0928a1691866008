import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDocument } from '../../../src/shared/pages/document.ts';
import { html } from '../../../src/shared/pages/html.ts';
import { type Identity, isAppName } from '../../../src/shared/pages/identity.ts';
import { backLabel, createPresent, openLabel } from '../../../src/shared/pages/presentation.ts';

// put in by the bundler
beforeAll(() => vi.stubGlobal('__PAGE_ASSETS__', { commonStyle: 'p{margin:0}' }));
afterAll(() => vi.unstubAllGlobals());

const presentationOf = (identity: Identity) => createPresent({ identity })('en');
const documentOf = (identity: Identity) =>
  createDocument(presentationOf(identity), { title: 'A title', content: html`<h1>A title</h1>` });

describe('a page', () => {
  it('has the name and the logo of the app above its text, and the name in its title', () => {
    const page = documentOf({ name: 'Contoso Orders', logo: 'data:image/png;base64,AAAA' });
    expect(page.html).toContain('<title>A title · Contoso Orders</title>');
    expect(page.html).toContain(
      '<main class="centered">\n<p class="app"><img src="data:image/png;base64,AAAA" alt=""><bdi>Contoso Orders</bdi></p>\n<h1>A title</h1>',
    );
  });

  it('has the accent of the app in its style, which the response allows by its hash, and in its icon', () => {
    const page = documentOf({ accent: { light: '#067a46', dark: '#3ddc97' } });
    expect(page.style).toBe(
      'p{margin:0}:root{--accent:#067a46}@media (prefers-color-scheme:dark){:root{--accent:#3ddc97}}',
    );
    expect(page.html).toContain(`<style>${page.style}</style>`);
    expect(page.html).toMatch(/rel="icon" href="data:image\/svg\+xml,[^"]*fill%3D%22%23067a46%22/);
  });

  it('of an app without identity names no app', () => {
    const { html: text, style } = documentOf({});
    expect(text).toContain('<title>A title</title>');
    expect(text).toContain('<main class="centered">\n<h1>A title</h1>');
    expect(style).toBe('p{margin:0}');
  });

  it('leads back to the app by its name', () => {
    const named = presentationOf({ name: 'Contoso Orders' });
    expect([backLabel(named), openLabel(named)]).toEqual(['Back to Contoso Orders', 'Open Contoso Orders']);
    expect([backLabel(presentationOf({})), openLabel(presentationOf({}))]).toEqual([
      'Back to the app',
      'Open the app',
    ]);
  });
});

describe('the name of an app', () => {
  it.each([
    'A',
    'Contoso Orders',
    'Bestellungen & Mehr',
    '注文管理',
    'طلبات',
    '👩‍👩‍👧 Family',
    '<b>',
    '{app}',
    'x'.repeat(60),
  ])('can be any text in one line: %s', (name) => {
    expect(isAppName(name)).toBe(true);
  });
});

describe('refuses', () => {
  it.each([
    ['no character', ''],
    ['61 characters', 'x'.repeat(61)],
    ['a space at an end', 'Contoso '],
    ['a line end', 'Contoso\nOrders'],
    ['a tab', 'Contoso\tOrders'],
    ['a null character', 'Contoso\u0000'],
    ['an escape sequence', '\u001b[31mContoso'],
    ['a line separator', 'Contoso\u2028Orders'],
    ['a change of direction', 'Contoso\u202esredrO'],
    ['an isolate', '\u2067Contoso'],
  ])('%s as the name of an app', (_what, name) => {
    expect(isAppName(name)).toBe(false);
  });

  it('markup in a name', () => {
    const { html: text } = documentOf({ name: '</title><script>alert(1)</script>"\'' });
    expect(text).not.toContain('<script');
    expect(text.match(/&lt;\/title&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;&quot;&#39;/g)).toHaveLength(2);
  });
});
