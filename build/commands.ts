import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { evaluated } from './evaluated.ts';
import { published } from './options.ts';

/** Builds the commands of the npm package into one ES module. */
export async function bundleCommands(outfile: string): Promise<Metafile> {
  const { platform, legalComments, logLevel, minifySyntax } = published;
  const { metafile } = await build({
    absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
    entryPoints: ['cli/main.ts'],
    outfile,
    bundle: true,
    platform,
    // They also run where only a frontend is built.
    target: 'node20',
    format: 'esm',
    plugins: [evaluated(/[\\/]src[\\/]shared[\\/]config[\\/]shipped-policies\.ts$/)],
    minifySyntax,
    legalComments,
    metafile: true,
    logLevel,
  });
  return metafile;
}
