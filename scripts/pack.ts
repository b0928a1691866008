import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPackage, packPackage } from './package/build-package.ts';

/** `npm run pack`: builds the npm package, and packs it into a file that `npm install` accepts. */

const root = fileURLToPath(new URL('..', import.meta.url));
const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const MAX_FILES = 40;
const MAX_UNPACKED_BYTES = 6_000_000;

const folder = fromRoot('.build/package');
await buildPackage(folder);
const { tarball, files, unpackedBytes } = await packPackage(folder, fromRoot('.build'));
for (const { path, size } of files.toSorted((left, right) => right.size - left.size)) {
  console.log(`${`${Math.ceil(size / 1000)} kB`.padStart(8)}  ${path}`);
}
console.log(`${files.length} files, ${Math.round(unpackedBytes / 1000)} kB unpacked`);
console.log(relative(root, tarball));
if (files.length > MAX_FILES || unpackedBytes > MAX_UNPACKED_BYTES) {
  console.error(`A package has at most ${MAX_FILES} files and ${MAX_UNPACKED_BYTES / 1_000_000} MB.`);
  process.exitCode = 1;
}
