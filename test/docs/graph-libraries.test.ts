import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cellOf, graphLibrariesPage, tagOf } from '../../scripts/docs/graph-libraries.ts';
import { features, libraries } from '../libraries/declarations.ts';
import { components } from '../libraries/toolkit-declarations.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/reference/graph-libraries.md');

/** The cells of each row of the page's tables. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.slice(2, -2).split(' | '));

describe('docs/reference/graph-libraries.md', () => {
  it('equals what the run of the libraries proves (npm run docs)', () => {
    expect(page).toBe(graphLibrariesPage());
  });

  it('has a column for each library and a cell for each of its features', () => {
    for (const [index, { name, guide, outcomes }] of libraries.entries()) {
      expect(rows[0]?.[index + 1]).toBe(`[${name}](../guides/libraries/${guide})`);
      for (const [feature, outcome] of Object.entries(outcomes)) {
        const row = rows.find(([first]) => first === features[feature as keyof typeof features]);
        expect(row?.[index + 1]).toBe(cellOf(outcome));
      }
    }
  });

  it('has a row for each component of the Graph Toolkit', () => {
    for (const { name, html, shows, outcome } of components) {
      expect(html).toContain(`<${name}`);
      expect(rows).toContainEqual([tagOf(html), shows, cellOf(outcome)]);
    }
  });
});

describe('docs/guides/libraries', () => {
  it('has a guide for each library, with its version and its example', () => {
    for (const { guide, package: name, page: module } of libraries) {
      const text = read(`docs/guides/libraries/${guide}`);
      expect(text).toContain(`\`${name}\``);
      expect(text).toContain(`<!-- examples/graph-libraries/${module} -->`);
      expect(read('docs/guides/libraries/README.md')).toContain(`](${guide})`);
    }
  });
});
