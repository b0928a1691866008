import { relative } from 'node:path';
import { type Module, readModule } from './module.ts';

/** One declaration of the public interface. */
export interface ApiDeclaration {
  readonly name: string;
  /** False for a type that an exported one mentions. */
  readonly isExported: boolean;
  /** Where it is declared, from the root of the repository: `src/index.d.ts`. */
  readonly file: string;
  /** Without comments. */
  readonly text: string;
  /** With comments, without `export`. */
  readonly documentedText: string;
  /** Whether it exists at run time, as classes, functions and constants do. */
  readonly isValue: boolean;
}

export interface EntryApi {
  /** What other packages import: `entra-bff`. */
  readonly name: string;
  /** By name. */
  readonly declarations: readonly ApiDeclaration[];
  /** The names that come from other packages, by package. */
  readonly packages: ReadonlyMap<string, readonly string[]>;
}

/** Where a name leads: to a declaration, to another package, or to a global type such as `Promise`. */
type Target =
  | { readonly kind: 'declared'; readonly file: string; readonly name: string }
  | { readonly kind: 'package'; readonly packageName: string; readonly name: string }
  | { readonly kind: 'global' };

/** Follows the exports of one declaration file, and the types that they mention, through all files of `root`. */
export function collectApi(name: string, entry: string, root: string): EntryApi {
  const modules = new Map<string, Module>();
  const moduleOf = (file: string): Module => {
    const module = modules.get(file) ?? readModule(file);
    modules.set(file, module);
    return module;
  };

  const resolveExport = (file: string, exported: string): Target => {
    const target = moduleOf(file).exports.get(exported);
    if (target === undefined) throw new Error(`${file} does not export ${exported}`);
    return target.kind === 'local'
      ? resolveLocal(file, target.name)
      : resolveImport(target.from, target.name);
  };
  const resolveImport = (from: string, imported: string): Target =>
    from.endsWith('.d.ts')
      ? resolveExport(from, imported)
      : { kind: 'package', packageName: from, name: imported };
  const resolveLocal = (file: string, local: string): Target => {
    const { declarations, imports } = moduleOf(file);
    if (declarations.has(local)) return { kind: 'declared', file, name: local };
    const imported = imports.get(local);
    return imported === undefined ? { kind: 'global' } : resolveImport(imported.from, imported.name);
  };

  const exported = [...moduleOf(entry).exports.keys()].map((exportName) => {
    const target = resolveExport(entry, exportName);
    if (target.kind === 'declared' && target.name === exportName) return target;
    throw new Error(`${entry} exports ${exportName}, which is declared elsewhere or under another name`);
  });
  const exportedKeys = new Set(exported.map(keyOf));
  const found = new Map<string, ApiDeclaration>();
  const packages = new Map<string, Set<string>>();
  const visit = (target: Target): void => {
    if (target.kind === 'package') {
      const names = packages.get(target.packageName) ?? new Set();
      packages.set(target.packageName, names.add(target.name));
    }
    if (target.kind !== 'declared') return;
    const { file, name: declared } = target;
    const key = keyOf(target);
    if (found.has(key)) return;
    const declaration = moduleOf(file).declarations.get(declared);
    if (declaration === undefined) throw new Error(`${file} does not declare ${declared}`);
    const { mentions, imports, ...texts } = declaration;
    const isExported = exportedKeys.has(key);
    found.set(key, { name: declared, isExported, file: relative(root, file), ...texts });
    for (const mention of mentions) visit(resolveLocal(file, mention));
    for (const { from, name: imported } of imports) visit(resolveImport(from, imported));
  };
  for (const target of exported) visit(target);
  return {
    name,
    declarations: [...found.values()].sort(byName),
    packages: new Map([...packages].sort().map(([packageName, names]) => [packageName, [...names].sort()])),
  };
}

const keyOf = (target: Target) => (target.kind === 'declared' ? `${target.file} ${target.name}` : '');

function byName(left: ApiDeclaration, right: ApiDeclaration): number {
  return left.name < right.name ? -1 : left.name > right.name ? 1 : left.file < right.file ? -1 : 1;
}
