import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { librariesFolder } from '../../scripts/install-libraries.ts';

const { dependencies } = JSON.parse(
  readFileSync(new URL('manifest/package.json', import.meta.url), 'utf8'),
) as { dependencies: Readonly<Record<string, string>> };

/** Finds the libraries of the manifest where `scripts/install-libraries.ts` has installed them. */
const installed: Plugin = {
  name: 'installed-libraries',
  setup({ onResolve, resolve }) {
    const isLibrary = (path: string) =>
      Object.keys(dependencies).some((name) => path === name || path.startsWith(`${name}/`));
    onResolve({ filter: /^[@\w]/ }, ({ path, kind, pluginData }) =>
      pluginData === installed || !isLibrary(path)
        ? undefined
        : resolve(path, { kind, resolveDir: librariesFolder, pluginData: installed }),
    );
  },
};

/** Bundles a module of the folder `pages` with its library. */
export async function bundlePage(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`pages/${name}`, import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
    // The Graph Toolkit declares that it has no side effects, and imports a component of its own later. esbuild then leaves out
    // what creates this component.
    ignoreAnnotations: true,
    plugins: [installed],
  });
  return outputFiles[0]?.text ?? '';
}
