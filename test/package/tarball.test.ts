import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageToolsFolder } from '../../scripts/install-package-tools.ts';
import { installInto, packedPackage, removeFolder, root, runProgram, say } from './installation.ts';

let packed: string;
let app: string;

beforeAll(async () => {
  packed = await packedPackage();
  app = await installInto('functions-app', ['@azure/functions@4.16.5']);
}, 180_000);
afterAll(() => removeFolder(app));

const tool = (name: string, ...args: string[]) => {
  say(`${name} ${args.join(' ')}`);
  const program = join(packageToolsFolder, 'node_modules/.bin', name);
  return runProgram([process.execPath, program, ...args], { cwd: root });
};

describe('the packed package', () => {
  it('has at most 40 files, and no source map, test or TypeScript source', async () => {
    const { out } = await runProgram(['tar', '-tzf', packed], { cwd: root });
    const paths = out
      .trim()
      .split('\n')
      .map((path) => path.replace(/^package\//, ''));
    expect(paths.length).toBeLessThanOrEqual(40);
    expect(paths.filter((path) => /\.map$|\btest\b|(?<!\.d)\.[cm]?tsx?$/.test(path))).toEqual([]);
    expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'bin/entra-bff.mjs']));
  });

  it('has nothing to report for publint', async () => {
    const { exitCode, out } = await tool('publint', 'run', packed, '--strict');
    expect([exitCode, out.trim().split('\n').at(-1)]).toEqual([0, 'All good!']);
  });

  it('has nothing to report for attw', async () => {
    // The rule is from a time when Node.js could not `require` an ES module. Every version that the package accepts can, and
    // client.test.ts does so.
    const rules = ['--ignore-rules', 'cjs-resolves-to-esm'];
    const { exitCode, out } = await tool('attw', packed, ...rules, '--no-emoji', '--no-color');
    expect(out).toContain('No problems found');
    expect(exitCode).toBe(0);
  });

  it('installs nothing but itself and the library of Microsoft that an app shares with it', async () => {
    const folders = await readdir(join(app, 'node_modules'));
    expect(folders.filter((name) => !name.startsWith('.')).sort()).toEqual(['@azure', 'cookie', 'entra-bff']);
    expect(await readdir(join(app, 'node_modules/.bin'))).toEqual(['entra-bff']);
  });
});
