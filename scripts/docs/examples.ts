import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The documents that show code or commands to their readers. A new guide or example belongs to them at once. */
export const guides: readonly string[] = [
  'README.md',
  'docs/configuration.md',
  'docs/graph-proxy.md',
  'docs/guards.md',
  'docs/interaction.md',
  'docs/policy.md',
  'docs/reference/policy-format.md',
  ...globSync(['docs/guides/**/*.md', 'examples/*/README.md'], { cwd: root }).toSorted(),
];

/** A fenced block below a comment that names its source: `<!-- examples/page/main.js#page -->`. */
const includedBlock = /^(?<indent> *)<!-- (?<example>examples\/\S+) -->\n\n(?<open> *```\w+)\n.*?^ *```$/gms;

/** The text of an example: a file, or the lines between `// #region name` and `// #endregion` of a file. */
export function readExample(example: string): string {
  const [path = '', region] = example.split('#');
  const file = readFileSync(root + path, 'utf8');
  if (region === undefined) return file;
  const lines = file.split('\n');
  const start = lines.findIndex((line) => line.trim() === `// #region ${region}`);
  const end = lines.findIndex((line, at) => at > start && line.trim() === '// #endregion');
  if (start < 0 || end < 0) throw new Error(`${path} has no region ${region}`);
  const shown = lines.slice(start + 1, end);
  const width = Math.min(...shown.filter((line) => line !== '').map((line) => line.search(/\S/)));
  return `${shown.map((line) => line.slice(width)).join('\n')}\n`;
}

/** The page with every included block written anew from its example. */
export function withExamples(page: string): string {
  return page.replace(includedBlock, (...match) => {
    const { indent, example, open } = match.at(-1) as Record<'indent' | 'example' | 'open', string>;
    const text = readExample(example).replace(/^(?=.)/gm, indent);
    return `${indent}<!-- ${example} -->\n\n${open}\n${text}${indent}\`\`\``;
  });
}
