import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The entries of the browser client, by the names of their files in the npm package. */
const clientEntries: Readonly<Record<string, string>> = {
  index: 'client/client.ts',
  graph: 'client/graph.ts',
  react: 'client/react.ts',
};

/** Writes the browser client as ES modules. What several entries need is in files that they share. */
export async function bundleClientModules(folder: string): Promise<void> {
  await build({
    absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
    entryPoints: Object.entries(clientEntries).map(([out, path]) => ({ in: path, out })),
    outdir: folder,
    bundle: true,
    splitting: true,
    chunkNames: 'shared-[hash]',
    format: 'esm',
    // A server of React renders pages with them too.
    platform: 'neutral',
    target: 'es2020',
    external: ['react'],
    // Otherwise each field of a class is emitted twice: declared and set.
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
    legalComments: 'none',
    logLevel: 'silent',
  });
}
