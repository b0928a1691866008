import type { ApiDeclaration, EntryApi } from '../api/collect.ts';

/** One entry of the package, and the declaration file that it gets. */
export interface DeclaredEntry {
  readonly api: EntryApi;
  /** Without `.d.ts` or `.d.cts`. */
  readonly file: string;
}

/**
 * The text of one declaration file for each entry, and of one with what several entries declare. Each of them has only what
 * its entry exports, and the types that these exports mention.
 * @param extension of the code that the files describe: `.js` or `.cjs`
 * @throws {Error} if two different declarations have one name
 */
export function rollUpDeclarations(
  entries: readonly DeclaredEntry[],
  extension: '.js' | '.cjs',
): ReadonlyMap<string, string> {
  const uses = new Map<string, { declaration: ApiDeclaration; count: number }>();
  for (const { api } of entries) {
    for (const declaration of api.declarations) {
      const { name, file } = declaration;
      const before = uses.get(name);
      if (before !== undefined && before.declaration.file !== file) {
        throw new Error(`${file} and ${before.declaration.file} both declare ${name}; rename one of them.`);
      }
      uses.set(name, { declaration, count: (before?.count ?? 0) + 1 });
    }
  }
  const isShared = ({ name }: ApiDeclaration) => (uses.get(name)?.count ?? 0) > 1;
  const shared = [...uses.values()].map(({ declaration }) => declaration).filter(isShared);
  const dts = `.d${extension.replace('js', 'ts')}`;
  return new Map([
    ...entries.map(({ api, file }) => [`${file}${dts}`, entryText(api, isShared, extension)] as const),
    ...(shared.length === 0 ? [] : [[`shared${dts}`, `${textsOf(shared, shared)}\n`] as const]),
  ]);
}

function entryText(
  { declarations, packages }: EntryApi,
  isShared: (declaration: ApiDeclaration) => boolean,
  extension: string,
): string {
  const shared = declarations.filter(isShared);
  const own = declarations.filter((declaration) => !isShared(declaration));
  const exportedShared = shared.filter(({ isExported }) => isExported);
  const sharedFile = `./shared${extension}`;
  return `${[
    ...[...packages].map(([name, names]) => `import type { ${names.join(', ')} } from '${name}';`),
    ...importOf(shared, sharedFile),
    textsOf(
      own,
      own.filter(({ isExported }) => isExported),
    ),
    ...(exportedShared.length === 0 ? [] : [`export { ${listOf(exportedShared)} } from '${sharedFile}';`]),
  ].join('\n\n')}\n`;
}

function importOf(declarations: readonly ApiDeclaration[], file: string): readonly string[] {
  if (declarations.length === 0) return [];
  return [`import type { ${declarations.map(({ name }) => name).join(', ')} } from '${file}';`];
}

/** Without the list of exports, everything in a declaration file would count as exported. */
function textsOf(declarations: readonly ApiDeclaration[], exported: readonly ApiDeclaration[]): string {
  const texts = declarations.map(({ documentedText }) => documentedText);
  return [...texts, `export { ${listOf(exported)} };`].join('\n\n');
}

const listOf = (declarations: readonly ApiDeclaration[]) =>
  declarations.map(({ name, isValue }) => (isValue ? name : `type ${name}`)).join(', ');
