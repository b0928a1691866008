import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const manifest = fromRoot('test/libraries/manifest');

/** Outside of every folder that the other tests read. */
export const librariesFolder = fromRoot('.build/graph-libraries');

/** Installs the libraries that `npm run test:libraries` needs and nothing else does, unless they are installed. */
function installLibraries(): void {
  const lock = readFileSync(`${manifest}/package-lock.json`, 'utf8');
  const mark = `${librariesFolder}/installed-lock.json`;
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  rmSync(librariesFolder, { recursive: true, force: true });
  mkdirSync(librariesFolder, { recursive: true });
  cpSync(manifest, librariesFolder, { recursive: true });
  execFileSync('npm', ['ci', '--ignore-scripts'], {
    cwd: librariesFolder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  writeFileSync(mark, lock);
}

if (import.meta.main) installLibraries();
