import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, inject, it } from 'vitest';
import { showsSubjects } from '../../examples/testing/component.ts';
import { root } from '../support/documents.ts';

/** A folder like that of an app, with its built functions and `npm install ../entra-bff`. */
function appFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tested-app-'));
  symlinkSync(dirname(inject('appBundle')), join(folder, 'dist'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/entra-bff'));
  for (const [from, to] of [
    ['examples/testing/directory.json', 'directory.json'],
    ['examples/testing/without-browser.test.ts', 'without-browser.test.ts'],
    ['host.json', 'host.json'],
  ] as const)
    copyFileSync(resolve(root, from), join(folder, to));
  return folder;
}

describe('examples/testing', () => {
  it('without-browser.test.ts passes in the folder of an app', async () => {
    // Without a file, Node.js searches all folders, and would follow the link to this repository.
    const file = 'without-browser.test.ts';
    const { stdout } = await promisify(execFile)(process.execPath, ['--test', file], { cwd: appFolder() });
    expect(stdout).toMatch(/users read their own mail[\s\S]*users learn when to try again/);
    expect(stdout).toMatch(/pass 2\b[\s\S]*fail 0\b/);
  });

  it('component.ts tests a component without a server', async () => {
    let texts: readonly string[] = [];
    await showsSubjects((client) => ({
      get texts() {
        return texts;
      },
      async refresh() {
        const response = await client.graph('/me/messages?$select=subject');
        const { value }: { value: readonly { subject: string }[] } = await response.json();
        texts = value.map(({ subject }) => subject);
      },
    }));
    expect(texts).toHaveLength(1);
  });
});
