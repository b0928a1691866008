import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
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
    // `charset: 'ascii'` (the default) keeps the text correct for any charset that a server declares.
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

/** Bundles one entry into one CommonJS file, with the options of the deployed app. */
export async function bundle({
  entry,
  outfile,
  measured = false,
  inject = [],
}: BundleOptions): Promise<Metafile> {
  const clientSource = await bundleClient({ measured });
  // For tests, and to look at.
  await mkdir(fromRoot('.build'), { recursive: true });
  await writeFile(fromRoot('.build/client.js'), clientSource);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    inject: [...inject],
    // An ESM bundle of these libraries fails with "Dynamic require of util is not supported".
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    // Only ES modules can be tree-shaken (630 KB instead of 823 KB).
    mainFields: ['module', 'main'],
    // The Functions worker supplies this module at run time. It is not on npm.
    external: ['@azure/functions-core'],
    // The examples import the package by its name.
    alias: { 'entra-bff': fromRoot('src/index.ts') },
    define: {
      __CLIENT_SOURCE__: JSON.stringify(clientSource),
      __PAGE_ASSETS__: JSON.stringify(await bundlePageAssets({ measured })),
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

/** The bundle that is deployed and that `npm start` runs. */
export const appFile = fromRoot('dist/main.cjs');

export async function bundleApp(outfile: string): Promise<Metafile> {
  await mkdir(dirname(outfile), { recursive: true });
  return bundle({ entry: fromRoot('src/main.ts'), outfile });
}

/** Builds the app. @returns the path of the bundle */
export async function buildApp(outfile: string = appFile): Promise<string> {
  await bundleApp(outfile);
  return outfile;
}
