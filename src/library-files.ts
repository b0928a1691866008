import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigError } from './shared/config/config.ts';

/**
 * Checks the folder of libraries at the start. Otherwise a worker could start without a library, and fail at its first sign-in.
 * @throws {ConfigError} if a file of a library is not beside the bundle
 */
export function requireLibraryFiles(): void {
  const files = __LIBRARY_FILES__.split(',').filter((file) => file !== '');
  const [first] = files;
  if (first === undefined) return;
  const folder = dirname(first);
  const present = new Set(namesIn(join(__dirname, folder)).map((name) => `${folder}/${name}`));
  const missing = files.filter((file) => !present.has(file));
  if (missing.length === 0) return;
  throw new ConfigError([
    `${missing.join(', ')}, missing beside main.cjs; deploy the folder ${folder} of the same build.`,
  ]);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
