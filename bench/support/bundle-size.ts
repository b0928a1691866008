import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface BundleSize {
  /** The file that is loaded at start. */
  readonly mainBytes: number;
  /** All files with code, including those that are loaded only when they are needed. */
  readonly allBytes: number;
}

/** @param mainFile in a folder that contains only the bundle's files */
export async function measureBundle(mainFile: string): Promise<BundleSize> {
  const folder = dirname(mainFile);
  const names = await readdir(folder, { recursive: true });
  const sizes = names.filter((name) => /\.[cm]?js$/.test(name)).map((name) => stat(join(folder, name)));
  const allBytes = (await Promise.all(sizes)).reduce((total, { size }) => total + size, 0);
  return { mainBytes: (await stat(mainFile)).size, allBytes };
}
