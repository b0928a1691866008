import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/shared/config/config.ts';
import { usableSettings } from '../support/usable-settings.ts';
import { appFolder } from './app-folder.ts';

async function made(...args: string[]): Promise<Readonly<Record<string, string>>> {
  const { exitCode, output = '' } = await appFolder().run(['keys', ...args]);
  expect(exitCode).toBe(0);
  return args.includes('--json')
    ? JSON.parse(output)
    : Object.fromEntries(output.split('\n').map((line) => line.split('=')));
}

describe('keys', () => {
  it.each([[[]], [['--json']]])('makes keys with which the service starts (%j)', async (args) => {
    const keys = await made(...args);
    expect(Object.keys(keys)).toEqual(['SESSION_KEYS', 'SESSION_INDEX_KEY']);
    const { session } = parseConfig({ ...usableSettings, ...keys });
    expect(session.indexKey).toHaveLength(32);
  });

  it('makes new keys each time', async () => {
    const [one, other] = [await made(), await made()];
    const all = [one, other].flatMap((keys) => [keys['SESSION_KEYS']?.slice(2), keys['SESSION_INDEX_KEY']]);
    expect(new Set(all).size).toBe(4);
  });

  it('makes a further session key, to add to those that exist', async () => {
    const keys = await made('--number=2');
    expect(Object.keys(keys)).toEqual(['SESSION_KEYS']);
    expect(keys['SESSION_KEYS']).toMatch(/^2:[\w-]{43}$/);
    const SESSION_KEYS = `${usableSettings.SESSION_KEYS},${keys['SESSION_KEYS']}`;
    expect(() => parseConfig({ ...usableSettings, SESSION_KEYS })).not.toThrow();
  });

  it.each(['0', '-1', '1.5', '01', '1000000000', 'two', ''])('refuses the number "%s"', async (number) => {
    expect(await appFolder().run(['keys', `--number=${number}`])).toMatchObject({
      exitCode: 2,
      error: '--number is a whole number from 1 to 999999999.',
    });
  });
});
