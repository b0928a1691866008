import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';

/**
 * Runs this module while the app is built, and bundles the values that it exports in its place. Its imports are not part of
 * the bundle. The values must be JSON.
 */
export function evaluated(module: RegExp): Plugin {
  return {
    name: 'evaluated',
    setup({ onLoad }) {
      onLoad({ filter: module }, async ({ path }) => {
        const exports = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
        const lines = Object.entries(exports).map(
          // Node.js reads a long text of JSON faster than the same object as code.
          ([name, value]) => `export const ${name} = JSON.parse(${JSON.stringify(JSON.stringify(value))});`,
        );
        return { contents: lines.join('\n'), loader: 'js' };
      });
    },
  };
}
