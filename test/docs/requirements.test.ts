import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { requirementsPage } from '../../scripts/docs/requirements.ts';
import { collectTaggedTests } from '../../scripts/docs/tagged-tests.ts';
import { requirements } from '../requirements.ts';

const tests = collectTaggedTests();
const provenNumbers = new Set(tests.flatMap(({ tags }) => tags));

describe('the security requirements', () => {
  it('are each proved by a test', () => {
    expect([...requirements.keys()].filter((number) => !provenNumbers.has(number))).toEqual([]);
  });

  it('have a sentence for each number that a test carries', () => {
    expect([...provenNumbers].filter((number) => !requirements.has(number))).toEqual([]);
  });

  it('are listed in docs/requirements.md, which equals the output of `npm run docs`', () => {
    const page = readFileSync(new URL('../../docs/requirements.md', import.meta.url), 'utf8');
    expect(page).toBe(requirementsPage(tests));
  });
});
