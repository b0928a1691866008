import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundlePackage } from '../../build/bundle.ts';
import { bundleClientModules } from '../../build/client-modules.ts';
import { bundleCommands } from '../../build/commands.ts';
import { publicApi } from '../api/public-api.ts';
import { type DeclaredEntry, rollUpDeclarations } from './declarations.ts';
import { licensesOf } from './licenses.ts';
import { packageManifest, type RepositoryManifest } from './manifest.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Writes the npm package into a folder, which is emptied first. */
export async function buildPackage(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const [service, commands] = await Promise.all([
    bundlePackage(folder),
    bundleCommands(join(folder, 'bin/entra-bff.mjs')),
    bundleClientModules(join(folder, 'client')),
    writeDeclarations(folder),
    ...['LICENSE', 'policy/graph.json', 'policy/graph.schema.json'].map((path) =>
      cp(join(root, path), join(folder, path)),
    ),
    cp(join(root, 'scripts/package/README.md'), join(folder, 'README.md')),
  ]);
  const manifest: RepositoryManifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  await Promise.all([
    writeFile(join(folder, 'index.mjs'), moduleEntry(folder)),
    writeFile(join(folder, 'THIRD-PARTY-LICENSES.txt'), licensesOf([...service, commands], root)),
    writeFile(join(folder, 'package.json'), `${JSON.stringify(packageManifest(manifest), undefined, 2)}\n`),
  ]);
}

/**
 * The entry for `import`. It has the same objects as the one for `require`: an app that uses both would otherwise have two
 * lists of callers, and one half of it would refuse the callers of the other.
 */
function moduleEntry(folder: string): string {
  const exports: object = createRequire(import.meta.url)(join(folder, 'index.cjs'));
  return `import bff from './index.cjs';\n\nexport const { ${Object.keys(exports).sort().join(', ')} } = bff;\n`;
}

async function writeDeclarations(folder: string): Promise<void> {
  const [server, ...client] = await publicApi();
  if (server === undefined) throw new Error('the package has no entry');
  const clientEntries = client.map(
    (api): DeclaredEntry => ({ api, file: api.name.split('/')[2] ?? 'index' }),
  );
  await mkdir(join(folder, 'client'), { recursive: true });
  const files = [
    ...rollUpDeclarations([{ api: server, file: 'index' }], '.cjs'),
    ['index.d.mts', "export * from './index.cjs';\n"] as const,
    ...[...rollUpDeclarations(clientEntries, '.js')].map(([name, text]) => [`client/${name}`, text] as const),
  ];
  await Promise.all(files.map(([name, text]) => writeFile(join(folder, name), text)));
}

export interface PackedPackage {
  /** The path of the tarball. */
  readonly tarball: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly unpackedBytes: number;
}

/** Packs the folder of a package as npm publishes it. */
export async function packPackage(folder: string, destination: string): Promise<PackedPackage> {
  const { stdout } = await promisify(execFile)(
    'npm',
    ['pack', folder, '--json', '--ignore-scripts', '--pack-destination', destination],
    { cwd: destination, shell: process.platform === 'win32' },
  );
  const [packed]: readonly {
    filename: string;
    files: PackedPackage['files'];
    unpackedSize: number;
  }[] = JSON.parse(stdout);
  if (packed === undefined) throw new Error('npm has packed nothing');
  const { filename, files, unpackedSize } = packed;
  return { tarball: join(destination, filename), files, unpackedBytes: unpackedSize };
}
