import { execFile } from 'node:child_process';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
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
    // Without it each field of a class stands there twice: declared, and set.
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
}

/** Bundles one entry into one CommonJS file, with the settings the deployed app is built with. */
export async function bundle({ entry, outfile, measured = false }: BundleOptions): Promise<void> {
  const clientSource = await bundleClient({ measured });
  // To look at, and for tests.
  await mkdir(fromRoot('.build'), { recursive: true });
  await writeFile(fromRoot('.build/client.js'), clientSource);
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    // CommonJS: an ESM bundle of these libraries stops at "Dynamic require of util is not supported".
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    // ESM builds first: only they can be tree-shaken (630 KB instead of 823 KB).
    mainFields: ['module', 'main'],
    // The Functions worker supplies this module at run time; it is in no registry.
    external: ['@azure/functions-core'],
    // The examples import the package by its name.
    alias: { 'entra-bff': fromRoot('src/index.ts') },
    define: {
      __CLIENT_SOURCE__: JSON.stringify(clientSource),
      __PAGE_ASSETS__: JSON.stringify(await bundlePageAssets()),
    },
    // Shorter to parse at a cold start; names stay, so that a stack trace can be read.
    minifySyntax: !measured,
    minifyWhitespace: true,
    lineLimit: 200,
    legalComments: 'linked',
    sourcemap: 'external',
    logLevel: 'silent',
  });
}

/** Builds what other Functions apps import: one file, and the declarations of its types. */
async function buildPackage(): Promise<string> {
  const outfile = fromRoot('dist/index.cjs');
  await bundle({ entry: fromRoot('src/index.ts'), outfile });
  const tsc = fromRoot('node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', fromRoot('tsconfig.package.json')]);
  return outfile;
}

/** Builds the app that is deployed and that `npm start` runs; gives the path of the bundle. */
export async function buildApp(outfile: string = fromRoot('dist/main.cjs')): Promise<string> {
  await mkdir(dirname(outfile), { recursive: true });
  await bundle({ entry: fromRoot('src/main.ts'), outfile });
  return outfile;
}

if (import.meta.main) {
  const startedAt = performance.now();
  for (const outfile of [await buildApp(), await buildPackage()]) {
    const { size } = await stat(outfile);
    console.log(`${relative(root, outfile)}: ${Math.round(size / 1024)} KB`);
  }
  console.log(`${Math.round(performance.now() - startedAt)} ms`);
}
