import { execFile } from 'node:child_process';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build, type Metafile } from 'esbuild';
import { BUNDLE_LIMIT_BYTES, largestParts } from './bundle-parts.ts';
import { bundlePageAssets } from './page-assets.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The browser client as the text of one ES module, minified unless coverage is measured. */
export async function bundleClient({ measured = false } = {}): Promise<string> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: ['client/client.ts'],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: !measured,
    ...(measured && { sourcemap: 'inline' as const }),
    // Otherwise each field of a class is emitted twice: declared and set.
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
    // `charset: 'ascii'` (the default) keeps the text safe whatever charset a server names.
    legalComments: 'none',
    write: false,
    logLevel: 'silent',
  });
  return result.outputFiles[0]?.text ?? '';
}

export interface BundleOptions {
  readonly entry: string;
  readonly outfile: string;
  /** Keeps every statement separate, for coverage. Default: false. */
  readonly measured?: boolean;
  /** Files whose exports replace globals of the same name, for tests. */
  readonly inject?: readonly string[];
}

/** Bundles one entry into one CommonJS file, with the settings the deployed app is built with. */
export async function bundle({
  entry,
  outfile,
  measured = false,
  inject = [],
}: BundleOptions): Promise<Metafile> {
  const clientSource = await bundleClient({ measured });
  // For tests, and for people who want to look at it.
  await mkdir(fromRoot('.build'), { recursive: true });
  await writeFile(fromRoot('.build/client.js'), clientSource);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    inject: [...inject],
    // CommonJS: an ESM bundle of these libraries stops at "Dynamic require of util is not supported".
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    // ESM builds first: only they can be tree-shaken (630 KB instead of 823 KB).
    mainFields: ['module', 'main'],
    // The Functions worker supplies this module at run time. It is not on npm.
    external: ['@azure/functions-core'],
    // The examples import the package by its name.
    alias: { 'entra-bff': fromRoot('src/index.ts') },
    define: {
      __CLIENT_SOURCE__: JSON.stringify(clientSource),
      __PAGE_ASSETS__: JSON.stringify(await bundlePageAssets()),
    },
    // Less to read and compile at a cold start. Functions keep their names, so that stack traces stay readable.
    minifySyntax: !measured,
    minifyWhitespace: true,
    minifyIdentifiers: !measured,
    keepNames: !measured,
    lineLimit: 200,
    legalComments: 'linked',
    sourcemap: 'external',
    metafile: true,
    logLevel: 'silent',
  });
  return metafile;
}

/** Builds what other Functions apps import: one file, and the declarations of its types. */
async function buildPackage(): Promise<string> {
  const outfile = fromRoot('dist/index.cjs');
  await bundle({ entry: fromRoot('src/index.ts'), outfile });
  const tsc = fromRoot('node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', fromRoot('tsconfig.package.json')]);
  return outfile;
}

const appFile = fromRoot('dist/main.cjs');

/** Builds the app that is deployed and that `npm start` runs. Returns the path of the bundle. */
export async function buildApp(outfile: string = appFile): Promise<string> {
  await bundleApp(outfile);
  return outfile;
}

async function bundleApp(outfile: string): Promise<Metafile> {
  await mkdir(dirname(outfile), { recursive: true });
  return bundle({ entry: fromRoot('src/main.ts'), outfile });
}

if (import.meta.main) {
  const startedAt = performance.now();
  const kilobytes = (bytes: number) => `${Math.round(bytes / 1000)} KB`;
  const metafile = await bundleApp(appFile);
  const { size } = await stat(appFile);
  console.log(`${relative(root, appFile)}: ${kilobytes(size)}, of which`);
  for (const { name, bytes } of largestParts(metafile, 10)) {
    console.log(`${kilobytes(bytes).padStart(8)}  ${name}`);
  }
  const packageFile = await buildPackage();
  console.log(`${relative(root, packageFile)}: ${kilobytes((await stat(packageFile)).size)}`);
  console.log(`${Math.round(performance.now() - startedAt)} ms`);
  if (size > BUNDLE_LIMIT_BYTES) {
    console.error(`${relative(root, appFile)} is over its limit of ${kilobytes(BUNDLE_LIMIT_BYTES)}.`);
    process.exit(1);
  }
}
