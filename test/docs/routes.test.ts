import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { routesPage } from '../../scripts/docs/routes.ts';

describe('docs/reference/routes.md', () => {
  it('equals the output of `npm run docs`', () => {
    const page = readFileSync(new URL('../../docs/reference/routes.md', import.meta.url), 'utf8');
    expect(page).toBe(routesPage());
  });
});
