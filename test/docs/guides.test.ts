import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** A block of code below a comment that names its file: `<!-- examples/own-function/main.ts -->`. */
const includedBlock = /<!-- (examples\/\S+) -->\n\n```ts\n(.*?)```/gs;

describe.each([
  ['docs/guides/own-functions.md', ['examples/own-function/who-am-i.ts', 'examples/own-function/main.ts']],
  ['docs/guards.md', ['examples/guarded-function/payroll.ts']],
])('%s', (guide, examples) => {
  const blocks = [...read(guide).matchAll(includedBlock)];

  it('shows its examples', () => {
    expect(blocks.map(([, path]) => path)).toEqual(examples);
  });

  it('shows them exactly as in the repository', () => {
    for (const [, path = '', code] of blocks) expect(code, path).toBe(read(path));
  });
});
