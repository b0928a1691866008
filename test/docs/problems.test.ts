import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { problems } from '../../src/shared/errors.ts';

const docs = new URL('../../docs/', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, docs), 'utf8');
const codes = Object.entries(problems);

describe('docs/problems.md', () => {
  it('lists exactly the codes, each with its status and title', () => {
    const rows = [...read('problems.md').matchAll(/^\| \[`(\w+)`\]\((\S+)\) \| (\d+) \| ([^|]+) \|/gm)];
    expect(rows.map(([, code, link, status, title]) => [code, link, Number(status), title])).toEqual(
      codes.map(([code, { status, title }]) => [code, `problems/${code}.md`, status, title]),
    );
  });
});

describe('docs/problems/', () => {
  it('has exactly one page for each code', () => {
    expect(readdirSync(new URL('problems/', docs)).sort()).toEqual(
      codes.map(([code]) => `${code}.md`).sort(),
    );
  });

  it.each(codes)(
    '%s: the page has the status, the title and a document as the service sends it',
    (code, problem) => {
      const page = read(`problems/${code}.md`);
      expect(page).toMatch(`# ${code}\n\n**${problem.status} ${problem.title}**\n`);
      const example: unknown = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
      expect(example).toMatchObject({ type: `urn:entra-bff:problem:${code}`, code, ...problem });
    },
  );
});
