import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { refusingRules } from '../../src/shared/errors.ts';
import { auditPseudonym, hashUser } from '../../src/shared/session/user-hash.ts';
import { auditEvents } from '../../src/shared/telemetry/audit.ts';

const page = readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8');

/** Returns the cells of the table with this first heading. */
function rowsOf(heading: string): string[][] {
  const [, table = ''] =
    new RegExp(`^\\| ${heading} \\|.*\\n\\|[-|]+\\n((?:\\|.*\\n)+)`, 'm').exec(page) ?? [];
  return table
    .trim()
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const namesIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

describe('docs/audit.md', () => {
  it('lists exactly the events, each with its level and its fields, optional ones in brackets', {
    tags: ['ER-3'],
  }, () => {
    const documented = rowsOf('event').map(([event = '', , level, fields]) => [
      namesIn(event)[0],
      level,
      fields,
    ]);
    expect(documented).toEqual(
      Object.entries(auditEvents).map(([event, { level, fields }]) => [
        event,
        level,
        Object.entries(fields)
          .map(([name, form]) => ('optional' in form ? `(\`${name}\`)` : `\`${name}\``))
          .join(', '),
      ]),
    );
  });

  it('describes exactly the fields', () => {
    const described = rowsOf('field').flatMap(([field = '']) => namesIn(field));
    const fields = Object.values(auditEvents).flatMap((event) => Object.keys(event.fields));
    expect(described.sort()).toEqual([...new Set(['invocation_id', 'user', ...fields])].sort());
  });

  it('names every rule of a refusal', () => {
    const [, cell = ''] = rowsOf('field').find(([field]) => field === '`rules`') ?? [];
    expect(namesIn(cell)).toEqual([...refusingRules]);
  });

  it('contains a program that computes a user’s pseudonym', () => {
    const [, program = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
    const key = randomBytes(32);
    const user = {
      tenantId: '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01',
      objectId: 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01',
    };
    const printed = execFileSync(process.execPath, ['-e', program, user.tenantId, user.objectId], {
      env: { SESSION_INDEX_KEY: key.toString('base64url') },
      encoding: 'utf8',
    });
    expect(printed.trim()).toBe(auditPseudonym({ userHash: hashUser(key, user) }));
  });
});
