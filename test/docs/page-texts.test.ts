import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pageTextsPage } from '../../scripts/docs/page-texts.ts';

describe('docs/reference/page-texts.md', () => {
  it('equals the output of `npm run docs`', () => {
    const page = readFileSync(new URL('../../docs/reference/page-texts.md', import.meta.url), 'utf8');
    expect(page).toBe(pageTextsPage());
  });
});
