import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { entraErrorsPage } from '../../scripts/docs/entra-errors.ts';
import { interactionReasons } from '../../src/shared/errors.ts';

const read = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');

describe('docs/reference/entra-errors.md', () => {
  it('equals the output of `npm run docs`', () => {
    expect(read('reference/entra-errors.md')).toBe(entraErrorsPage());
  });
});

describe('docs/problems/interaction_required.md', () => {
  it('has a row for each reason', () => {
    const rows = [...read('problems/interaction_required.md').matchAll(/^\| `(\w+)` \| [A-Z]/gm)];
    expect(
      rows
        .map(([, reason]) => reason)
        .filter((reason) => reason?.includes('_'))
        .toSorted(),
    ).toEqual(expect.arrayContaining([...interactionReasons].toSorted()));
  });
});
