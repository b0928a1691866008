import { requirementGroups } from '../../test/requirements.ts';
import { collectTaggedTests, type TaggedTest } from './tagged-tests.ts';

/** The page that lists each security requirement with the tests that prove it. */
export function requirementsPage(tests: readonly TaggedTest[] = collectTaggedTests()): string {
  return `${[intro, ...requirementGroups.map((group) => sectionOf(group, tests))].join('\n\n')}\n`;
}

const intro = `# Security requirements

Each requirement has a number, one sentence, and the tests that prove it. Tests carry the numbers as tags, so
\`npx vitest run --tags-filter=CB-2\` runs the tests of one requirement. \`npm run docs\` writes this page from
[test/requirements.ts](../test/requirements.ts) and the tests. In a title, "…" stands for the cases of a table.`;

function sectionOf(
  { title, requirements }: (typeof requirementGroups)[number],
  tests: readonly TaggedTest[],
): string {
  const entries = Object.entries(requirements).map(([number, sentence]) =>
    [`### ${number}`, sentence, testList(tests.filter(({ tags }) => tags.includes(number)))].join('\n\n'),
  );
  return [`## ${title}`, ...entries].join('\n\n');
}

function testList(tests: readonly TaggedTest[]): string {
  const files = Map.groupBy(tests, ({ file }) => file);
  return [...files]
    .map(([file, ofFile]) => {
      const titles = [...new Set(ofFile.map(({ titles }) => titles.join(' › ')))];
      return [`- [${file}](../${file})`, ...titles.map((title) => `  - ${escaped(title)}`)].join('\n');
    })
    .join('\n');
}

/** Titles are plain text: nothing in them is markup. */
const escaped = (title: string) => title.replace(/[\\`*_<>[\]|]/g, '\\$&');
