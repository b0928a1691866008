import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Installs what one run of tests needs and nothing else does, unless it is installed.
 * @param manifest the folder with a manifest and its lock file
 */
export function installManifest(manifest: string, folder: string): void {
  const lock = readFileSync(`${manifest}/package-lock.json`, 'utf8');
  const mark = `${folder}/installed-lock.json`;
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(manifest, folder, { recursive: true });
  execFileSync('npm', ['ci', '--ignore-scripts'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  writeFileSync(mark, lock);
}
