import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { taggedTestsIn } from '../../scripts/docs/tagged-tests.ts';

const testsIn = (source: string) =>
  taggedTestsIn({ path: 'a.test.ts', parsed: parseSync('a.test.ts', source) }).map(({ titles, tags }) => [
    titles.join(' › '),
    ...tags,
  ]);

describe('tests with requirement numbers', () => {
  it('are found with the titles and tags of their suites', () => {
    const source = `
      describe('a cookie', { tags: ['SC-1'] }, () => {
        it('is sealed', { tags: ['SC-6', 'SC-5'] }, () => {});
        describe('refuses', () => it('a changed value', async () => {}));
      });
      it('has no number', () => {});`;
    expect(testsIn(source)).toEqual([
      ['a cookie › is sealed', 'SC-1', 'SC-6', 'SC-5'],
      ['a cookie › refuses › a changed value', 'SC-1'],
    ]);
  });

  it('are found in tables, with "…" for the parts that differ', () => {
    const source = `
      it.each(rows)('refuses %s for $user.name', { tags: ['ID-1'] }, () => {});
      it.runIf(isWholeRun)(\`refuses \${what}\`, { tags: ['ID-2'] }, () => {});
      const cases = [{ title: 'no tenant', tags: ['ID-7'], arrange() {} }, { title: 'another' }];
      for (const { title, tags } of cases) it(title, { tags: [...tags] }, () => {});`;
    expect(testsIn(source)).toEqual([
      ['refuses … for …', 'ID-1'],
      ['refuses …', 'ID-2'],
      ['no tenant', 'ID-7'],
    ]);
  });
});
