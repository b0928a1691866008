import { posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

interface DeferredModule {
  /** The name of its file, if it is not part of the bundle. */
  readonly name: string;
  readonly module: string;
  /** The only module whose import of it is deferred. */
  readonly importedBy: string;
  /** What that module imports. All of them are functions. */
  readonly functions: readonly string[];
}

/** The texts of the pages, except the English ones. A page is made synchronously. */
const catalogues = ['french', 'german', 'japanese', 'portuguese', 'spanish'].map((language) => ({
  name: `messages-${language}`,
  module: `src/shared/pages/messages/${language}.ts`,
  importedBy: 'src/shared/pages/catalogues.ts',
  functions: [language],
}));

/**
 * Modules that most workers never use, or not at their start. The first two check the operator's policy files and the guards
 * of own functions. With zod and its schemas, they took a fifth of a cold start (measured). Both are used during the start,
 * which is synchronous, so the source cannot import them with `import()`.
 */
export const deferredModules: readonly DeferredModule[] = [
  {
    name: 'policy-document',
    module: 'src/shared/policy/document.ts',
    importedBy: 'src/shared/policy/parse.ts',
    functions: ['parsePolicyDocument'],
  },
  {
    name: 'guard-schema',
    module: 'src/shared/access/guard-schema.ts',
    importedBy: 'src/shared/access/access.ts',
    functions: ['parseGuard'],
  },
  ...catalogues,
];

/**
 * Runs each of these modules at the first call of one of its functions.
 * @param fileOf returns the file of a module that is not in the bundle
 */
export function deferred(fileOf: (name: string) => string | undefined): Plugin {
  return {
    name: 'deferred',
    setup({ onLoad, onResolve }) {
      const namespace = 'deferred';
      for (const { name, module, importedBy } of deferredModules) {
        const importer = `${root}${importedBy.replaceAll('/', sep)}`;
        onResolve({ filter: new RegExp(`/${posix.basename(module).replace('.', '\\.')}$`) }, (args) =>
          args.importer === importer ? { path: name, namespace } : undefined,
        );
      }
      onLoad({ filter: /.*/, namespace }, ({ path }) => {
        const { module = '', functions = [] } = deferredModules.find(({ name }) => name === path) ?? {};
        const file = JSON.stringify(fileOf(path) ?? `./${module}`);
        const lines = functions.map(
          (name) => `export const ${name} = (...values) => require(${file}).${name}(...values);`,
        );
        return { contents: lines.join('\n'), loader: 'js', resolveDir: root };
      });
    },
  };
}
