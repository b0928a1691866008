import { Buffer } from 'node:buffer';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin, transform } from 'esbuild';
import { deferredModules } from './deferred.ts';
import { deployed, type published } from './options.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What the code imports from a package. Everything that these imports do not need is left out. */
interface Library {
  readonly packageName: string;
  readonly imports: readonly string[];
}

/** The packages that the code imports with `import()` when it first needs them, by the name of their file. */
const libraries: Readonly<Record<string, Library>> = {
  bowser: { packageName: 'bowser', imports: ['parse', 'BROWSER_MAP', 'OS_MAP'] },
  'data-tables': { packageName: '@azure/data-tables', imports: ['TableClient'] },
  'graph-client': { packageName: '@microsoft/microsoft-graph-client', imports: ['Client', 'ResponseType'] },
  identity: { packageName: '@azure/identity', imports: ['ManagedIdentityCredential'] },
  'msal-node': { packageName: '@azure/msal-node', imports: ['ConfidentialClientApplication'] },
};

const FOLDER = 'libraries';
export const libraryFile = (name: string) => `./${FOLDER}/${name}.cjs`;

/** Turns an `import()` of these packages into one of a file beside the bundle, which Node.js reads when the import runs. */
export const librariesApart: Plugin = {
  name: 'libraries-apart',
  setup({ onResolve }) {
    for (const [name, { packageName }] of Object.entries(libraries)) {
      onResolve({ filter: new RegExp(`^${packageName}$`) }, ({ kind }) =>
        kind === 'dynamic-import' ? { path: libraryFile(name), external: true } : undefined,
      );
    }
    onResolve({ filter: new RegExp(`^\\./${FOLDER}/`) }, ({ path }) => ({ path, external: true }));
  },
};

export interface BuiltLibraries {
  /** Relative to the folder of the bundle. */
  readonly files: readonly string[];
  readonly bytes: number;
  readonly metafile: Metafile;
}

/**
 * Writes the libraries into a folder beside the bundle. Code that several of them need is in files that they share. esbuild
 * splits only ES modules, so each file is converted afterwards.
 */
export async function bundleLibraries(
  bundleFolder: string,
  options: typeof deployed | typeof published = deployed,
): Promise<BuiltLibraries> {
  const folder = join(bundleFolder, FOLDER);
  const { outputFiles, metafile } = await build({
    ...options,
    absWorkingDir: root,
    entryPoints: [
      ...Object.keys(libraries).map((name) => ({ in: `library:${name}`, out: name })),
      ...deferredModules.map(({ name, module }) => ({ in: module, out: name })),
    ],
    plugins: [libraryEntries],
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    format: 'esm',
    splitting: true,
    chunkNames: 'shared-[hash]',
    write: false,
  });
  await mkdir(folder, { recursive: true });
  const files: string[] = [];
  let bytes = 0;
  for (const { path, text } of outputFiles) {
    const isCode = path.endsWith('.cjs');
    const written = isCode ? await toCommonJs(text) : text;
    // Replaced atomically, because a worker of an earlier build may be reading it.
    await writeFile(`${path}.new`, written);
    await rename(`${path}.new`, path);
    if (!isCode) continue;
    bytes += Buffer.byteLength(written);
    files.push(`${FOLDER}/${basename(path)}`);
  }
  const built = new Set(outputFiles.map(({ path }) => basename(path)));
  const stale = (await readdir(folder)).filter((name) => !built.has(name));
  await Promise.all(stale.map((name) => rm(join(folder, name), { force: true, recursive: true })));
  return { files, bytes, metafile };
}

/** An entry that exports what the code imports of one library. */
const libraryEntries: Plugin = {
  name: 'library-entries',
  setup({ onLoad, onResolve }) {
    const namespace = 'library';
    onResolve({ filter: /^library:/ }, ({ path }) => ({ path: path.slice(namespace.length + 1), namespace }));
    onLoad({ filter: /.*/, namespace }, ({ path }) => {
      const { packageName = '', imports = [] } = libraries[path] ?? {};
      return { contents: `export { ${imports.join()} } from '${packageName}';`, resolveDir: root };
    });
  },
};

async function toCommonJs(code: string): Promise<string> {
  const { platform, target, supported, lineLimit } = deployed;
  const converted = await transform(code, {
    platform,
    target,
    supported,
    lineLimit,
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
  });
  return converted.code;
}
