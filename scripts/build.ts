import { stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { appFile, bundleApp } from '../build/bundle.ts';
import { BUNDLE_LIMIT_BYTES, largestParts } from '../build/bundle-parts.ts';

/** `npm run build`: builds the app that is deployed, and prints what takes the most bytes. */

const root = fileURLToPath(new URL('..', import.meta.url));

const startedAt = performance.now();
const kilobytes = (bytes: number) => `${Math.round(bytes / 1000)} KB`;
const { metafile, libraries } = await bundleApp(appFile);
const { size } = await stat(appFile);
console.log(`${relative(root, appFile)}: ${kilobytes(size)}, of which`);
for (const { name, bytes } of largestParts(metafile, 10)) {
  console.log(`${kilobytes(bytes).padStart(8)}  ${name}`);
}
const librariesFolder = relative(root, join(dirname(appFile), dirname(libraries.files[0] ?? '')));
console.log(`${librariesFolder}, loaded when first needed: ${kilobytes(libraries.bytes)}, of which`);
for (const { name, bytes } of largestParts(libraries.metafile, 5)) {
  console.log(`${kilobytes(bytes).padStart(8)}  ${name}`);
}
console.log(`${Math.round(performance.now() - startedAt)} ms`);
if (size > BUNDLE_LIMIT_BYTES) {
  console.error(`${relative(root, appFile)} is over its limit of ${kilobytes(BUNDLE_LIMIT_BYTES)}.`);
  process.exit(1);
}
