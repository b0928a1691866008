import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

interface BundledPackage {
  readonly title: string;
  readonly text: string;
}

/** Licenses that allow their code in a package under the MIT license, with a notice. */
const allowed: ReadonlySet<string> = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Apache-2.0',
]);

/**
 * The licenses of the packages whose code is in these bundles, as their terms require.
 * @throws {Error} if a package has another license
 */
export function licensesOf(metafiles: readonly Metafile[], root: string): string {
  const folders = new Set(
    metafiles.flatMap(({ outputs }) => Object.values(outputs)).flatMap(packageFoldersOf),
  );
  const packages = [...folders].map((folder) => readPackage(join(root, folder)));
  // A package that is installed twice in one version has one entry.
  const texts = new Map(packages.map(({ title, text }) => [title, text]));
  const sections = [...texts]
    .sort()
    .map(([title, text]) => `${'-'.repeat(80)}\n${title}\n\n${text.trim()}\n`);
  return `The files of this package contain code of the following packages.\n\n${sections.join('\n')}`;
}

/** The innermost folders of packages from which code was taken. */
function packageFoldersOf({ inputs }: Metafile['outputs'][string]): readonly string[] {
  return Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => {
    const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [];
    return folder === undefined || bytesInOutput === 0 ? [] : [folder];
  });
}

function readPackage(folder: string): BundledPackage {
  const { name, version, license, author }: Readonly<Record<string, unknown>> = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  const title = `${name} ${version} (${license})`;
  if (!allowed.has(String(license))) throw new Error(`${title}: no license that this package may include`);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(?:\.(?:md|txt))?$/i.test(entry));
  if (file === undefined)
    return { title, text: `By ${nameOf(author)}. The package has no text of its license.` };
  return { title, text: readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n') };
}

/** An author is a text or an object. */
function nameOf(author: unknown): string {
  const isObject = typeof author === 'object' && author !== null && 'name' in author;
  return String((isObject ? author.name : author) ?? 'its authors');
}
