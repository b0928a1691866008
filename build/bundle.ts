import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { deferred } from './deferred.ts';
import { evaluated } from './evaluated.ts';
import { type BuiltLibraries, bundleLibraries, librariesApart, libraryFile } from './libraries.ts';
import { deployed, published } from './options.ts';
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
  /** For the npm package: without a source map, and with an app's own `@azure/functions`. Default: false. */
  readonly isPublished?: boolean;
}

/**
 * Bundles one entry into one CommonJS file, with the options of the deployed app.
 * @param libraryFiles if given, some libraries are in these files beside the bundle instead of in it
 */
export async function bundle(
  { entry, outfile, measured = false, inject = [], isPublished = false }: BundleOptions,
  libraryFiles?: readonly string[],
): Promise<Metafile> {
  const clientSource = await bundleClient({ measured });
  // For tests and for inspection.
  await mkdir(fromRoot('.build'), { recursive: true });
  await writeFile(fromRoot('.build/client.js'), clientSource);
  const { metafile } = await build({
    ...(isPublished ? published : deployed),
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    inject: [...inject],
    // An ESM bundle of these libraries fails with "Dynamic require of util is not supported".
    format: 'cjs',
    plugins: [
      evaluated(/[\\/]src[\\/]shared[\\/]config[\\/]shipped-policies\.ts$/),
      ...(libraryFiles === undefined
        ? [deferred(() => undefined)]
        : [deferred((name) => libraryFile(name)), librariesApart]),
    ],
    // The examples import the package by its name.
    alias: { 'entra-bff': fromRoot('src/index.ts') },
    define: {
      __CLIENT_SOURCE__: JSON.stringify(clientSource),
      __LIBRARY_FILES__: JSON.stringify((libraryFiles ?? []).join()),
      // Each text by its own name, because esbuild puts an object into every file of the bundle.
      ...Object.fromEntries(
        Object.entries(await bundlePageAssets({ measured })).map(([name, text]) => [
          `__PAGE_ASSETS__.${name}`,
          JSON.stringify(text),
        ]),
      ),
    },
    minifySyntax: !measured,
    sourcemap: isPublished ? false : 'external',
  });
  return metafile;
}

/** The bundle that is deployed and that `npm start` runs. */
export const appFile = fromRoot('dist/main.cjs');

export interface BuiltApp {
  readonly metafile: Metafile;
  readonly libraries: BuiltLibraries;
}

/** Builds the app as it is deployed: a bundle, and a folder of libraries beside it. */
export async function bundleApp(outfile: string): Promise<BuiltApp> {
  const libraries = await bundleLibraries(dirname(outfile));
  const metafile = await bundle({ entry: fromRoot('src/main.ts'), outfile }, libraries.files);
  return { metafile, libraries };
}

/** Builds the app. @returns the path of the bundle */
export async function buildApp(outfile: string = appFile): Promise<string> {
  await bundleApp(outfile);
  return outfile;
}

/**
 * Builds what the npm package runs in a Functions app: `index.cjs`, and the folder of libraries beside it. An app may bundle
 * them into one file, so nothing checks whether the folder is there.
 */
export async function bundlePackage(folder: string): Promise<readonly Metafile[]> {
  const outfile = join(folder, 'index.cjs');
  const libraries = await bundleLibraries(folder, published);
  const metafile = await bundle({ entry: fromRoot('src/index.ts'), outfile, isPublished: true }, []);
  return [metafile, libraries.metafile];
}
