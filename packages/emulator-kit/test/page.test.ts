import { describe, expect, it } from 'vitest';
import { html, initialsOf, pageReply } from '../src/index.ts';

describe('html', () => {
  it('escapes every value except markup that it created', () => {
    const name = `<b title="x">'&`;
    const items = ['a', '<'].map((text) => html`<li>${text}</li>`);
    expect(html`<p>${name}</p>${items}${undefined}${false}${1}`.markup).toBe(
      '<p>&lt;b title=&quot;x&quot;&gt;&#39;&amp;</p><li>a</li><li>&lt;</li>1',
    );
  });
});

describe('pageReply', () => {
  const policyOf = (page: Partial<Parameters<typeof pageReply>[0]>) =>
    String(
      pageReply({ title: 'Title', content: html`<h1>Title</h1>`, ...page }).headers?.[
        'content-security-policy'
      ],
    );

  it('allows no script and no frame by default', () => {
    expect(policyOf({})).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'/);
    expect(policyOf({})).not.toMatch(/script-src|frame-src/);
  });

  it('allows the script of the page and the given frames only', () => {
    expect(policyOf({ script: 'document.forms[0].submit()' })).toMatch(/script-src 'sha256-[^']+'$/);
    expect(policyOf({ frameOrigins: ['http://localhost:7071'] })).toMatch(
      /frame-src http:\/\/localhost:7071$/,
    );
  });

  it('escapes the title', () => {
    expect(pageReply({ title: '<x>', content: html`` }).body).toContain(
      '<title>&lt;x&gt; - Sign-in emulator</title>',
    );
  });
});

describe('initialsOf', () => {
  it.each([
    ['Alice Adams', 'AA'],
    ['ben', 'B'],
    ['Ana de la Cruz', 'AD'],
    ['', ''],
  ])('returns for "%s": "%s"', (name, initials) => {
    expect(initialsOf(name)).toBe(initials);
  });
});
