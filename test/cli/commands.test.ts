import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commands } from '../../cli/commands.ts';
import { appFolder } from './app-folder.ts';

const names = Object.keys(commands);

describe('entra-bff', () => {
  it.each([[[]], [['--help']], [['-h']], [['help']]])('lists every command for %j', async (args) => {
    const { exitCode, output = '' } = await appFolder().run(args);
    expect(exitCode).toBe(0);
    for (const [name, { summary }] of Object.entries(commands)) {
      expect(output).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
    }
  });

  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(await appFolder().run(['--version'])).toEqual({ exitCode: 0, output: version });
  });

  it.each(names)('explains %s', async (name) => {
    const { exitCode, output } = await appFolder().run([name, '--help']);
    expect(exitCode).toBe(0);
    expect(output).toContain(`npx entra-bff ${name}`);
  });
});

describe('refuses, with exit code 2,', () => {
  it.each(['deploy', 'toString', '--json', ''])(
    'the unknown command "%s", and lists those that exist',
    async (name) => {
      const { exitCode, output, error } = await appFolder().run([name]);
      expect([exitCode, output]).toEqual([2, undefined]);
      expect(error).toContain(`There is no command "${name}".`);
      for (const known of names) expect(error).toContain(`  ${known} `);
    },
  );

  it.each(['doctor', 'keys', 'info'])(
    'an unknown option or a further word of %s, and explains the command',
    async (name) => {
      for (const argument of ['--verbose', 'word', '--json=yes']) {
        const { exitCode, output, error } = await appFolder().run([name, argument]);
        expect([exitCode, output]).toEqual([2, undefined]);
        expect(error).toContain(`Use: npx entra-bff ${name}`);
      }
    },
  );
});
