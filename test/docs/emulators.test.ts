import { globSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exists, readText, root } from '../support/documents.ts';

const document = readText('docs/guides/emulators.md');
const [, cases = ''] = /^## Cases\n\n([\s\S]*?)\n\n/m.exec(document) ?? [];
const rows = cases.split('\n').slice(2);

const sourceOf = (emulator: string) =>
  globSync(`packages/${emulator}/src/*.ts`, { cwd: root }).map(readText).join('\n');

describe('docs/guides/emulators.md', () => {
  it.each([
    ['entra-emulator', 2],
    ['graph-emulator', 3],
  ])('names only switches, functions and error numbers that %s has', (emulator, column) => {
    const cells = rows.map((row) => row.split(/ *\| */)[column] ?? '').join('\n');
    const code = [...cells.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
    const identifiers = code.flatMap((text) => text.match(/\b[a-z]+(?:[A-Z][a-z]+)+\b/g) ?? []);
    const numbers = cells.match(/\b\d{5,6}\b/g) ?? [];
    const source = sourceOf(emulator);
    const isKnown = (name: string) => new RegExp(`(?:\\b|AADSTS)${name}\\b`).test(source);
    expect(identifiers.length).toBeGreaterThan(5);
    expect([...identifiers, ...numbers].filter((name) => !isKnown(name))).toEqual([]);
  });

  it('names the file of the invented users', () => {
    const [, path = ''] = /invented users are in `([^`]+)`/.exec(document) ?? [];
    expect(exists(path)).toBe(true);
    expect(readText(path)).toContain('"isTenantAdministrator": true');
  });
});
