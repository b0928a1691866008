import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { appFolder } from './app-folder.ts';

/** Runs the commands in a process, in an empty folder. */
function start(...args: string[]) {
  const main = new URL('../../cli/main.ts', import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: appFolder().folder,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('the process of a command', () => {
  it('prints results to standard output, and ends with 0', () => {
    expect(start('keys', '--number=3')).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^SESSION_KEYS=3:[\w-]{43}\n$/),
      stderr: '',
    });
  });

  it('prints what is wrong to standard error, and ends with 1 or 2', () => {
    const wrong = start('doctor');
    expect(wrong).toMatchObject({ status: 1, stdout: '' });
    expect(wrong.stderr).toContain('PUBLIC_BASE_URL is missing');
    expect(start('nothing')).toMatchObject({ status: 2, stdout: '' });
  });
});
