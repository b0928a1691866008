import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const folder = new URL('../../docs/decisions/', import.meta.url);
const files = readdirSync(folder).sort();

describe('the decision records', () => {
  it('are numbered from 1 without gaps or repeated numbers', () => {
    expect(files.map((file) => Number(file.slice(0, 4)))).toEqual(files.map((_file, index) => index + 1));
  });

  it.each(files)('%s has its number in its title', (file) => {
    const title = readFileSync(new URL(file, folder), 'utf8').split('\n', 1)[0];
    expect(title).toMatch(new RegExp(`^# ${Number(file.slice(0, 4))}\\. `));
  });
});
